// Live cells and formula boxes: Python in the reader's browser.
// Nothing more is loaded before the first click. A worker does the work: live-worker.js.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const data = JSON.parse(document.getElementById("live-data").textContent);

  // make("p", { className: "quiet" }, "words") is an element
  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function button(text, of, onclick) {
    const made = make("button", { type: "button", onclick }, text);
    made.setAttribute("aria-label", `${text} ${of}`);
    return made;
  }

  // Run or Measure, and Stop in its place while Python is busy; beside them, what goes on
  function bar(text, of, action, ...more) {
    const status = make("span", { className: "live-status" });
    status.setAttribute("role", "status");
    const [starts, stops] = [button(text, of, action), button("Stop", of, () => stop("Stopped."))];
    stops.hidden = true;
    const element = make("div", { className: "live-bar" }, starts, stops, ...more, status);
    const say = (...words) => status.replaceChildren(...words);
    const busy = (yes) => {
      const held = [starts, stops].includes(document.activeElement);
      [starts.hidden, stops.hidden] = [yes, !yes];
      if (held) (yes ? stops : starts).focus();
    };
    return { element, starts, say, busy };
  }

  // Python answers one question after the other.

  let worker = null;
  let end = () => {}; // ends the question that is being answered
  let last = Promise.resolve();
  let stops = 0;

  function stop(why) {
    stops += 1;
    worker?.terminate();
    worker = null;
    for (const cell of cells) cell.done = false;
    end(new Error(why));
  }

  function ask(question, hear) {
    worker ??= new Worker(new URL(data.worker, location.href), { type: "module" });
    return new Promise((resolve, reject) => {
      end = reject;
      worker.onmessage = ({ data: said }) => {
        if ("result" in said) resolve(said.result);
        else if (said.failed) stop(`${said.failed} To try again, press the button.`);
        else hear(said);
      };
      worker.onerror = () => stop("This browser cannot start Python here.");
      worker.postMessage({ training: data.training, ...question });
    });
  }

  function inTurn(bar, action) {
    const before = stops;
    bar.busy(true);
    bar.say("Waiting for Python");
    const done = last
      .then(() => (before === stops ? action() : bar.say("Stopped.")))
      .catch((error) => bar.say(error.message))
      .finally(() => bar.busy(false));
    return (last = done);
  }

  // Cells

  const nodes = document.querySelectorAll(".cell.live");
  let shown = 0;
  const cells = data.cells.map((cell, index) => {
    const node = cell.shown && nodes[shown++];
    const input = node && node.querySelector(".cell_input");
    const source = cell.source ?? input.querySelector("pre").textContent;
    const name = node ? `cell ${shown}` : "a cell that the page does not show";
    if (node) node.id ||= `cell-${shown}`;
    const output = node && node.querySelector(".cell_output");
    return { index, node, input, source, name, output, made: null, area: null, done: false };
  });

  const text = (cell) => (cell.area ? cell.area.value : cell.source);

  // What follows a cell that changes, or runs again, is out of date.
  function forget(cell) {
    for (const later of cells.slice(cell.index)) later.done = false;
  }

  function addBar(cell) {
    const edits = button("Edit", cell.name, () => edit(cell));
    cell.resets = button("Reset", cell.name, () => reset(cell));
    cell.resets.hidden = true;
    cell.bar = bar("Run", cell.name, () => runTo(cell), edits, cell.resets);
    cell.input.after(cell.bar.element);
    cell.input.ondblclick = () => cell.area || edit(cell);
  }

  function edit(cell) {
    if (!cell.area) {
      const changed = () => {
        cell.area.rows = text(cell).split("\n").length;
        cell.resets.hidden = false;
        forget(cell);
      };
      cell.area = editor(text(cell), `Code of ${cell.name}`, () => runTo(cell), changed, () => {
        cell.bar.say();
        if (text(cell) === cell.source) close(cell);
        cell.bar.starts.focus();
      });
      cell.area.rows = text(cell).trimEnd().split("\n").length;
      cell.input.append(cell.area);
    }
    cell.bar.say("Shift+Enter runs, Tab indents, Escape leaves.");
    cell.area.focus();
  }

  function editor(value, label, run, changed, leave) {
    const area = make("textarea", { value, spellcheck: false, oninput: changed });
    area.setAttribute("aria-label", label);
    area.autocapitalize = "off";
    area.onkeydown = (event) => {
      const indents = event.key === "Tab" && !event.shiftKey && changed;
      if (event.key === "Enter" && event.shiftKey) run();
      else if (event.key === "Escape") leave();
      else if (indents) area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
      else return;
      if (indents) changed();
      event.preventDefault();
    };
    return area;
  }

  function close(cell) {
    cell.area?.remove();
    cell.area = null;
    cell.resets.hidden = !cell.made;
  }

  function reset(cell) {
    cell.made?.remove();
    cell.made = null;
    if (cell.output) cell.output.hidden = false;
    close(cell);
    forget(cell);
    cell.bar.say("As it was");
    cell.bar.starts.focus();
  }

  function runTo(cell) {
    return inTurn(cell.bar, async () => {
      forget(cell);
      for (const above of cells.slice(0, cell.index).filter((other) => !other.done)) {
        cell.bar.say("Running the cells above");
        if (await run(above, cell.bar.say)) continue;
        const link = make("a", { href: `#${above.node?.id ?? ""}` }, "A cell above");
        return cell.bar.say(link, " ended with an error.");
      }
      cell.bar.say("Running");
      const began = performance.now();
      if (!(await run(cell, cell.bar.say))) return cell.bar.say("Ended with an error");
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      cell.bar.say(`Done in ${seconds} s`, cell.made.hasChildNodes() ? "" : ", without output");
    });
  }

  // What a cell shows now takes the place of what it showed.
  async function run(cell, say) {
    const made = make("div", { className: "cell_output live-output" });
    const show = () => {
      if (!cell.node || cell.made === made) return;
      if (cell.output) cell.output.hidden = true;
      cell.made?.remove();
      cell.made = made;
      cell.node.append(made);
      if (cell.resets) cell.resets.hidden = false;
    };
    cell.done = await ask({ run: text(cell), name: `<${cell.name}>` }, ({ progress, output }) => {
      if (progress) return say(progress);
      add(made, ...output);
      show();
    });
    show();
    return cell.done;
  }

  const kinds = {
    "text/html": (html) => make("div", { className: "output text_html", innerHTML: html }),
    "image/svg+xml": (svg) => make("div", { className: "output drawn", innerHTML: svg }),
    "image/png": (png) =>
      make("img", { className: "output", alt: "A picture", src: `data:image/png;base64,${png}` }),
    "text/latex": (latex) => {
      const formula = make("div", { className: "output formula" }, latex);
      typeset(latex.replace(/^\$+|\$+$/g, ""), formula);
      return formula;
    },
  };

  function add(to, kind, content) {
    const before = to.lastElementChild;
    if (kind === "stream" && before?.matches(".stream")) return before.firstChild.append(content);
    const plain = () => make("div", { className: `output ${kind}` }, make("pre", {}, content));
    to.append((kinds[kind] ?? plain)(content));
  }

  // Formulas: Temml is loaded when the first one is to be shown.

  let temml;
  async function typeset(latex, element) {
    temml ??= new Promise((resolve, reject) => {
      const src = new URL("live/temml.min.js", here).href;
      const onload = () => resolve(window.temml);
      document.head.append(make("script", { src, onload, onerror: reject }));
    });
    try {
      (await temml).render(latex, element, { displayMode: true, throwOnError: true });
    } catch {
      element.replaceChildren(); // half a formula, while it is being typed
    }
  }

  function addBox(node) {
    const { formula, asked, where, layout } = node.dataset;
    const label = asked ? "Your answer, in LaTeX" : "Your formula, in LaTeX";
    const preview = make("div", { className: "formula", tabIndex: 0 });
    preview.setAttribute("role", "group");
    preview.setAttribute("aria-label", "The formula, typeset");
    const answer = make("pre", { className: "live-answer" });
    const show = () => typeset(area.value, preview);
    const measure = () =>
      inTurn(box, async () => {
        answer.textContent = "";
        box.say("Measuring");
        const question = { measure: [area.value, layout, where, asked] };
        const said = await ask(question, ({ progress }) => progress && box.say(progress));
        const [first, ...rest] = said.split("\n");
        box.say(first);
        answer.textContent = rest.join("\n");
      });
    const area = editor(formula, label, measure, null, () => box.starts.focus());
    area.rows = 2;
    area.oninput = area.onfocus = show;
    const box = bar("Measure", asked ? "your answer" : "your formula", measure);
    node.append(make("label", {}, label, area), preview, box.element, answer);
  }

  const boxes = document.querySelectorAll(".formula-box");
  if (location.protocol !== "file:" && window.Worker && window.WebAssembly) {
    for (const cell of cells) if (cell.input) addBar(cell);
    boxes.forEach(addBox);
  } else {
    const words = location.protocol === "file:"
      ? "Cells can be run, and formulas measured, where this site is served: from a file, a browser starts no Python. In the folder of the site, python3 -m http.server serves it."
      : "Cells can be run, and formulas measured, in browsers with workers and WebAssembly.";
    const first = document.querySelector(".cell.live, .formula-box");
    first?.before(make("p", { className: "live-excuse" }, words));
  }
})();
