/**
 * The fields of lakehaul.yaml. Every field says what it means (`lakehaul config reference` prints it); rules that span
 * fields are in migration-rules.ts. Unknown keys are errors everywhere.
 */
import { z } from 'zod';
import { calibration } from './schema/calibration.ts';
import { control } from './schema/control.ts';
import {
  bucket,
  durationMs,
  endpoint,
  form,
  keyPrefix,
  region,
  sizeBytes,
  tablePattern,
  text,
  whole,
} from './schema/fields.ts';
import { forecast } from './schema/forecast.ts';
import { notify } from './schema/notify.ts';
import { prices } from './schema/prices.ts';
import { throttle } from './schema/throttle.ts';
import { tracing } from './schema/tracing.ts';

const level = () => z.enum(['count', 'carried', 'sampled', 'full']);
const LEVEL_DOC =
  'How chunks are proven: count (counts only, never called verified), carried (row hashes travel; one scan), sampled (carried, and a second scan of every sampleEvery-th chunk), full (a second, independent scan of every chunk).';
const SUPER_DOC =
  'What SUPER becomes: string, proven as text; or variant, proven by to_json of the parsed text, a loss to acknowledge (loss:COLUMN): order of keys, white space and number forms are gone. Numbers of more than 38 digits in later rows stop their chunk unless rounding:COLUMN is acknowledged.';
const KEY_DOC = 'Column to cut by; otherwise chosen, and plan says why.';

const source = z
  .strictObject({
    kind: z.enum(['provisioned', 'serverless']).describe('Which Redshift it is.'),
    clusterIdentifier: text().exactOptional().describe('Cluster to ask through the Data API (provisioned).'),
    workgroupName: text().exactOptional().describe('Workgroup to ask through the Data API (serverless).'),
    region: region().describe('Region of the cluster or workgroup.'),
    database: text().describe('Database to haul; a restored snapshot or a datashare is just another one.'),
    dbUser: text()
      .exactOptional()
      .describe(
        'Database user for temporary credentials (provisioned); without it and without secretArn it follows from the IAM identity.',
      ),
    secretArn: form(/^arn:aws[\w-]*:secretsmanager:/, 'the ARN of a Secrets Manager secret')
      .exactOptional()
      .describe('Secret with the database credentials; its name, never its value.'),
    unloadRoleArn: form(/^(default|arn:aws[\w-]*:iam::\d{12}:role\/\S+)$/, 'the ARN of a role, or default').describe(
      'Role by which UNLOAD writes to the staging bucket.',
    ),
    endpoint: endpoint().describe('Another Data API endpoint than the region’s own.'),
  })
  .describe('The Redshift to haul from. Credentials come from the AWS environment.');

const bucketFields = {
  bucket: bucket().describe('Bucket.'),
  prefix: keyPrefix().default('').describe('Prefix of all keys.'),
  region: region().describe('Region of the bucket.'),
  endpoint: endpoint().describe('Another S3 endpoint than the region’s own.'),
};

const staging = z
  .strictObject({
    ...bucketFields,
    kmsKeyId: text().exactOptional().describe('KMS key that UNLOAD encrypts with; the bucket’s default otherwise.'),
    graceHours: z.number().min(0).max(8_760).default(72).describe('How long staged files outlive their proof.'),
  })
  .describe('Where UNLOAD writes and the warehouse reads.');

const ledger = z
  .strictObject({
    ...bucketFields,
    diffDays: z
      .number()
      .min(1)
      .max(3_650)
      .default(30)
      .describe('How long the differing rows of a mismatch stay; the receipt keeps their digest for ever.'),
  })
  .describe(
    'Where the receipts are: the truth about the migration. Nothing in it is ever changed or removed but the rows of diffs.',
  );

const auth = z
  .strictObject({
    kind: z
      .enum(['token', 'oauth-m2m'])
      .describe(
        'token: LAKEHAUL_TARGET_TOKEN. oauth-m2m: clientId and LAKEHAUL_TARGET_CLIENT_SECRET. Each also as *_FILE.',
      ),
    clientId: text().exactOptional().describe('Application id of the service principal (oauth-m2m).'),
  })
  .describe('How to log in. Secrets come from the environment only.');

const target = z
  .strictObject({
    host: form(
      /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
      'a host name, without https:// and without a path',
    ).describe('Host of the workspace.'),
    port: whole(1, 65_535).default(443).describe('Its port.'),
    httpPath: form(/^\/\S+$/, 'a path such as /sql/1.0/warehouses/…').describe('HTTP path of the SQL warehouse.'),
    catalog: text().describe('Catalog that tables are created in, or adopted from.'),
    auth,
    caFile: text().exactOptional().describe('PEM file with an authority to trust beside the system’s.'),
  })
  .describe('The Databricks SQL warehouse to load with.');

