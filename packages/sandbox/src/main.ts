import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';

/**
 * The local clouds as a process: `main.ts --directory DIR [--s3-port N --redshift-port N --databricks-port N
 * --admin-port N]`. Prints one JSON line {endpoints, credentials} when all parts listen; ends on SIGTERM or SIGINT.
 */
const port = { type: 'string', default: '0' } as const;
const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '.lakehaul/sandbox' },
    'memory-limit': { type: 'string' },
    's3-port': port,
    'redshift-port': port,
    'databricks-port': port,
    'admin-port': port,
  },
});

const sandbox = await startSandbox({
  directory: values.directory,
  ports: {
    s3: Number(values['s3-port']),
    redshift: Number(values['redshift-port']),
    databricks: Number(values['databricks-port']),
    admin: Number(values['admin-port']),
  },
  ...(values['memory-limit'] === undefined ? {} : { memoryLimit: values['memory-limit'] }),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    sandbox.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
process.stdout.write(`${JSON.stringify({ endpoints: sandbox.endpoints, credentials: sandbox.credentials })}\n`);
