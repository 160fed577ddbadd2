// Sheets, scripts and the words of all pages in, as JSON; one sheet and one script out.
// A rule whose selector no page and no script can match is left out.
const { join } = require("path");
const { readFileSync } = require("fs");
const modules = process.argv[2];
const { PurgeCSS } = require(join(modules, "purgecss"));
const { transform } = require(join(modules, "esbuild"));

async function bundle({ sheet, script, words }) {
  const [kept] = await new PurgeCSS().purge({
    content: [{ raw: words.join(" "), extension: "txt" }],
    css: [{ raw: sheet }],
    keyframes: true,
    variables: true,
    safelist: { variables: words.filter((word) => word.startsWith("--")) },
  });
  const small = { minify: true, legalComments: "none" };
  const css = await transform(kept.css, { ...small, loader: "css" });
  const js = await transform(script, { ...small, loader: "js" });
  return { css: css.code, js: js.code };
}

bundle(JSON.parse(readFileSync(0, "utf-8"))).then((made) =>
  process.stdout.write(JSON.stringify(made)),
);
