/** Every document of `--json` is described beside its nouns in json/; the verbs name theirs. */
export { DEMO_JSON } from './json/status.ts';
