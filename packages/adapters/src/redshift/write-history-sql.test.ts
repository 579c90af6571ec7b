import { expect, it } from 'vitest';
import { stepLessSql, writesSql } from './write-history-sql.ts';

const window = { from: '2026-01-01 00:00:00.000000', to: '2026-01-01 00:05:00.000000' };

it('a statement falls in the window in which it ended, however long before that it began', () => {
  for (const sql of [writesSql(window, ['7']), stepLessSql(window)]) {
    const where = sql.slice(sql.indexOf(' WHERE '), sql.includes(' GROUP BY ') ? sql.indexOf(' GROUP BY ') : undefined);
    expect(where).toContain(`h.end_time >= '${window.from}'::timestamp AND h.end_time < '${window.to}'::timestamp`);
    expect(where).not.toContain('start_time');
  }
});
