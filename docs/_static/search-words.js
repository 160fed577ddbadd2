/* The words around a hit, out of one script with the words of all pages.
   Sphinx would fetch every page for them, which no browser does from file://. */
"use strict";

{
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
  const parts = splitQuery(query).sort((a, b) => b.length - a.length);

  // Pages that hold what was typed, letter by letter, come first.
  Scorer.score = ([page, , , , score]) =>
    score + Math.min(pageWords[page].split(query).length - 1, 10);

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
