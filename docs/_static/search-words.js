/* The words around a hit, out of a script with the words of its page.
   Sphinx would fetch the page for them, which no browser does from file://. */
"use strict";

const pageWords = {};

{
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
  const stems = stemmed(query);
  const { pages, words: tenths } = oftenSaid;

  /* The words of a query as oftenSaid has them: names as they are, others by their stem. */
  function stemmed(text) {
    const stemmer = new Stemmer();
    const plain = (word) => /^[a-z]+$/.test(word);
    const words = text.toLowerCase().split(/\s+/).filter((word) => !stopwords.has(word));
    return words.map((word) => (plain(word) ? stemmer.stemWord(word) : word));
  }

  // What is called as was typed comes first, then pages that say it often; a word counts
  // the more, the fewer pages say it. What lists everything answers little.
  const often = (stem) => (Object.hasOwn(tenths, stem) ? tenths[stem] : "");
  const rare = (stem) => Math.log((pages.length + 1) / (1 + often(stem).replaceAll("0", "").length));
  const weight = new Map(stems.map((stem) => [stem, rare(stem)]));
  const answers = (page) => {
    const parts = stems.map((stem) => (weight.get(stem) * (often(stem)[pages.indexOf(page)] ?? 0)) / 10);
    return parts.reduce((sum, part) => sum + part, 0);
  };
  const lists = new Set(["api", "glossary", "changelog", "bibliography", "errata"]);
  Scorer.score = ([page, name, , , score, , kind]) => {
    if (kind === "object") return name === query ? 100 : score / 4;
    return (score + 20 * answers(page)) * (lists.has(page) ? 0.4 : 1);
  };

  // A single letter would be marked in every word. Marks are for the hit that is followed,
  // not for whatever page comes next.
  const parse = Search._parseQuery;
  Search._parseQuery = (typed) => {
    const parsed = parse(typed);
    for (const word of ["why", "how", "what", "when", "which", "do"])
      parsed[1].delete(new Stemmer().stemWord(word));
    const marked = [...parsed[3]].filter((term) => term.length > 1);
    localStorage.removeItem("sphinx_highlight_terms");
    for (const kind of ["click", "auxclick"])
      Search.output.addEventListener(kind, ({ target }) => {
        if (target.closest("a")) localStorage.setItem("sphinx_highlight_terms", marked.join(" "));
      });
    parsed[3] = new Set(marked);
    return parsed;
  };

  const seen = (row) =>
    new Promise((tell) => {
      const half = { threshold: 0.5 };
      const watch = new IntersectionObserver(([entry]) => {
        if (!entry.isIntersecting) return;
        watch.disconnect();
        tell();
      }, half);
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

  // The words where most of the query stands together.
  Search.makeSearchSummary = (words) => {
    const low = words.toLowerCase();
    const places = stems.flatMap((stem) => [...low.matchAll(RegExp(_escapeRegExp(stem), "g"))]);
    const near = ({ index }) => stems.filter((stem) => low.slice(index, index + 160).includes(stem)).length;
    const whole = low.indexOf(query.toLowerCase());
    const best = places.reduce((best, place) => (near(place) > near(best) ? place : best), places[0] ?? { index: 0 });
    const start = words.lastIndexOf(" ", (whole < 0 ? best.index : whole) - 80) + 1;
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent =
      (start ? "… " : "") + words.slice(start, start + 240).replace(/ \S*$/, "") + " …";
    return summary;
  };
}
