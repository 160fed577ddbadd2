/* Figures that move: a control of HTML's own, and frames that the build has written.
   Nothing is computed here: texts and attributes are set, parts light up. */
"use strict";

for (const live of document.querySelectorAll(".moving > .live")) {
  const figure = live.parentElement;
  const frames = JSON.parse(live.querySelector("script").textContent);
  for (const held of live.querySelectorAll("template")) held.replaceWith(held.content);
  const fields = [...live.querySelectorAll("input, select")];
  const [field] = fields;
  const words = live.querySelector("[aria-live]");
  const told = live.querySelector("output");
  const parts = figure.querySelectorAll("[data-part]");

  /* A sentence whose code stands in backticks, as nodes. */
  const prose = (sentence) =>
    sentence.split("`").map((piece, i) => (i % 2 ? element("code", piece) : piece));

  function element(tag, ...content) {
    const made = document.createElement(tag);
    made.append(...content);
    return made;
  }

  const place = () =>
    field.type === "radio"
      ? fields.findIndex((one) => one.checked)
      : (field.selectedIndex ?? Number(field.value));

  function choose(place) {
    if (field.type === "radio") fields[place].checked = true;
    else if (field.type === "range") field.value = place;
    else field.selectedIndex = place;
    show();
  }

  function show() {
    const { at, says, parts: changed, lit } = frames[place()];
    for (const part of parts) {
      const { part: name } = part.dataset;
      part.classList.toggle("lit", lit.includes(name));
      set(part, changed[name]);
    }
    words.replaceChildren(element("p", ...prose(says)));
    told?.replaceChildren(...prose(at));
    if (told) field.setAttribute("aria-valuetext", at.replaceAll("`", ""));
  }

  function set(part, change) {
    if (typeof change === "string") part.textContent = change;
    else for (const name in change) part.setAttribute(name, change[name]);
  }

  for (const one of fields) one.addEventListener("input", show);
  for (const part of figure.querySelectorAll("[data-choose]"))
    for (const kind of ["pointerenter", "click"])
      part.addEventListener(kind, () => choose(Number(part.dataset.choose)));
  show();
}
