import { describe, expect, it } from 'vitest';
import { readHistory } from './history.ts';

const TABLE = { catalog: 'main', schema: 's', table: 't' };

/** A table that gets so many commits before each statement; its log begins at `from`. */
function growing(state: { newest: number; from: number; perStatement: number }) {
  return {
    async read(sql: string) {
      state.newest += state.perStatement;
      const limit = Number(/LIMIT (\d+)$/.exec(sql)?.[1]);
      const versions = Array.from({ length: state.newest - state.from + 1 }, (_, index) => state.newest - index);
      const rows = versions.slice(0, limit).map((version) => ({ version: String(version), operation: 'WRITE' }));
      return { statementId: 'x', rows };
    },
  };
}

const versions = async (state: Parameters<typeof growing>[0], since: string) =>
  (await readHistory(growing(state), TABLE, since)).map((commit) => Number(commit.version));

describe('commits since a version', () => {
  it('are all told although live rows are committed between the statements', async () => {
    const told = await versions({ newest: 60, from: 0, perStatement: 7 }, '33');
    expect(told[0]).toBe(34);
    expect(told).toEqual(Array.from({ length: told.length }, (_, index) => 34 + index));
    expect(told.at(-1)).toBe(74);
  });

  it('are asked for again when more came than anybody expects', async () => {
    const told = await versions({ newest: 100, from: 0, perStatement: 40 }, '90');
    expect(told[0]).toBe(91);
    expect(told).toHaveLength((told.at(-1) ?? 0) - 90);
  });

  it('end where the log ends: what it no longer keeps is a gap for the seal, not an endless loop', async () => {
    expect((await versions({ newest: 60, from: 50, perStatement: 1 }, '33'))[0]).toBe(50);
  });

  it('are none when nothing was committed since', async () => {
    expect(await versions({ newest: 5, from: 0, perStatement: 0 }, '5')).toEqual([]);
  });
});
