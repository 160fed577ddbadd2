// Python for one page, in a worker of its own: endless loops cannot freeze the page.
//
// A question that asks nothing starts Python. Others are {run: source, name} and {measure: [latex, layout, where, asked, model]}.
// Answers are any number of {progress} and {output}, then one {result} or {failed}.

const base = new URL("live/", import.meta.url);
let session; // a promise of a Session

self.onmessage = async ({ data }) => {
  session ??= start(data.training);
  session.catch(() => {}); // it is told to who asks
  if (!("run" in data || "measure" in data)) return;
  try {
    const python = await session;
    const result = data.measure
      ? python.measure(...data.measure)
      : python.run(data.run, data.name);
    self.postMessage({ result });
  } catch (error) {
    self.postMessage({ failed: download.failed || `Python stopped: ${error.message}` });
  }
};

async function start(training) {
  const manifest = await (await fetch("manifest.json", { cache: "no-cache" })).json();
  const wheels = Object.values(manifest.lock.packages).map((entry) => entry.file_name);
  if (training) wheels.push(manifest.training.file_name);
  const core = ["pyodide.asm.wasm", "python_stdlib.zip"].map((name) => manifest.python + name);
  download.expect(manifest.sizes, [...core, ...wheels]);
  const archive = training && fetched(manifest.training);
  const { loadPyodide } = await import(new URL(`${manifest.python}pyodide.mjs`, base));
  const loading = loadPyodide({
    indexURL: new URL(manifest.python, base).href,
    packageBaseUrl: base.href,
    lockFileContents: manifest.lock,
    packages: ["rnn-notes"],
    stdout: () => {},
    stderr: () => {},
  });
  const pyodide = await Promise.race([loading, download.broken]);
  self.postMessage({ progress: "Starting Python" });
  const live = pyodide.pyimport("rnn_notes.book.live");
  if (archive) live.keep_training(pyodide.toPy(await archive).tobytes());
  return live.Session((kind, text) => self.postMessage({ output: [kind, text] }));
}

async function fetched({ file_name, sha256 }) {
  const bytes = sha256.match(/../g).map((pair) => parseInt(pair, 16));
  const integrity = `sha256-${btoa(String.fromCharCode(...bytes))}`;
  return (await fetch(file_name, { integrity })).arrayBuffer();
}

// Everything that is fetched passes through here, Pyodide's own files too: the reader
// sees how much is still to come, and which file it was that failed.
const download = {
  failed: "",
  loaded: 0,
  total: 0,
  told: 0,

  expect(sizes, names) {
    this.total = names.reduce((sum, name) => sum + (sizes[name] ?? 0), 0);
  },

  async follow(url, reader) {
    try {
      for (let part; !(part = await reader.read()).done; ) this.count(part.value.length);
    } catch {
      this.fail(url, "it broke off");
    }
  },

  count(bytes) {
    this.loaded += bytes;
    if (Date.now() - this.told < 100 || !this.total) return;
    this.told = Date.now();
    const [done, all] = [this.loaded, this.total].map((n) => (n / 1e6).toFixed(1));
    self.postMessage({ progress: `Loading Python: ${done} of ${all} MB` });
  },

  fail(url, why) {
    const name = url.pathname.split("/").pop();
    const place = url.host === self.location.host ? "this site" : url.host;
    this.failed ||= `${name} could not be loaded from ${place}: ${why}.`;
    const error = new Error(this.failed);
    this.breaks(error);
    return error;
  },
};
download.broken = new Promise((_, reject) => (download.breaks = reject));
download.broken.catch(() => {}); // it is heard where Pyodide loads, which would wait on

const WASM = "application/wasm";
const browserFetch = self.fetch;
self.fetch = async (resource, options = {}) => {
  const url = new URL(resource.url ?? resource, base);
  const response = await browserFetch(url, options).catch(async () => {
    const there = options.integrity && (await browserFetch(url).catch(() => false));
    throw download.fail(url, there ? "it is not the file that this site expects" : "no answer came");
  });
  if (!response.ok) throw download.fail(url, `the answer was ${response.status}`);
  download.follow(url, response.clone().body.getReader());
  const right = !url.pathname.endsWith(".wasm") || response.headers.get("Content-Type") === WASM;
  // To be compiled as it comes, it needs the right type, whatever its host says.
  return right ? response : new Response(response.body, { headers: { "Content-Type": WASM } });
};
