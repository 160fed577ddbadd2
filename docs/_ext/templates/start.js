{
  const root = document.documentElement.dataset;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || mode;
  } catch {} // a reader may refuse storage
  root.mode = mode;
  root.theme = mode === "auto" ? dark : mode;

  // The first paint waits for what it shows alone, unless there is a place to go to.
  // later.js takes the mark away when all is there.
  const [visit] = performance.getEntriesByType("navigation");
  const plain = visit?.type === "navigate" && !/#/.test(visit.name + location.hash);
  root.far = plain ? "skipped unseen" : "";

  // Until the fonts are there, what nobody sees yet is not laid out.
  const parts = "article > section > :is(section, figure), article tbody + tbody";
  const look = () => {
    if (!root.far?.includes("unseen")) return;
    const part = document.querySelector(`:is(${parts}):not([data-near])`);
    const seen = part?.getBoundingClientRect().top <= innerHeight;
    if (seen) part.dataset.near = "";
    seen ? look() : requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
