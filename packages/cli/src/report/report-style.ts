/** Calm and dense, dark and light by the system, readable in grey and on paper. No font, script or picture from anywhere. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1d2327; --soft: #5b666e; --line: #d9dee2; --ground: #fff; --panel: #f5f7f8; --good: #00694f; --bad: #a8321b; --wait: #7a5600; --accent: #0b5c94; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaed; --soft: #9ba7af; --line: #333c43; --ground: #14181b; --panel: #1c2226; --good: #5fd0ab; --bad: #ff9a85; --wait: #e9c468; --accent: #7fc1f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 8px; }
h3 { font-size: 14px; margin: 16px 0 4px; }
p, ul, ol { margin: 4px 0 8px; max-width: 76ch; }
ul, ol { padding-left: 20px; }
.soft { color: var(--soft); }
.verdict { border: 1px solid var(--line); border-left: 8px solid var(--wait); background: var(--panel); padding: 12px 16px; margin: 16px 0; }
.verdict.good { border-left-color: var(--good); } .verdict.bad { border-left-color: var(--bad); }
.verdict b { font-size: 18px; }
.good b, td.good { color: var(--good); } .bad b, td.bad { color: var(--bad); } td.wait { color: var(--wait); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); margin: 16px 0; }
.numbers div { background: var(--ground); padding: 8px 12px; } .numbers dt, .numbers dd { margin: 0; }
.numbers dt { color: var(--soft); font-size: 12px; } .numbers dd { font-size: 18px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 8px 0; border: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px; border-bottom: 1px solid var(--line); min-width: 64px; }
td.t { white-space: nowrap; }
th { font-weight: 600; font-size: 12px; color: var(--soft); background: var(--panel); white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.long { min-width: 200px; overflow-wrap: anywhere; }
code, pre { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); padding: 8px 12px; white-space: pre-wrap; }
details { border: 1px solid var(--line); margin: 8px 0; } details > div { padding: 0 16px 12px; }
summary { cursor: pointer; padding: 8px 16px; background: var(--panel); overflow-wrap: anywhere; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
dl.facts { display: grid; grid-template-columns: minmax(120px, 220px) 1fr; gap: 4px 16px; margin: 8px 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 16px 12px 48px; } dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: 8px; } th, td { padding: 4px 8px; min-width: 0; } td.long { min-width: 132px; } }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --ground: #fff; --panel: #fff; --good: #000; --bad: #000; --wait: #000; } main { max-width: none; padding: 0; } .scroll { overflow: visible; } details { break-inside: avoid; } tr { break-inside: avoid; } h2 { break-after: avoid; } @page { margin: 16mm; } }
`;