const cutLine = z
  .strictObject({
    column: text().describe('Column that the live path is switched by.'),
    before: text().describe('Rows at or after this value come by the live path and are never hauled.'),
  })
  .describe('Rows that the haul leaves to the live path.');

const defaults = z
  .strictObject({
    chunkBytes: sizeBytes().prefault('48GiB').describe('Wanted size of a chunk at the source.'),
    level: level().default('sampled').describe(LEVEL_DOC),
    sampleEvery: whole(1, 1_000_000)
      .default(50)
      .describe('With level sampled: one chunk in so many gets a second scan.'),
    priority: whole(1, 1_000).default(100).describe('Tables of a lower number go first.'),
    super: z.enum(['string', 'variant']).default('string').describe(SUPER_DOC),
  })
  .describe('What holds for every table that no override changes.');

const override = z
  .strictObject({
    match: tablePattern().describe('Tables that this is for. Later overrides win, field by field.'),
    key: text().exactOptional().describe(KEY_DOC),
    cutLine: cutLine.exactOptional(),
    watermark: text()
      .exactOptional()
      .describe(
        'Value of the key, as its type writes it: history before it is planned first, lakehaul plan --top-up adds the rest.',
      ),
    chunkBytes: sizeBytes().exactOptional().describe('Wanted size of a chunk at the source.'),
    level: level().exactOptional().describe(LEVEL_DOC),
    sampleEvery: whole(1, 1_000_000).exactOptional().describe('See defaults.'),
    acknowledge: z
      .array(
        form(
          /^(adopt-target|scan-amplification|row-security|(loss|exclude|rounding):[\s\S]+)$/,
          'one of adopt-target, scan-amplification, row-security, loss:COLUMN, exclude:COLUMN, rounding:COLUMN',
        ),
      )
      .exactOptional()
      .describe(
        'What a person has read and accepts; everything else of the kind is refused. rounding:COLUMN (VARIANT) may follow a plan: lakehaul plan records it.',
      ),
    priority: whole(1, 1_000).exactOptional().describe('Tables of a lower number go first.'),
    target: z
      .strictObject({ schema: text().describe('Schema.'), table: text().describe('Table.') })
      .exactOptional()
      .describe('Another name at the target; same schema and table otherwise.'),
    super: z.enum(['string', 'variant']).exactOptional().describe(SUPER_DOC),
  })
  .describe('Exceptions.');

const tables = z
  .strictObject({
    include: z.array(tablePattern()).min(1).describe('Tables to haul.'),
    exclude: z.array(tablePattern()).default([]).describe('Tables to leave out, although included.'),
    defaults: defaults.prefault({}),
    overrides: z.array(override).default([]),
  })
  .describe('What is hauled, and how.');

const limit = z
  .strictObject({
    pattern: form(
      /^([^:]+|\*)::(\*|unload|load|verify)$|^\*$/,
      'schema.table::step with step unload, load, verify or *',
    ).describe('Tables and step, with * for any run of characters.'),
    max: whole(0, 100_000).describe('Jobs at once, over all that the pattern names; 0 pauses.'),
  })
  .describe('Bounds on what runs at once.');

const statements = z
  .strictObject({
    bytes: whole(10_000, 16_000_000).default(100_000).describe('Longest statement that the Data API takes.'),
    perBatch: whole(8, 40).default(40).describe('Most statements of one batch.'),
    sourceTimeoutMs: durationMs().prefault('6h').describe('STATEMENT_TIMEOUT of an UNLOAD.'),
    targetTimeoutMs: durationMs().prefault('6h').describe('STATEMENT_TIMEOUT of a load or a proof.'),
    startWithinMs: durationMs()
      .prefault('15m')
      .describe(
        'How late a load may begin after its submission, by the warehouse’s own clock; longer than it queues statements.',
      ),
    inFlightMs: durationMs()
      .prefault('2m')
      .describe('How long a statement that was announced but is not known yet may still be on its way.'),
  })
  .describe('Limits of single statements.');

