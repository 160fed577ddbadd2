/* Walks back through the loop, along a trace that the package wrote for the page.
   Nothing is computed here: strings are shown, classes are set. */
"use strict";

function walk(live) {
  const { turns, stops } = JSON.parse(live.querySelector("script").textContent);
  const last = stops.length - 1;
  const turn = last / turns; // stops in a turn
  const slider = live.querySelector("input");
  const [next, before] = live.querySelectorAll("button");
  const words = live.querySelector("[aria-live]");
  const rows = live.querySelectorAll("[data-name]");
  const parts = live.querySelectorAll("[data-at]");
  const code = document.getElementById(live.dataset.code)?.querySelector("pre");
  const lines = code ? code.textContent.split("\n").map((line) => line.trim()) : [];
  let now = 0;

  /* A sentence whose code stands in backticks, as nodes. */
  function prose(sentence) {
    return sentence.split("`").map((piece, i) => (i % 2 ? element("code", piece) : piece));
  }

  function element(tag, ...content) {
    const made = document.createElement(tag);
    made.append(...content);
    return made;
  }

  function show(k) {
    now = Math.min(Math.max(k, 0), last);
    const stop = stops[now];
    slider.value = last - now;
    slider.setAttribute("aria-valuetext", stop.turn);
    next.setAttribute("aria-disabled", now === last);
    before.setAttribute("aria-disabled", now === 0);
    words.replaceChildren(
      element("p", element("code", stop.line)),
      element("p", ...prose(stop.says)),
    );
    for (const row of rows) fill(row, stop.held[row.dataset.name], stop.name);
    for (const part of parts) light(part, part.dataset.at.split(" ").map(Number));
    mark(lines.findIndex((line) => line.startsWith(stop.line)));
  }

  /* One name of the table: its entries from the left, of what and by what at the end. */
  function fill(row, held, acting) {
    const cells = [...row.cells].slice(1);
    const ends = held ? held.slice(-2) : ["", ""];
    const entries = held ? held.slice(0, -2) : [];
    cells.forEach((cell, i) => {
      cell.replaceChildren(entries[i] ?? "");
    });
    ends.forEach((end, i) => cells.at(i - 2).replaceChildren(...prose(end)));
    row.classList.toggle("now", acting.split(" ").includes(row.dataset.name));
  }

  function light(part, at) {
    part.classList.toggle("ahead", now < at[0]);
    part.classList.toggle("now", at.includes(now));
  }

  function mark(line) {
    code?.classList.toggle("acting", line >= 0);
    code?.style.setProperty("--line", line);
  }

  slider.addEventListener("input", () => show(last - slider.value));
  slider.addEventListener("keydown", (event) => {
    const way = { PageDown: turn, PageUp: -turn }[event.key];
    if (!way) return;
    event.preventDefault();
    show(now + way);
  });
  next.addEventListener("click", () => show(now + 1));
  before.addEventListener("click", () => show(now - 1));
  live.closest(".stepper").classList.add("on");
  show(0);
}

/* The built site sends what a figure holds once it is less than a screen away, or above. */
const { src: here } = document.currentScript;
for (const live of document.querySelectorAll(".stepper .live")) {
  const { parts } = live.dataset;
  if (!parts) walk(live); // make dev leaves them where they are
  else {
    const near = ([{ isIntersecting }], watch) => {
      if (!isIntersecting) return;
      watch.disconnect();
      const script = document.createElement("script");
      Object.assign(script, { src: new URL(parts, here), onload: () => walk(live) });
      document.body.append(script);
    };
    const watch = new IntersectionObserver(near, { rootMargin: "999999px 0px 100%" });
    watch.observe(live.parentElement);
  }
}
