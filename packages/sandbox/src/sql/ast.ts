/**
 * The one syntax tree of both dialects. Names are already folded as their dialect folds them (Redshift: to lower case;
 * Databricks: as written, compared without regard to case). `at` is an offset into the text given to the parser.
 */
import type { SqlType } from './sql-type.ts';

export type Dialect = 'redshift' | 'databricks';

// ---------------------------------------------------------------- expressions

export type Literal =
  | { type: 'null' }
  | { type: 'boolean'; value: boolean }
  /** Digits as written, without sign: never a JS number. */
  | { type: 'integer' | 'decimal' | 'float'; text: string }
  | { type: 'string'; value: string }
  /** DATE '…', TIMESTAMP '…' and so on: a typed literal. */
  | { type: 'typed'; sqlType: SqlType; value: string }
  | { type: 'bytes'; hex: string };

export type CompareOp = '=' | '<>' | '<' | '<=' | '>' | '>=' | '<=>';
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%';

export interface SortKey {
  expression: Expression;
  descending: boolean;
  nulls: 'first' | 'last' | null;
}

export interface WindowFrame {
  unit: 'rows' | 'range';
  start: FrameBound;
  end: FrameBound;
}

export type FrameBound =
  | { kind: 'unbounded preceding' | 'current row' | 'unbounded following' }
  | { kind: 'preceding' | 'following'; count: Expression };

export interface WindowSpec {
  partitionBy: Expression[];
  orderBy: SortKey[];
  frame: WindowFrame | null;
}

export interface Call {
  kind: 'call';
  at: number;
  /** Lower case. */
  name: string;
  args: Expression[];
  /** Arguments written `name => value`, names in lower case. */
  named: { name: string; value: Expression }[];
  distinct: boolean;
  /** count(*) */
  star: boolean;
  /** WITHIN GROUP (ORDER BY …) */
  withinGroup: SortKey[] | null;
  filter: Expression | null;
  over: WindowSpec | null;
  nulls: 'ignore' | 'respect' | null;
}

export type Expression =
  | { kind: 'literal'; at: number; value: Literal }
  | { kind: 'column'; at: number; parts: string[] }
  | { kind: 'parameter'; at: number; name: string }
  | { kind: 'negate'; at: number; operand: Expression }
  | { kind: 'plus'; at: number; operand: Expression }
  | { kind: 'not'; at: number; operand: Expression }
  /** A chain `a - b + c` is kept flat, so that long ones need no deep recursion: evaluated from the left. */
  | { kind: 'arithmetic'; at: number; first: Expression; rest: { op: ArithmeticOp; operand: Expression; at: number }[] }
  | { kind: 'and'; at: number; operands: Expression[] }
  | { kind: 'or'; at: number; operands: Expression[] }
  | { kind: 'concat'; at: number; operands: Expression[] }
  | { kind: 'compare'; at: number; op: CompareOp; left: Expression; right: Expression }
  | { kind: 'is-null'; at: number; operand: Expression; negated: boolean }
  | { kind: 'is-boolean'; at: number; operand: Expression; value: boolean; negated: boolean }
  | { kind: 'is-distinct'; at: number; left: Expression; right: Expression; negated: boolean }
  | { kind: 'between'; at: number; operand: Expression; low: Expression; high: Expression; negated: boolean }
  | { kind: 'in-list'; at: number; operand: Expression; items: Expression[]; negated: boolean }
  | { kind: 'in-query'; at: number; operand: Expression; query: Query; negated: boolean }
  | {
      kind: 'like';
      at: number;
      operand: Expression;
      pattern: Expression;
      escape: Expression | null;
      caseInsensitive: boolean;
      negated: boolean;
    }
  | { kind: 'exists'; at: number; query: Query }
  | { kind: 'scalar-query'; at: number; query: Query }
  /** `isBareVarchar`: written VARCHAR without a length (Redshift: 256). */
  | { kind: 'cast'; at: number; operand: Expression; type: SqlType; isTry: boolean; isBareVarchar: boolean }
  | {
      kind: 'case';
      at: number;
      operand: Expression | null;
      branches: { when: Expression; result: Expression }[];
      otherwise: Expression | null;
    }
  | { kind: 'extract'; at: number; field: string; operand: Expression }
  | { kind: 'interval'; at: number; months: bigint; micros: bigint; type: SqlType }
  | { kind: 'at-time-zone'; at: number; operand: Expression; zone: Expression }
  | { kind: 'field'; at: number; operand: Expression; name: string }
  | { kind: 'index'; at: number; operand: Expression; index: Expression }
  | { kind: 'array'; at: number; items: Expression[] }
  | Call;

