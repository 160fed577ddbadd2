/* The words around a hit, out of one script with the words of all pages.
   Sphinx would fetch every page for them, which no browser does from file://. */
"use strict";

{
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
  const parts = splitQuery(query).sort((a, b) => b.length - a.length);

  // Pages that hold what was typed, letter by letter, come first.
  Scorer.score = ([page, , , , score]) =>
    score + Math.min(pageWords[page].split(query).length - 1, 10);

  // A single letter would be marked in every word, here and on the page that is found.
  const parse = Search._parseQuery;
  Search._parseQuery = (typed) => {
    const parsed = parse(typed);
    const marked = [...parsed[3]].filter((term) => term.length > 1);
    localStorage.setItem("sphinx_highlight_terms", marked.join(" "));
    parsed[3] = new Set(marked);
    return parsed;
  };

  window.fetch = async (url) => ({ text: () => url.replace(/^.*\/|\.html$/g, "") });

  Search.makeSearchSummary = (page) => {
    const words = pageWords[page];
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
