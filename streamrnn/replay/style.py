"""The style sheet of the report: light or dark as the reader's system is."""

STYLE = """
:root {
  color-scheme: light dark; --ground: #ffffff; --card: #f6f7f9; --ink: #1b2330; --soft: #5b6675;
  --rule: #dde2e8; --outcome: #aab3be; --forecast: #0b6fd3; --naive: #c2590a; --good: #12744a;
  --bad: #b3261e;
}
@media (prefers-color-scheme: dark) { :root {
  --ground: #12161c; --card: #1a2029; --ink: #e7ebf0; --soft: #9aa6b5; --rule: #2e3743; --outcome: #66727f;
  --forecast: #5aaeff; --naive: #f2994a; --good: #56c596; --bad: #ff8a80;
} }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; color: var(--soft); }
p.lead { color: var(--ink); font-size: 1.1rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
.pair { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
.moments { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
figure { margin: 0; overflow-x: auto; padding: .75rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: .5rem; }
figure + figure { margin-top: .75rem; }
.moments figure + figure { margin-top: 0; }
figcaption { font-size: .9rem; color: var(--soft); margin-bottom: .25rem; overflow-wrap: anywhere; }
figcaption b { color: var(--ink); }
.chart { display: block; width: 100%; height: auto; }
.chart.wide { min-width: 36rem; }
.legend {
  list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 .5rem; padding: 0;
  font-size: .9rem;
}
path, .legend line { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.outcome { stroke: var(--outcome); stroke-width: 3.2; }
.forecast { stroke: var(--forecast); }
.naive { stroke: var(--naive); }
.grid { stroke: var(--rule); }
.axis { stroke: var(--soft); }
.mark { stroke: var(--bad); stroke-dasharray: 3 3; }
text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.label { font-size: 12px; }
"""