// ---------------------------------------------------------------- queries

export type TimeTravel = { kind: 'version'; version: bigint } | { kind: 'timestamp'; expression: Expression };

/** What the catalog resolves: a table by name, or files. */
export type Source =
  | { kind: 'table'; at: number; name: string[]; timeTravel: TimeTravel | null }
  /** parquet.`s3://…` */
  | { kind: 'files'; at: number; format: string; path: string }
  /** read_files('s3://…', option => 'value'): option names in lower case, values as text. */
  | { kind: 'read-files'; at: number; path: string; options: Record<string, string> };

export type FromItem =
  | { kind: 'source'; at: number; source: Source; alias: string | null; columnAliases: string[] | null }
  | { kind: 'derived'; at: number; query: Query; alias: string | null; columnAliases: string[] | null }
  | {
      kind: 'join';
      at: number;
      type: 'inner' | 'left' | 'right' | 'full' | 'cross' | 'semi' | 'anti';
      left: FromItem;
      right: FromItem;
      on: Expression | null;
      using: string[] | null;
    };

export type SelectItem =
  | { kind: 'star'; at: number; qualifier: string[] | null; except: string[] }
  | { kind: 'expression'; at: number; expression: Expression; alias: string | null };

export interface Select {
  kind: 'select';
  at: number;
  distinct: boolean;
  items: SelectItem[];
  /** Comma-separated items are a cross join. */
  from: FromItem[];
  where: Expression | null;
  groupBy: Expression[];
  having: Expression | null;
  qualify: Expression | null;
}

export type QueryBody =
  | Select
  | { kind: 'values'; at: number; rows: Expression[][] }
  | {
      kind: 'set-operation';
      at: number;
      op: 'union' | 'except' | 'intersect';
      all: boolean;
      left: QueryBody;
      right: QueryBody;
    }
  /** A parenthesised query that has its own ORDER BY, LIMIT or WITH. */
  | { kind: 'nested'; at: number; query: Query };

export interface CommonTable {
  name: string;
  columnAliases: string[] | null;
  query: Query;
}

export interface Query {
  kind: 'query';
  at: number;
  with: CommonTable[];
  body: QueryBody;
  orderBy: SortKey[];
  /** LIMIT n, or Redshift's TOP n. */
  limit: Expression | null;
  offset: Expression | null;
}

// ---------------------------------------------------------------- statements

export interface ColumnDefinition {
  name: string;
  type: SqlType;
  nullable: boolean;
  comment: string | null;
  default: Expression | null;
  /** Redshift column attributes, upper case keys: ENCODE, DISTKEY, SORTKEY, IDENTITY … */
  attributes: Record<string, string>;
}

export interface CreateTable {
  kind: 'create-table';
  name: string[];
  ifNotExists: boolean;
  orReplace: boolean;
  temporary: boolean;
  columns: ColumnDefinition[];
  /** CREATE TABLE … AS */
  query: Query | null;
  comment: string | null;
  /** Databricks. */
  using: string | null;
  clusterBy: string[];
  partitionedBy: string[];
  properties: Record<string, string>;
  location: string | null;
  /** Redshift. */
  distStyle: string | null;
  distKey: string | null;
  sortKey: { style: 'compound' | 'interleaved' | 'auto'; columns: string[] } | null;
  primaryKey: string[];
}

export type AlterAction =
  | {
      kind: 'add-columns';
      columns: (ColumnDefinition & { position: { kind: 'first' } | { kind: 'after'; column: string } | null })[];
      ifNotExists: boolean;
    }
  | { kind: 'rename-column'; from: string; to: string }
  | { kind: 'drop-columns'; columns: string[]; ifExists: boolean }
  | { kind: 'rename-table'; to: string[] }
  | { kind: 'set-properties'; properties: Record<string, string> }
  | { kind: 'unset-properties'; keys: string[]; ifExists: boolean }
  | { kind: 'column-comment'; column: string; comment: string | null }
  | { kind: 'column-nullable'; column: string; nullable: boolean }
  | { kind: 'column-type'; column: string; type: SqlType }
  | { kind: 'column-position'; column: string; position: { kind: 'first' } | { kind: 'after'; column: string } }
  | { kind: 'cluster-by'; columns: string[] }
  | { kind: 'set-owner'; owner: string };

export interface Insert {
  kind: 'insert';
  table: string[];
  /** null: all columns in order. */
  columns: string[] | null;
  /** Databricks INSERT … BY NAME. */
  byName: boolean;
  mode: 'append' | 'overwrite' | 'replace-where';
  replaceWhere: Expression | null;
  query: Query;
}

