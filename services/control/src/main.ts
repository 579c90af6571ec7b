/** Entry point of the control service: the API that people and machines see and steer the migration by. */
import { hostService } from '@lakehaul/fleet';
import { startControl } from './start-control.ts';

// Not `await`: the bundle is a CommonJS script (bundle.mjs), which knows no top-level await.
void hostService({
  name: 'control',
  settings: {},
  argv: process.argv.slice(2),
  env: process.env,
  start: (context) => startControl(context),
}).then((code) => process.exit(code));
