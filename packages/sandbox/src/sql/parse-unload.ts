/** UNLOAD (AWS Redshift Developer Guide, r_UNLOAD). The inner query is parsed with its own offsets. */
import type { Query, StatementBody, Unload } from './ast.ts';
import { Cursor } from './cursor.ts';
import { tokenize } from './tokens.ts';

function innerQuery(cursor: Cursor): { queryText: string; query: Query } {
  cursor.expectOp('(');
  const at = cursor.at;
  const queryText = cursor.string();
  cursor.expectOp(')');
  const inner = new Cursor(queryText, tokenize(queryText, 'redshift'), cursor.options);
  const query = inner.options.parseQuery(inner);
  inner.acceptOp(';');
  if (inner.peek().kind !== 'end') inner.fail('expected the end of the query');
  if (query.limit !== null) cursor.fail('LIMIT is not allowed in the outer query of UNLOAD', at);
  return { queryText, query };
}

export function parseUnload(cursor: Cursor): StatementBody {
  cursor.expect('UNLOAD');
  const inner = innerQuery(cursor);
  cursor.expect('TO');
  const unload: Unload = {
    kind: 'unload',
    ...inner,
    to: cursor.string(),
    iamRole: null,
    format: 'text',
    partitionBy: [],
    partitionInclude: false,
    manifest: 'none',
    header: false,
    delimiter: null,
    fixedWidth: null,
    encrypted: 'none',
    kmsKeyId: null,
    compression: 'none',
    addQuotes: false,
    nullAs: null,
    escape: false,
    allowOverwrite: false,
    cleanPath: false,
    parallel: true,
    maxFileSizeBytes: null,
    rowGroupSizeBytes: null,
    region: null,
    extension: null,
  };
  const seen = new Set<string>();
  while (cursor.peek().kind === 'word') {
    const { at, text } = cursor.take();
    const option = OPTIONS[text === 'AS' ? 'FORMAT' : text];
    if (option === undefined) cursor.refuse(`the UNLOAD option ${text}`, at);
    if (seen.has(text)) cursor.fail(`${text} is given twice`, at);
    seen.add(text);
    option?.(cursor, unload, text);
  }
  checkOptions(cursor, unload);
  return unload;
}

type Option = (cursor: Cursor, unload: Unload, word: string) => void;

const FORMATS = { PARQUET: 'parquet', CSV: 'csv', JSON: 'json' } as const;

const OPTIONS: Record<string, Option> = {
  IAM_ROLE: (cursor, unload) => {
    unload.iamRole = cursor.accept('DEFAULT') ? 'default' : cursor.string();
  },
  CREDENTIALS: (cursor) => cursor.refuse('CREDENTIALS'),
  FORMAT: (cursor, unload) => {
    cursor.accept('AS');
    const word = cursor.take().text;
    unload.format = FORMATS[word as keyof typeof FORMATS] ?? cursor.refuse(`FORMAT ${word}`);
  },
  PARQUET: (_cursor, unload) => {
    unload.format = 'parquet';
  },
  CSV: (_cursor, unload) => {
    unload.format = 'csv';
  },
  JSON: (_cursor, unload) => {
    unload.format = 'json';
  },
  PARTITION: (cursor, unload) => {
    cursor.expect('BY');
    unload.partitionBy = cursor.nameList();
    unload.partitionInclude = cursor.accept('INCLUDE');
  },
  MANIFEST: (cursor, unload) => {
    unload.manifest = cursor.accept('VERBOSE') ? 'verbose' : 'plain';
  },
  HEADER: (_cursor, unload) => {
    unload.header = true;
  },
  DELIMITER: (cursor, unload) => {
    cursor.accept('AS');
    unload.delimiter = cursor.string();
  },
  FIXEDWIDTH: (cursor, unload) => {
    cursor.accept('AS');
    unload.fixedWidth = cursor.string();
  },
  ENCRYPTED: (cursor, unload) => {
    unload.encrypted = cursor.accept('AUTO') ? 'auto' : 'yes';
  },
  KMS_KEY_ID: (cursor, unload) => {
    unload.kmsKeyId = cursor.string();
  },
  BZIP2: (_cursor, unload) => {
    unload.compression = 'bzip2';
  },
  GZIP: (_cursor, unload) => {
    unload.compression = 'gzip';
  },
  ZSTD: (_cursor, unload) => {
    unload.compression = 'zstd';
  },
  ADDQUOTES: (_cursor, unload) => {
    unload.addQuotes = true;
  },
  NULL: (cursor, unload) => {
    cursor.accept('AS');
    unload.nullAs = cursor.string();
  },
  ESCAPE: (_cursor, unload) => {
    unload.escape = true;
  },
  ALLOWOVERWRITE: (_cursor, unload) => {
    unload.allowOverwrite = true;
  },
  CLEANPATH: (_cursor, unload) => {
    unload.cleanPath = true;
  },
  PARALLEL: (cursor, unload) => {
    const isOff = cursor.accept('OFF') || cursor.accept('FALSE');
    if (!isOff && !cursor.accept('TRUE')) cursor.accept('ON');
    unload.parallel = !isOff;
  },
  MAXFILESIZE: (cursor, unload) => {
    cursor.accept('AS');
    unload.maxFileSizeBytes = size(cursor);
  },
  ROWGROUPSIZE: (cursor, unload) => {
    cursor.accept('AS');
    unload.rowGroupSizeBytes = size(cursor);
  },
  REGION: (cursor, unload) => {
    cursor.accept('AS');
    unload.region = cursor.string();
  },
  EXTENSION: (cursor, unload) => {
    unload.extension = cursor.string();
  },
};

function size(cursor: Cursor): number {
  const token = cursor.take();
  if (token.kind !== 'number') cursor.fail('expected a size', token.at);
  const unit = cursor.accept('GB') ? 1024 ** 3 : 1024 ** 2;
  if (unit === 1024 ** 2) cursor.accept('MB');
  return Math.floor(Number(token.text) * unit);
}

function checkOptions(cursor: Cursor, unload: Unload): void {
  if (unload.allowOverwrite && unload.cleanPath) cursor.fail('CLEANPATH and ALLOWOVERWRITE exclude each other');
  if (unload.format === 'parquet') {
    const clash =
      unload.delimiter ??
      unload.fixedWidth ??
      unload.nullAs ??
      (unload.addQuotes || unload.escape || unload.header || unload.compression !== 'none' ? 'x' : null);
    // DELIMITER, FIXEDWIDTH, ADDQUOTES, ESCAPE, NULL AS, HEADER and compressions do not go with Parquet.
    if (clash !== null) cursor.fail('this option does not go with FORMAT PARQUET');
    if (unload.encrypted === 'yes' && unload.kmsKeyId === null) cursor.fail('ENCRYPTED needs KMS_KEY_ID with PARQUET');
  } else if (unload.rowGroupSizeBytes !== null) cursor.fail('ROWGROUPSIZE goes with FORMAT PARQUET only');
}