export interface Unload {
  kind: 'unload';
  /** Text of the inner query with doubled quotes undone. */
  queryText: string;
  query: Query;
  to: string;
  /** 'default' or the ARN list as written. */
  iamRole: string | null;
  format: 'text' | 'csv' | 'parquet' | 'json';
  partitionBy: string[];
  partitionInclude: boolean;
  manifest: 'none' | 'plain' | 'verbose';
  header: boolean;
  delimiter: string | null;
  fixedWidth: string | null;
  encrypted: 'none' | 'yes' | 'auto';
  kmsKeyId: string | null;
  compression: 'none' | 'bzip2' | 'gzip' | 'zstd';
  addQuotes: boolean;
  nullAs: string | null;
  escape: boolean;
  allowOverwrite: boolean;
  cleanPath: boolean;
  parallel: boolean;
  maxFileSizeBytes: number | null;
  rowGroupSizeBytes: number | null;
  region: string | null;
  extension: string | null;
}

export interface CopyInto {
  kind: 'copy-into';
  table: string[];
  columns: string[] | null;
  /** The SELECT over the source; null when the source is named directly. */
  select: { items: SelectItem[]; where: Expression | null; sourceAlias: string | null } | null;
  source: string;
  fileFormat: string;
  files: string[] | null;
  pattern: string | null;
  /** Keys in lower case. */
  formatOptions: Record<string, string>;
  copyOptions: Record<string, string>;
}

export type StatementBody =
  | Query
  | Insert
  | {
      kind: 'update';
      table: string[];
      alias: string | null;
      set: { column: string; value: Expression }[];
      where: Expression | null;
    }
  | { kind: 'delete'; table: string[]; alias: string | null; where: Expression | null }
  | CreateTable
  | { kind: 'create-schema'; name: string[]; ifNotExists: boolean; comment: string | null }
  | {
      kind: 'create-view';
      name: string[];
      orReplace: boolean;
      ifNotExists: boolean;
      temporary: boolean;
      columns: string[] | null;
      queryText: string;
      query: Query;
    }
  | { kind: 'drop'; object: 'table' | 'view' | 'schema'; names: string[][]; ifExists: boolean; cascade: boolean }
  | { kind: 'alter-table'; table: string[]; actions: AlterAction[] }
  | { kind: 'comment-on'; object: 'table' | 'column' | 'schema'; name: string[]; comment: string | null }
  | { kind: 'truncate'; table: string[] }
  | { kind: 'begin'; readOnly: boolean }
  | { kind: 'commit' | 'rollback' }
  | { kind: 'explain'; mode: 'plain' | 'extended' | 'formatted' | 'verbose'; statement: Statement }
  /** Redshift SET x TO v / RESET x; Databricks SET k = v, SET TIME ZONE v (key `timezone`). value null: to default. */
  | { kind: 'set'; key: string; value: string | null; isLocal: boolean }
  /** Databricks `SET` or `SET key`: asks for values. */
  | { kind: 'show-setting'; key: string | null }
  | Unload
  | CopyInto
  | { kind: 'describe'; what: 'table' | 'extended' | 'detail' | 'history'; table: string[]; limit: Expression | null }
  | { kind: 'describe-schema'; name: string[]; extended: boolean }
  | { kind: 'show-properties'; table: string[]; key: string | null }
  | { kind: 'show-tables' | 'show-schemas' | 'show-views'; in: string[] | null; like: string | null }
  | { kind: 'show-columns'; table: string[] }
  | { kind: 'show-catalogs' }
  | { kind: 'show-create-table'; table: string[] }
  | { kind: 'use'; object: 'catalog' | 'schema'; name: string[] }
  | { kind: 'optimize'; table: string[]; where: Expression | null; full: boolean }
  | { kind: 'vacuum'; table: string[] | null; options: string };

export interface Statement {
  body: StatementBody;
  /** The statement as given, its leading comments kept, without the closing semicolon. */
  raw: string;
  /** Where `raw` starts in the whole text. */
  at: number;
}

/** One bucket of what a WHERE says about a column: `column op constant`, joined by AND with the rest. */
export interface Conjunct {
  /** As written: the last part is the column's name. */
  column: string[];
  op: '=' | '<' | '<=' | '>' | '>=' | 'in' | 'is-null' | 'is-not-null';
  /** One for a comparison, several for IN, none for IS [NOT] NULL. */
  values: Literal[];
}
