/* The words around a hit, out of a script with the words of its page.
   Sphinx would fetch the page for them, which no browser does from file://. */
"use strict";

const pageWords = {};

{
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
  const typed = query.toLowerCase().split(/\s+/);
  const parts = splitQuery(query).sort((a, b) => b.length - a.length);

  // What is called as was typed comes first, then pages that often say it, sign by sign.
  const said = (page) => {
    const words = new Map(Object.entries(oftenSaid[page] ?? {}));
    return Math.max(...typed.map((word) => words.get(word) ?? 0));
  };
  const most = Math.max(1, ...Object.keys(oftenSaid).map(said));
  Scorer.score = ([page, name, , , score]) =>
    score + (name === query ? 20 : 0) + (10 * said(page)) / most;

  // A single letter would be marked in every word.
  const parse = Search._parseQuery;
  Search._parseQuery = (typed) => {
    const parsed = parse(typed);
    const marked = [...parsed[3]].filter((term) => term.length > 1);
    localStorage.setItem("sphinx_highlight_terms", marked.join(" "));
    parsed[3] = new Set(marked);
    return parsed;
  };

  const seen = (row) =>
    new Promise((tell) => {
      const watch = new IntersectionObserver(([entry]) => {
        if (!entry.isIntersecting) return;
        watch.disconnect();
        tell();
      });
      watch.observe(row);
    });

  const loaded = (page) =>
    new Promise((tell) => {
      const src = `_static/words/${page}.js`;
      const script = document.createElement("script");
      document.head.append(Object.assign(script, { src, onload: tell, onerror: tell }));
    });

  window.fetch = async (url) => {
    const page = url.replace(/^.*\/|\.html$/g, "");
    await null; // until Sphinx has put the row on the page
    await seen(Search.output.lastElementChild);
    await loaded(page);
    return { text: () => pageWords[page] };
  };

  Search.makeSearchSummary = (words) => {
    const at = [query, ...parts]
      .map((part) => words.toLowerCase().indexOf(part.toLowerCase()))
      .find((place) => place >= 0);
    const start = words.lastIndexOf(" ", (at ?? 0) - 80) + 1;
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent =
      (start ? "… " : "") + words.slice(start, start + 240).trim() + " …";
    return summary;
  };
}