const attempts = z
  .strictObject({
    max: whole(1, 1_000)
      .default(5)
      .describe(
        'Attempts that automatic repair of a chunk may use before it is quarantined. Late rows and a replay begin anew.',
      ),
    failuresPerAttempt: whole(1, 1_000).default(10).describe('Failures that one attempt may have.'),
    systemicChunks: whole(2, 100_000)
      .default(5)
      .describe(
        'So many chunks of one table that go wrong for one cause, among the last systemicWindow, stop the table.',
      ),
    systemicShare: z
      .number()
      .gt(0)
      .max(1)
      .default(0.2)
      .describe('Or this share of them, when they are at least three.'),
    systemicWindow: whole(3, 100_000).default(50).describe('How many chunks that ended lately are looked at.'),
  })
  .describe('When to give up on a chunk and ask a person.');

const drift = z
  .strictObject({
    everyMs: durationMs().prefault('5m').describe('How often the catalogue of the source is compared with the plans.'),
  })
  .describe('Changes of the source’s schema; what is done about each is in docs/schema-drift.md.');
const watch = z
  .strictObject({
    everyMs: durationMs().prefault('1m').describe('Pause between two looks at the source’s history.'),
    lagMs: durationMs()
      .prefault('5m')
      .describe('How long the SYS views may take to tell of a statement: a look ends so long before now.'),
    overlapMs: durationMs()
      .prefault('5m')
      .describe('Each look reads so much of the window before it again, for statements that the views told of late.'),
    clockMarginMs: durationMs()
      .prefault('1m')
      .describe('A commit counts as after a read unless it ended so long before it: the source’s clock may step back.'),
    probeEveryMs: durationMs()
      .prefault('1h')
      .describe(
        'A table that is written all the time is probed no more often than this (lakehaul watch --once: at once).',
      ),
    staleAfterMs: durationMs()
      .prefault('30m')
      .describe('Without a look for longer than this nothing is known about writes, and the evidence does not pass.'),
  })
  .describe('Writes at the source while we haul.');

const services = z
  .strictObject({
    unloadSlots: whole(1, 2_000).default(8).describe('UNLOADs at once (lakehaul run).'),
    loadSlots: whole(1, 2_000).default(8).describe('Loads at once (lakehaul run).'),
    verifySlots: whole(1, 2_000).default(8).describe('Proofs at once (lakehaul run).'),
    lockMs: durationMs()
      .prefault('30s')
      .refine((value) => value >= 1_000, { error: 'must be 1s or more: the lock is renewed at half its time' })
      .describe('How long a silent worker keeps its jobs; a killed one’s are taken over after this and two checks.'),
    stalledCheckMs: durationMs()
      .prefault('5s')
      .refine((value) => value >= 100, { error: 'must be 100ms or more' })
      .describe('Pause between two looks for jobs of silent workers.'),
    windowSize: whole(10, 100_000).default(2_000).describe('Jobs that wait in the queues at most.'),
    diffRows: whole(1, 100_000).default(1_000).describe('Differing rows that a diff names at most.'),
  })
  .describe('How much one process does.');

const audit = z
  .strictObject({
    publicKeyFile: text()
      .exactOptional()
      .describe('Public keys that ledger seals are signed with, in PEM; what lakehaul audit trusts.'),
    anchorFile: text()
      .exactOptional()
      .describe(
        'File, or directory with a file a migration, that each ledger seal leaves a line in. Keep it outside the ledger’s bucket and out of reach of whoever can write there.',
      ),
    sealEveryMs: durationMs()
      .prefault('1h')
      .describe('Pause between two ledger seals; the private key comes by LAKEHAUL_SEAL_KEY_FILE only.'),
  })
  .describe('Ledger seals: what makes the ledger tamper-evident.');

export const MIGRATION_SCHEMA = z.strictObject({
  migration: form(/^[a-z0-9-]{1,40}$/, 'a name of a-z, 0-9 and -, at most 40 long').describe(
    'Name of the migration: in every key, queue and table property.',
  ),
  source,
  staging,
  ledger,
  target,
  queue: z
    .strictObject({
      kind: z
        .enum(['auto', 'redis', 'embedded'])
        .default('auto')
        .describe('auto: LAKEHAUL_REDIS_URL, else a redis-server or valkey-server on the PATH, else embedded.'),
    })
    .prefault({})
    .describe('The store that carries chunk ids.'),
  tables,
  limits: z.array(limit).default([]),
  statements: statements.prefault({}),
  attempts: attempts.prefault({}),
  audit: audit.prefault({}),
  drift: drift.prefault({}),
  watch: watch.prefault({}),
  throttle: throttle.prefault({}),
  calibration: calibration.prefault({}),
  services: services.prefault({}),
  control: control.prefault({}),
  notify: notify.prefault({}),
  forecast: forecast.prefault({}),
  prices: prices.prefault({}),
  tracing: tracing.prefault({}),
});

export type MigrationFile = z.output<typeof MIGRATION_SCHEMA>;
