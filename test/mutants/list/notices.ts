/** Bugs of the notices: somebody is not told, or told again and again. */
import { type Mutant, mutant } from '../mutant.ts';

const NEXT = 'packages/operate/src/notify/next-notice.test.ts';
const NOTIFY = 'services/control/src/notify.test.ts';
const NOTIFIER = 'services/control/src/notifier.test.ts';
const MESSAGE = 'packages/operate/src/notify/message.test.ts';
const SCAN = 'packages/ledger/src/scan.test.ts';

export const NOTICES: readonly Mutant[] = [
  mutant('notices: a claim of somebody else is not looked at', {
    harm: 'two control processes send everything twice',
    file: 'packages/ledger/src/notice-log.ts',
    from: 'if (!isMine && ageMs < CLAIM_MS + 1_000) return false;',
    to: '',
    tests: [NOTIFIER],
  }),
  mutant('notices: a claim never grows old', {
    harm: 'what a crashed process was about to send is never sent',
    file: 'packages/ledger/src/notice-log.ts',
    from: 'if (!isMine && ageMs < CLAIM_MS + 1_000) return false;',
    to: 'if (!isMine) return false;',
    tests: [NOTIFIER],
  }),
  mutant('notices: the end is recorded before the message is sent', {
    harm: 'a crash in between loses the notice',
    file: 'packages/operate/src/notify/notifier.ts',
    from: "    let outcome: NoticeOutcome = 'sent';\n    try {",
    to: "    let outcome: NoticeOutcome = 'sent';\n    await notices.end(receiver.name, number, outcome);\n    try {",
    tests: [NOTIFIER],
  }),
  mutant('notices: a receiver that joined before the first notice is taken for a new one', {
    harm: 'what was noted while it was away is left out after a restart',
    file: 'packages/ledger/src/notice-log.ts',
    from: 'return (await this.isEnded(receiver, 0)) ? 0 : null;',
    to: 'return null;',
    tests: [NOTIFIER],
  }),
  mutant('notices: a receiver that is away ends the pass', {
    harm: 'one webhook that is down keeps everybody from being told',
    file: 'packages/operate/src/notify/notifier.ts',
    from: "        log.warn('notice not sent', { ...fields, failures: progress.failures });",
    to: "        log.warn('notice not sent', { ...fields, failures: progress.failures });\n        throw error;",
    tests: [NOTIFIER],
  }),
  mutant('notices: redirects are followed', {
    harm: 'a message goes to whoever a receiver points at',
    file: 'packages/operate/src/notify/send-notice.ts',
    from: "redirect: 'error',",
    to: "redirect: 'follow',",
    tests: [NOTIFIER],
  }),
  mutant('notices: an end has an incident of its own', {
    harm: 'the pager rings on after the table was resumed',
    file: 'packages/operate/src/notify/message.ts',
    from: 'dedup_key: incident',
    to: 'dedup_key: id',
    tests: [MESSAGE],
  }),
  mutant('notices: a table’s name is markup', {
    harm: 'a table named <!channel> calls everybody',
    file: 'packages/operate/src/notify/message.ts',
    from: ".replaceAll('<', '&lt;')",
    to: '',
    tests: [MESSAGE],
  }),
  mutant('notices: what was told of mismatches is forgotten with their listing', {
    harm: 'an old mismatch is told again whenever another process looks',
    file: 'packages/operate/src/notify/next-notice.ts',
    from: 'const now = { ...told, verdict: facts.verdict, past:',
    to: 'const now = { ...told, verdict: facts.verdict, mismatches: told.mismatches.filter(({ plan }) => facts.mismatches.some((each) => each.plan === plan)), past:',
    tests: [NEXT],
  }),
  mutant('notices: what is over was nothing', {
    harm: 'a table was stopped for an hour while control was down, and nobody hears of it',
    file: 'packages/operate/src/notify/next-notice.ts',
    from: 'over(now, missed, number) ??',
    to: '',
    tests: [NEXT, NOTIFY],
  }),
  mutant('notices: what was told while it lasted is told again when it is over', {
    harm: 'everything is told twice, and people stop reading',
    file: 'packages/operate/src/notify/next-notice.ts',
    from: 'keys: RECORDED.has(kind) ? [...now.past.keys, ...keys] : now.past.keys,',
    to: 'keys: now.past.keys,',
    tests: [NEXT],
  }),
  mutant('notices: a new control process knows no past', {
    harm: 'what began and ended between two control processes is lost',
    file: 'services/control/src/notify.ts',
    from: '.told.past?.sinceMs ?? nowMs',
    to: '.told.past?.throttleMs === undefined ? nowMs : nowMs',
    tests: [NOTIFY],
  }),
  mutant('scan: a mismatch is forgotten with its attempt', {
    harm: 'two engines disagreed about rows, and nobody hears of it',
    file: 'packages/ledger/src/shard-list.ts',
    from: "if (key.stage === 'mismatched') table.noteMismatch(key.chunk, key.attempt);",
    to: '',
    tests: [SCAN],
  }),
];
