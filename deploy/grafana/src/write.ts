/** `npm run dashboards`: writes deploy/grafana/dashboards anew, and takes out files that no dashboard has any more. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardFiles } from './dashboards.ts';

const directory = join(import.meta.dirname, '../dashboards');
const files = dashboardFiles();
for (const name of readdirSync(directory)) if (!files.has(name)) rmSync(join(directory, name));
for (const [name, text] of files) writeFileSync(join(directory, name), text);
console.log(`${files.size} dashboards written`);
