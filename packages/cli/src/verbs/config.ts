import { readFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';
import { configReference, configSchemaText, loadMigrationConfig } from '@lakehaul/runtime';
import { printJson } from '../json/common.ts';
import { CONFIG_CHECK_JSON, CONFIG_REFERENCE_JSON, CONFIG_SCHEMA_JSON } from '../json/surroundings.ts';
import { problemsText } from '../print/config-problems.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const config: Verb = {
  name: 'config',
  operands: 'check|reference|schema',
  summary: 'check lakehaul.yaml and print every problem at once',
  example: 'lakehaul config check --config lakehaul.yaml',
  details: [
    'check      all problems with line and column; changes nothing and connects to nothing',
    'reference  every field with its meaning and default',
    'schema     the file as JSON Schema, for editors',
  ],
  flags: COMMON_FLAGS,
  json: [
    {
      command: 'config check',
      says: 'Every mistake of the configuration; none: an empty list.',
      shape: CONFIG_CHECK_JSON,
    },
    { command: 'config reference', says: 'The text of the reference.', shape: CONFIG_REFERENCE_JSON },
    {
      command: 'config schema',
      says: 'The JSON Schema as the text of its file; without --json it is printed as it is.',
      shape: CONFIG_SCHEMA_JSON,
    },
  ],
  async run({ operands, flags, env, terminal }) {
    const [action = 'check'] = operands;
    if (action === 'reference') {
      if (flags['json'] === true) printJson(terminal, CONFIG_REFERENCE_JSON, { reference: configReference() });
      else terminal.out(configReference());
      return EXIT.done;
    }
    if (action === 'schema') {
      const schema = configSchemaText();
      if (flags['json'] === true) printJson(terminal, CONFIG_SCHEMA_JSON, { schema });
      else terminal.out(schema.trimEnd());
      return EXIT.done;
    }
    if (action !== 'check')
      throw new LakehaulError('USAGE', `config ${action} is not known`, { next: 'lakehaul config check' });
    const path = String(flags['config']);
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new LakehaulError('CONFIG_INVALID', `${path} cannot be read`, {
        cause,
        where: path,
        next: 'name it with --config or LAKEHAUL_CONFIG, or copy lakehaul.example.yaml',
      });
    });
    const result = loadMigrationConfig({ path, text, env });
    const problems = 'problems' in result ? result.problems : [];
    if (flags['json'] === true) printJson(terminal, CONFIG_CHECK_JSON, { path, problems });
    else terminal.out(problems.length === 0 ? `${path} is right` : `${path}: ${problemsText(problems)}`);
    return problems.length === 0 ? EXIT.done : EXIT.usage;
  },
};
