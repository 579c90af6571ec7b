import { describe, expect, it } from 'vitest';
import { hiddenRowsRefusal, unreadablePolicies } from './hidden-rows.ts';

const table = { name: { database: 'dev', schema: 's', table: 't' }, hasRowSecurity: false, hasMasking: false };
const settings = { acknowledge: [] };

describe('hidden rows', () => {
  it('lets a table through when the catalogue says that there is no policy', () => {
    expect(hiddenRowsRefusal(table, settings, [])).toBeNull();
  });

  it('takes an unanswered question for no answer, and says which right is missing', () => {
    const unreadable = unreadablePolicies([
      { kind: 'policy', name: '(row-level security)', detail: 'not readable: whether policies hide rows is unknown' },
      { kind: 'policy', name: 's.t', detail: 'masking p for public' },
      { kind: 'grant', name: '(SVV_RELATION_PRIVILEGES)', detail: 'not readable: they may exist' },
    ]);
    expect(unreadable).toEqual(['row-level security']);
    const refusal = hiddenRowsRefusal(table, settings, unreadable);
    expect(refusal).toMatchObject({ code: 'ROW_SECURITY', where: 's.t', disposition: 'refuse' });
    expect(refusal?.next).toContain('svv_rls_relation');
  });

  it('refuses a policy, and goes on when somebody has acknowledged it', () => {
    const policied = { ...table, hasRowSecurity: true };
    expect(hiddenRowsRefusal(policied, settings, [])?.message).toContain('row-level security');
    expect(hiddenRowsRefusal({ ...table, hasMasking: true }, settings, [])?.message).toContain('masking');
    expect(hiddenRowsRefusal(policied, { acknowledge: ['row-security'] }, [])).toBeNull();
  });
});
