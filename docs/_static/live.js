// Cells and boxes: Python in a browser.
// Nothing more is loaded before a reader presses Run or Edit, or enters a box.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const data = JSON.parse(document.getElementById("live-data").textContent);

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function button(text, of, onclick) {
    return make("button", { type: "button", onclick, ariaLabel: `${text} ${of}` }, text);
  }

  // Run or Measure, and Stop in its place while Python is busy
  function bar(text, of, action, ...more) {
    const status = make("span", { className: "live-status", role: "status" });
    const [starts, stops] = [button(text, of, action), button("Stop", of, () => (stop("Stopped."), wake()))];
    stops.hidden = true;
    const element = make("div", { className: "live-bar" }, starts, stops, ...more, status);
    const say = (...words) => {
      status.replaceChildren(...words);
      delete status.dataset.holds;
    };
    const judge = (said, answer) => {
      const [first, ...rest] = said.split("\n");
      say(first);
      answer.textContent = rest.join("\n");
      const verdict = /^(holds|right)|^(does not hold|wrong)/i.exec(first);
      if (verdict) status.setAttribute("data-holds", !verdict[2]);
    };
    const busy = (yes) => {
      const held = [starts, stops].includes(document.activeElement);
      [starts.hidden, stops.hidden] = [yes, !yes];
      if (held) (yes ? stops : starts).focus();
    };
    return { element, starts, say, judge, busy };
  }

  // Python answers one question after the other.

  const AGAIN = "To try again, press the button.";
  let worker = null;
  let end = () => {}; // ends the question that is being answered
  let last = Promise.resolve();
  let stops = 0;
  let quiet; // ends the wait for a worker that says nothing

  function stop(why) {
    stops += 1;
    clearTimeout(quiet);
    worker?.terminate();
    worker = null;
    for (const cell of cells) cell.done = false;
    end(new Error(why));
  }

  let held; // what the first worker has fetched, checked and compiled, for the others
  let spare = null; // takes the place of a worker that is stopped

  function started(measures) {
    const made = new Worker(new URL(data.worker, location.href), { type: "module" });
    made.addEventListener("message", ({ data: said }) => {
      clearTimeout(quiet);
      held ??= said.held;
    });
    made.postMessage({ training: data.training, held, measures });
    return made;
  }

  function wake(measures) {
    if (worker) return;
    [worker, spare] = [spare, null];
    if (worker) return;
    worker = started(measures);
    quiet = setTimeout(() => stop(`Nothing came from this site for 60 s. ${AGAIN}`), 60_000);
  }

  const prepare = (measures) => navigator.connection?.saveData || wake(measures);
  const roomy = matchMedia("(pointer: fine)").matches; // no phone

  function ask(question, hear) {
    wake();
    return new Promise((resolve, reject) => {
      end = reject;
      worker.onmessage = ({ data: said }) => {
        if ("result" in said) resolve(said.result);
        else if (said.failed) stop(`${said.failed} ${AGAIN}`);
        else if (!said.held) hear(said);
      };
      worker.onerror = () => stop("This browser cannot start Python here.");
      worker.postMessage(question);
    });
  }

  function inTurn(bar, action) {
    if (bar.starts.hidden) return last; // it runs, or waits for its turn
    const before = stops;
    bar.busy(true);
    bar.say("Waiting for Python");
    const done = last
      .then(() => (before === stops ? action() : bar.say("Stopped.")))
      .catch((error) => bar.say(error.message))
      .finally(() => {
        bar.busy(false);
        if (roomy && worker && held) spare ??= started();
      });
    return (last = done);
  }

  // Cells

  const nodes = document.querySelectorAll(".cell.live");
  let shown = 0;
  const cells = data.cells.map((cell, index) => {
    const node = cell.shown ? nodes[shown++] : null;
    const input = node?.querySelector(".cell_input");
    const code = input?.querySelector("pre");
    const source = cell.source ?? code.textContent.trimEnd();
    const name = node ? `cell ${shown}` : "a hidden cell";
    if (node) node.id ||= `cell-${shown}`;
    const output = node?.querySelector(".cell_output");
    return { index, node, input, code, source, name, output };
  });

  const text = (cell) => cell.area?.value ?? cell.source;

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
  }

  // The editor's words are transparent: the page's code, in its colours, lies below.
  function edit(cell) {
    prepare();
    if (!cell.area) {
      const paint = () => cell.code.replaceChildren(...coloured(text(cell)), "\n");
      const leave = () => {
        cell.bar.say();
        if (text(cell) === cell.source) close(cell);
        cell.bar.starts.focus();
      };
      cell.area = editor(text(cell), `Code of ${cell.name}`, () => runTo(cell), leave, indent);
      cell.area.oninput = () => {
        paint();
        cell.resets.hidden = false;
        cell.made?.classList.add("stale");
        forget(cell);
      };
      cell.printed = [...cell.code.childNodes];
      cell.code.after(cell.area);
      cell.code.inert = true;
      const painter = import(new URL(data.colours, location.href));
      painter.then((module) => ({ coloured } = module), () => {}).then(() => cell.area && paint());
    }
    cell.bar.say("Shift+Enter runs, Tab indents, Escape leaves.");
    cell.area.focus();
  }

  let coloured = (source) => [source]; // while live-colours.js is not there

  // What a key puts into code: Tab four spaces, Enter the indentation of its line.
  function indent({ key, shiftKey }, { value, selectionStart }) {
    if (key === "Tab" && !shiftKey) return "    ";
    if (key !== "Enter") return "";
    const line = value.slice(0, selectionStart).split("\n").at(-1);
    return `\n${line.match(/^ */)[0]}${line.endsWith(":") ? "    " : ""}`;
  }

  function editor(value, label, run, leave, typed) {
    const area = make("textarea", { value, spellcheck: false, autocapitalize: "off", rows: 1, ariaLabel: label });
    area.onkeydown = (event) => {
      const more = typed?.(event, area);
      if (event.isComposing) return;
      if (event.key === "Enter" && event.shiftKey) run();
      else if (event.key === "Escape") leave();
      else if (more) document.execCommand("insertText", false, more); // can be undone
      else return;
      event.preventDefault();
    };
    return area;
  }

  function close(cell) {
    cell.resets.hidden = !cell.made;
    if (!cell.area) return;
    cell.area.remove();
    delete cell.area;
    cell.code.replaceChildren(...cell.printed);
    cell.code.inert = false;
  }

  function reset(cell) {
    cell.made?.remove();
    delete cell.made;
    if (cell.output) cell.output.hidden = false;
    close(cell);
    forget(cell);
    cell.bar.say("As it was");
    cell.bar.starts.focus();
  }

  function runTo(cell) {
    const link = (to, words) => make("a", { href: `#${to.node.id}` }, words);
    return inTurn(cell.bar, async () => {
      forget(cell);
      const above = cells.slice(0, cell.index);
      for (const other of above.filter(({ done }) => !done)) {
        cell.bar.say("Running the cells above");
        await run(other, cell.bar.say);
        if (other.done) continue;
        return cell.bar.say(link(other, "A cell above"), " ended with an error.");
      }
      cell.bar.say("Running");
      const began = performance.now();
      if (!(await run(cell, cell.bar.say))) return cell.bar.say("Ended with an error");
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const doubt = above.find(({ node, broken }) => node && broken);
      cell.bar.say(
        `Done in ${seconds} s`,
        cell.made.hasChildNodes() ? "" : ", without output",
        ...(doubt ? [", but ", link(doubt, "an assert above"), " does not hold"] : []),
      );
    });
  }

  // What a cell shows now takes the place of what it showed. Neither a claim that does not
  // hold any more nor a hidden error stops the cells below.
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
    cell.broken = false;
    cell.made?.classList.add("stale");
    const whole = await ask({ run: text(cell), name: `<${cell.name}>` }, ({ progress, output }) => {
      if (progress) return say(progress);
      cell.broken = output[0] === "error" && /^AssertionError/m.test(output[1]);
      add(made, ...output);
      show();
    });
    show();
    cell.done = whole || cell.broken || !cell.node;
    return whole;
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
    const plain = () =>
      make("div", { className: `output ${kind}` }, make("pre", { tabIndex: 0 }, content));
    to.append((kinds[kind] ?? plain)(content));
  }

  // Formulas: Temml is loaded with the first one.

  let temml;
  async function typeset(latex, element) {
    temml ??= new Promise((resolve, reject) => {
      const src = new URL("live/temml.min.js", here).href;
      const onload = () => resolve(window.temml);
      document.head.append(make("script", { src, integrity: data.temml, onload, onerror: reject }));
    });
    try {
      (await temml).render(latex, element, { displayMode: true, throwOnError: true });
    } catch {
      element.replaceChildren(); // half a formula, while it is being typed
    }
  }

  // In whose notation a formula is read
  function choice(model) {
    const known = Object.entries({ "": "the notation that its symbols fit", ...data.models });
    const shorter = ([value, title]) => make("option", { value, selected: value === model }, title);
    return make("select", { ariaLabel: "Notation" }, ...known.map(shorter));
  }

  const OFFER = /(close, and it holds|in this book):\s+(.+)/g;

  function addBox(node) {
    const { formula, asked, where, layout, model } = node.dataset;
    const what = asked ? "answer" : "formula";
    const label = `Your ${what}, in LaTeX`;
    const typed = { role: "group", ariaLabel: "The formula, typeset" };
    const preview = make("div", { className: "formula", tabIndex: 0, ...typed });
    const answer = make("pre", { className: "live-answer" });
    const offers = make("div", {});
    const show = () => typeset(area.value, preview);
    const measure = () =>
      inTurn(box, async () => {
        answer.textContent = "";
        offers.replaceChildren();
        box.say("Measuring");
        const question = { measure: [area.value, layout, where, asked, models?.value ?? model] };
        const said = await ask(question, ({ progress }) => progress && box.say(progress));
        box.judge(said, answer);
        offers.replaceChildren(...[...said.matchAll(OFFER)].map(offer));
      });
    const offer = ([, told, latex]) => {
      const set = make("div", { className: "formula", tabIndex: 0 });
      typeset(latex, set);
      const take = button("Take", `the formula: ${told}`, () => {
        area.value = latex;
        if (models && told.endsWith("book")) models.value = "";
        show();
        measure();
      });
      return make("div", { className: "live-offer" }, set, take);
    };
    const area = editor(formula, label, measure, () => box.starts.focus());
    area.rows = 2;
    area.oninput = show;
    area.onfocus = () => (show(), prepare(true));
    const models = asked ? null : choice(model);
    const box = bar("Measure", `your ${what}`, measure, models ?? "");
    node.append(make("label", {}, label, area), preview, box.element, answer, offers);
  }

  // Code of the reader's may run for ever: its time is limited from when Python has it.
  function addCheck(node) {
    const label = "Your function, over global arrays";
    const answer = make("pre", { className: "live-answer", tabIndex: 0 });
    const check = () =>
      inTurn(box, async () => {
        answer.textContent = "";
        let limit;
        const seconds = node.dataset.seconds ?? 60;
        const late = () => (stop(`Stopped after ${seconds} s: does a loop in it never end?`), wake());
        const hear = ({ progress }) => {
          box.say(progress);
          if (progress === "Checking") limit = setTimeout(late, 1000 * seconds);
        };
        const said = await ask({ check: area.value }, hear).finally(() => clearTimeout(limit));
        box.judge(said, answer);
      });
    const area = editor(node.dataset.code, label, check, () => box.starts.focus(), indent);
    area.rows = 20;
    area.onfocus = () => prepare();
    const box = bar("Check", "your function", check);
    node.append(make("label", {}, label, area), box.element, answer);
  }

  const boxes = document.querySelectorAll(".formula-box");
  const fromFile = location.protocol === "file:";
  if (!fromFile && window.Worker && window.WebAssembly) {
    for (const cell of cells) if (cell.input) addBar(cell);
    for (const node of boxes) (node.dataset.code ? addCheck : addBox)(node);
  } else {
    const where = fromFile
      ? "where this site is served: from a file, a browser starts no Python. In the folder of the site, python3 -m http.server serves it."
      : "in browsers with workers and WebAssembly.";
    const excuse = make("p", { className: "live-excuse" }, `Cells can be run, and formulas measured, ${where}`);
    document.querySelector(".cell.live, .formula-box")?.before(excuse);
  }
})();
