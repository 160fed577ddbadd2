// The colours of Python for a cell that is being edited, by the names that Pygments gives.

const TOKENS = new RegExp(
  [
    /(?<c>#.*)/,
    /(?<sd>(?<long>"""|''')[^]*?(?:\k<long>|$))/,
    /(?<s>(?:\b[bfru]{1,2})?(?<short>["'])(?:\\.|(?!\k<short>)[^\\\n])*\k<short>?)/,
    /(?<mi>\b\d[\w.]*(?:(?<=e)[-+]\d+)?)/,
    /(?<nf>(?<=\b(?:def|class) )\w+)/,
    /(?<kc>\b(?:False|None|True)\b)/,
    /(?<ow>\b(?:and|in|is|not|or)\b)/,
    /(?<ne>\b[A-Z]\w*Error\b)/,
    /(?<k>\b(?:as|assert|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|lambda|nonlocal|pass|raise|return|try|while|with|yield)\b)/,
    /(?<nb>(?<![\w.])(?:abs|all|any|bool|dict|enumerate|float|getattr|int|len|list|max|min|next|print|range|reversed|round|set|slice|sorted|str|sum|tuple|vars|zip)\b)/,
  ]
    .map((token) => token.source)
    .join("|"),
  "g",
);

// coloured("x = 2") is ["x = ", <span class="mi">2</span>, ""]
export function coloured(source) {
  const pieces = [];
  let end = 0;
  for (const { 0: token, index, groups } of source.matchAll(TOKENS)) {
    const [kind] = Object.entries(groups).find(([, found]) => found);
    const span = Object.assign(document.createElement("span"), { className: kind });
    span.append(token);
    pieces.push(source.slice(end, index), span);
    end = index + token.length;
  }
  return [...pieces, source.slice(end)];
}
