"""The look of a report's page: readable on a phone, light and dark."""

STYLE = """
:root { color-scheme: light dark; --page: #fbfbf9; --card: #ffffff; --ink: #22252a;
  --soft: #6a707a; --line: #dfe1e4; --mark: #8a8f98;
  --c0: #2366b8; --c1: #c4570c; --c2: #2b8a4b; --c3: #7a4bbd;
  --c4: #c02f4f; --c5: #0f8a94; --c6: #8a6414; --c7: #9aa3ae; }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --card: #1e2125; --ink: #e6e7e9;
  --soft: #9ba1aa; --line: #33373d; --mark: #7d838c;
  --c0: #6aaeff; --c1: #ff9d57; --c2: #63cf8a; --c3: #bd97ff;
  --c4: #ff7f98; --c5: #4fd0db; --c6: #dcb457; --c7: #626a75; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 20px 16px 60px; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 8px 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 40px 0 4px; }
h3 { font-size: 1rem; margin: 22px 0 6px; }
p { margin: 4px 0 14px; color: var(--soft); max-width: 75ch; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 10px 0 20px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(155px, 1fr)); gap: 12px; }
.card, figure, .table { background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; }
.card { padding: 12px 16px; }
.card b { display: block; font-size: 1.75rem; line-height: 1.2; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .85rem; }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr));
  gap: 16px; }
.grid3 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  gap: 16px; }
figure { margin: 0; padding: 12px 14px; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 6px; }
figcaption small, .under { display: block; color: var(--soft); font-weight: 400;
  font-size: .85rem; overflow-wrap: anywhere; }
.under b { color: var(--ink); font-weight: 600; }
.key { display: inline-block; margin-right: 14px; font-weight: 400; font-size: .88rem; }
.key::before { content: ""; display: inline-block; width: 14px; height: 4px; margin-right: 6px;
  vertical-align: middle; border-radius: 2px; background: currentColor; }
.key.pale::before { opacity: .45; }
.key i { color: var(--ink); font-style: normal; overflow-wrap: anywhere; }
figure > svg { display: block; width: 100%; height: auto; }
figure.chart text { font-size: 13px; fill: var(--soft); }
.grid { stroke: var(--line); fill: none; }
.axis { stroke: var(--mark); fill: none; }
.mark { stroke: var(--mark); stroke-dasharray: 4 4; fill: none; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.c6 { color: var(--c6); } .c7 { color: var(--c7); }
.points path, .line path, g.pale path { fill: none; stroke: currentColor; stroke-width: 1.8;
  stroke-linejoin: round; }
g.pale path { opacity: .45; stroke-width: 1.4; }
.points circle { fill: currentColor; }
.bars rect { fill: currentColor; opacity: .5; }
.table { overflow-x: auto; margin: 0 0 16px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .92rem; }
th, td { padding: 6px 12px; text-align: right; white-space: nowrap;
  border-top: 1px solid var(--line); }
tr:first-child th { border-top: 0; color: var(--soft); font-weight: 500; }
th:first-child { text-align: left; font-weight: 500; }
td small { color: var(--soft); }
footer { margin-top: 40px; color: var(--soft); font-size: .85rem; }
"""
