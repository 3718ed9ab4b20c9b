/** Style of the API's page. System fonts, dark and light by the reader's choice; no other host is asked for anything. */
export const DOCS_STYLE = `
:root {
  color-scheme: dark light;
  --bg: #0f1218; --panel: #171c25; --line: #29313f; --text: #e8ecf3; --soft: #9aa6b8; --accent: #8ab4ff;
  --get: #4cc38a; --post: #8ab4ff; --code: #10141b; --bad: #ff9d8a; --radius: 10px;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: light) {
  :root { --bg: #f6f7fa; --panel: #fff; --line: #dde2ea; --text: #1a2130; --soft: #566176; --accent: #1f55c0;
    --get: #0d7a4a; --post: #1f55c0; --code: #f1f3f7; --bad: #b3341b; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 24px; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.layout { display: grid; grid-template-columns: 290px minmax(0, 1fr); max-width: 1240px; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 32px 20px 32px 24px; }
nav .brand { display: block; font-weight: 650; font-size: 17px; color: var(--text); margin-bottom: 20px; }
nav h2 { font-size: 12px; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); margin: 22px 0 6px; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: 4px 10px; border-radius: 6px; color: var(--text); font-size: 14px; }
nav li a:hover { background: var(--panel); text-decoration: none; }
main { padding: 36px 32px 96px; border-left: 1px solid var(--line); min-height: 100vh; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 10px; letter-spacing: -.01em; }
main > p, .lead { max-width: 70ch; color: var(--soft); }
h2.tag { font-size: 21px; margin: 48px 0 2px; }
article { background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); padding: 20px 22px; margin: 18px 0; }
article > h3 { margin: 0 0 2px; font-size: 17px; }
article > p { margin: 8px 0 0; color: var(--soft); max-width: 75ch; }
.route { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; font-family: var(--mono); font-size: 13.5px; overflow-wrap: anywhere; margin-top: 8px; }
.method { font-weight: 700; font-size: 12px; letter-spacing: .04em; padding: 2px 9px; border-radius: 6px; border: 1px solid currentColor; }
.method.get { color: var(--get); } .method.post { color: var(--post); }
.lock { font-family: system-ui, sans-serif; font-size: 12.5px; color: var(--soft); }
h4 { font-size: 12px; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 20px 0 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td { border-top: 1px solid var(--line); padding: 7px 12px 7px 0; vertical-align: top; }
tr:first-child td { border-top: 0; }
td:first-child { white-space: nowrap; width: 1%; padding-right: 22px; }
code { font-family: var(--mono); font-size: .92em; }
.type { color: var(--soft); } .must { color: var(--bad); font-size: 12.5px; margin-left: 8px; }
.status { font-family: var(--mono); font-weight: 650; } .status.ok { color: var(--get); } .status.no { color: var(--bad); }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; overflow-x: auto; font: 13px/1.55 var(--mono); margin: 6px 0 0; }
@media (max-width: 820px) {
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; max-height: none; padding: 20px 20px 4px; }
  main { border-left: 0; padding: 12px 20px 64px; }
  td:first-child { white-space: normal; }
}
`;
