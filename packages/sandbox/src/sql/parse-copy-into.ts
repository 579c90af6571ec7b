/** COPY INTO (docs.databricks.com, delta-copy-into). */
import type { CopyInto, StatementBody } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseProperties } from './parse-ddl.ts';
import { parseExpression } from './parse-expression.ts';
import { parseSelectItems } from './parse-query.ts';

export function parseCopyInto(cursor: Cursor): StatementBody {
  cursor.expect('COPY', 'INTO');
  const table = cursor.qualifiedName();
  if (cursor.isWord('BY')) cursor.refuse('BY POSITION');
  const columns = cursor.isOp('(') ? cursor.nameList() : null;
  cursor.expect('FROM');
  const { source, select } = parseFrom(cursor);
  cursor.expect('FILEFORMAT');
  cursor.expectOp('=');
  const copy: CopyInto = {
    kind: 'copy-into',
    table,
    columns,
    select,
    source,
    fileFormat: cursor.name().toLowerCase(),
    files: null,
    pattern: null,
    formatOptions: {},
    copyOptions: {},
  };
  if (cursor.isWord('VALIDATE')) cursor.refuse('VALIDATE');
  if (cursor.accept('FILES')) {
    cursor.expectOp('=');
    copy.files = stringList(cursor);
    if (copy.files.length > 1000) cursor.fail('FILES takes at most 1000 names');
  } else if (cursor.accept('PATTERN')) {
    cursor.expectOp('=');
    copy.pattern = cursor.string();
  }
  if (cursor.accept('FORMAT_OPTIONS')) copy.formatOptions = lowerKeys(parseProperties(cursor));
  if (cursor.accept('COPY_OPTIONS')) copy.copyOptions = lowerKeys(parseProperties(cursor));
  return copy;
}

function lowerKeys(properties: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key.toLowerCase(), value]));
}

function stringList(cursor: Cursor): string[] {
  cursor.expectOp('(');
  const values = cursor.list(() => cursor.string());
  cursor.expectOp(')');
  return values;
}

function parseFrom(cursor: Cursor): Pick<CopyInto, 'source' | 'select'> {
  if (!cursor.acceptOp('(')) return { source: parseLocation(cursor), select: null };
  cursor.expect('SELECT');
  const items = parseSelectItems(cursor);
  cursor.expect('FROM');
  const source = parseLocation(cursor);
  const sourceAlias = cursor.alias();
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  if (cursor.isWord('GROUP')) cursor.refuse('GROUP BY in COPY INTO');
  cursor.expectOp(')');
  return { source, select: { items, where, sourceAlias } };
}

function parseLocation(cursor: Cursor): string {
  const location = cursor.string();
  if (cursor.isWord('WITH')) cursor.refuse('credentials in COPY INTO');
  return location;
}
