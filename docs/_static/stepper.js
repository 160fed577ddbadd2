/* Walks back through the loop, along a trace that the package wrote.
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
  const prose = (says) => says.split("`").map((piece, i) => (i % 2 ? element("code", piece) : piece));

  function element(tag, ...content) {
    const made = document.createElement(tag);
    made.append(...content);
    return made;
  }

  function show(k) {
    now = Math.min(Math.max(k, 0), last);
    const stop = stops[now];
    slider.value = last - now;
    slider.ariaValueText = stop.turn;
    next.ariaDisabled = now === last;
    before.ariaDisabled = now === 0;
    words.replaceChildren(
      element("p", element("code", stop.line)),
      element("p", ...prose(stop.says)),
    );
    for (const row of rows) fill(row, stop.held[row.dataset.name], stop.name);
    for (const part of parts) {
      const at = part.dataset.at.split(" ").map(Number);
      part.classList.toggle("ahead", now < at[0]);
      part.classList.toggle("now", at.includes(now));
    }
    const acts = lines.findIndex((line) => line.startsWith(stop.line));
    code?.classList.toggle("acting", acts >= 0);
    code?.style.setProperty("--line", acts);
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

  slider.oninput = () => show(last - slider.value);
  slider.onkeydown = (event) => {
    const way = { PageDown: turn, PageUp: -turn }[event.key];
    if (!way) return;
    event.preventDefault();
    show(now + way);
  };
  next.onclick = () => show(now + 1);
  before.onclick = () => show(now - 1);
  live.closest(".stepper").classList.add("on");
  show(0);
}

/* The built site sends what a figure holds, and a call, once it is near, or above. */
for (const live of document.querySelectorAll(".stepper .live")) {
  const { parts } = live.dataset;
  const near = ([seen], watch) => {
    if (!seen.isIntersecting) return;
    watch.disconnect();
    const script = document.createElement("script");
    script.src = parts;
    document.body.append(script);
  };
  const watch = new IntersectionObserver(near, { rootMargin: "999999px 0px 100%" });
  parts ? watch.observe(live.parentElement) : walk(live);
}
