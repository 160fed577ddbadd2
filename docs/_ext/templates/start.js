{
  const root = document.documentElement.dataset;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || mode;
  } catch {} // a reader may refuse storage
  root.mode = mode;
  root.theme = mode === "auto" ? dark : mode;
  root.waiting = ""; // for scripts

  // What is far is laid out as it comes near, unless there is a place to go to at once.
  const [visit] = performance.getEntriesByType("navigation");
  const plain = visit?.type === "navigate" && !/#/.test(visit.name + location.hash);
  document.documentElement.setAttribute("data-far", plain ? "skipped unseen" : "");

  // Until the fonts are there, what nobody sees yet is not laid out.
  const parts = `article > section > :is(section, figure),
    section .pst-scrollable-table-container, article tbody + tbody, .atlas tr`;
  const look = () => {
    if (!root.far?.includes("unseen")) return;
    const part = document.querySelector(`:is(${parts}):not([data-near])`);
    const seen = part?.getBoundingClientRect().top < innerHeight - 16; // a line's height
    if (seen) part.setAttribute("data-near", "");
    seen ? look() : requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
