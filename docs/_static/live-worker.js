// Python for one page, in a worker: endless loops cannot freeze the page.
//
// The first word starts it: {training, held, measures}; held is what another worker of the
// page said. Questions are {run: source, name}, {check: source} and
// {measure: [latex, layout, where, asked, model]}.
// Answers are any number of {progress} and {output}, then one {result} or {failed}.

const base = new URL("live/", import.meta.url);
const browserFetch = self.fetch;
let session; // a promise of a Session
let missing = ""; // which file could not be loaded, and why

self.onmessage = async ({ data }) => {
  session ??= start(data);
  session.catch(() => {}); // it is told to who asks
  if (data.measures) session.then((python) => python.measure("h_t = h_t"));
  if (!("run" in data || "measure" in data || "check" in data)) return;
  try {
    const python = await session;
    if ("check" in data) self.postMessage({ progress: "Checking" });
    const result = data.measure
      ? python.measure(...data.measure)
      : "check" in data
        ? python.check(data.check)
        : python.run(data.run, data.name);
    self.postMessage({ result });
  } catch (error) {
    self.postMessage({ failed: missing || `Python stopped: ${error.message}` });
  }
};

async function start({ training, held }) {
  const first = !held;
  held ??= await fetched(training);
  const { manifest, files } = held;
  self.postMessage({ progress: "Starting Python" });
  const file = (name) => files.get(new URL(name, base).href);
  self.fetch = async (resource) => new Response(file(resource.url ?? resource)); // for Pyodide
  WebAssembly.instantiateStreaming = async (answer, imports) => {
    held.module ??= await WebAssembly.compileStreaming(answer);
    return { module: held.module, instance: await WebAssembly.instantiate(held.module, imports) };
  };
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all(
    ["pyodide.mjs", "pyodide.asm.mjs"].map((name) => import(URL.createObjectURL(file(manifest.python + name)))),
  );
  const pyodide = await loadPyodide({
    indexURL: new URL(manifest.python, base).href,
    stdLibURL: new URL(manifest.library, base).href,
    packageBaseUrl: base.href,
    lockFileContents: manifest.lock,
    packages: ["rnn-notes"],
    createPyodideModule,
    stdout: () => {},
    stderr: () => {},
  });
  const live = pyodide.pyimport("rnn_notes.book.live");
  if (training) live.keep_training(pyodide.toPy(await file(manifest.training).arrayBuffer()).tobytes());
  if (first) self.postMessage({ held });
  return live.Session((kind, text) => self.postMessage({ output: [kind, text] }));
}

// The files that Python starts from, each as the site expects it.
async function fetched(training) {
  const said = await received("manifest.json", { cache: "no-cache" });
  const manifest = JSON.parse(await said.text());
  const names = Object.keys(manifest.files).filter((name) => training || name !== manifest.training);
  const wanted = names.map((name) => manifest.files[name]);
  line.total = wanted.reduce((sum, { size = 0 }) => sum + size, 0);
  const came = await Promise.all(names.map((name, i) => checked(name, wanted[i])));
  clearTimeout(line.quiet);
  return { manifest, files: new Map(names.map((name, i) => [new URL(name, base).href, came[i]])) };
}

// A file, if it is the one that the site expects. Browsers compare checksums, also where
// crypto.subtle is kept from pages, but tell nothing before all has come: so it is counted
// first and compared then.
async function checked(name, { integrity, size }) {
  const blob = await received(name, {}, size);
  await browserFetch(URL.createObjectURL(blob), { integrity }).catch(() =>
    fail(name, "it is not the file that this site expects"),
  );
  return blob;
}

const TYPES = { mjs: "text/javascript", wasm: "application/wasm" };

async function received(name, options, size = 0) {
  const parts = [];
  let why = "no answer came";
  try {
    line.heard(0);
    const answer = await browserFetch(new URL(name, base), { signal: line.end.signal, ...options });
    if (!answer.ok) throw (why = `the answer was ${answer.status}`);
    why = "it broke off";
    const reader = answer.body.getReader();
    for (let part; !(part = await reader.read()).done; parts.push(part.value)) {
      line.heard(size && part.value.length);
    }
  } catch {
    fail(name, line.end.signal.aborted ? "nothing came for 60 s" : why);
  }
  return new Blob(parts, { type: TYPES[name.split(".").pop()] });
}

function fail(name, why) {
  const url = new URL(name, base);
  const place = url.host === self.location.host ? "this site" : url.host;
  missing ||= `${url.pathname.split("/").pop()} could not be loaded from ${place}: ${why}.`;
  throw new Error(missing);
}

// What comes is counted: the reader sees how much is still to come, and when nothing
// comes from anywhere, waiting ends.
const line = {
  loaded: 0,
  total: 0,
  told: 0,
  quiet: 0,
  end: new AbortController(),

  heard(bytes) {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.end.abort(), 60_000);
    this.loaded += bytes;
    if (Date.now() - this.told < 100) return;
    this.told = Date.now();
    const [done, all] = [this.loaded, this.total].map((n) => (n / 1e6).toFixed(1));
    self.postMessage({ progress: this.total ? `Loading Python: ${done} of ${all} MB` : "Loading Python" });
  },
};
