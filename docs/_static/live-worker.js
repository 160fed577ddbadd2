// Python for one page, in a worker of its own: endless loops cannot freeze the page.
//
// Questions are {run: source, name} and {measure: [latex, layout, where, asked]}.
// Answers are any number of {progress} and {output}, then one {result} or {failed}.

const base = new URL("live/", import.meta.url);
let session; // a promise of rnn_notes.live.Session

self.onmessage = async ({ data }) => {
  try {
    const python = await (session ??= start(data.training));
    const result = data.measure
      ? python.measure(...data.measure)
      : python.run(data.run, data.name);
    self.postMessage({ result });
  } catch (error) {
    self.postMessage({ failed: download.failed || `Python stopped: ${error.message}` });
  }
};

async function start(training) {
  const manifest = await (await fetch(new URL("manifest.json", base), { cache: "no-cache" })).json();
  const { python, lock } = manifest;
  const wheels = Object.values(lock.packages).map((entry) => entry.file_name);
  download.expect(manifest.sizes, [...wheels, ...(training ? [manifest.training.file_name] : [])]);
  const archive = training && fetched(manifest.training);
  const { loadPyodide } = await import(new URL(`${python}pyodide.mjs`, base));
  const pyodide = await loadPyodide({
    indexURL: new URL(python, base).href,
    packageBaseUrl: base.href,
    lockFileContents: lock,
    packages: ["rnn-notes"],
    stdout: () => {},
    stderr: () => {},
  });
  if (download.failed) throw new Error(download.failed);
  self.postMessage({ progress: "Starting Python" });
  const live = pyodide.pyimport("rnn_notes.live");
  if (archive) live.keep_training(pyodide.toPy(await archive).tobytes());
  return live.Session((kind, text) => self.postMessage({ output: [kind, text] }));
}

async function fetched({ file_name, sha256 }) {
  const bytes = Uint8Array.from(sha256.match(/../g), (pair) => parseInt(pair, 16));
  const integrity = `sha256-${btoa(String.fromCharCode(...bytes))}`;
  return (await fetch(new URL(file_name, base), { integrity })).arrayBuffer();
}

// Everything that is fetched passes through here, Pyodide's own files too, so that the
// reader sees how much is still to come, and which file it was that failed.
const download = {
  failed: "",
  loaded: 0,
  total: 0,
  told: 0,

  expect(sizes, names) {
    const core = ["pyodide.asm.wasm", "python_stdlib.zip"];
    const known = (name) => sizes[name.split("/").pop()] ?? 0;
    this.total = [...core, ...names].reduce((sum, name) => sum + known(name), 0);
  },

  count(bytes) {
    this.loaded += bytes;
    if (Date.now() - this.told < 100 || !this.total) return;
    this.told = Date.now();
    const [done, all] = [this.loaded, this.total].map((n) => (n / 1e6).toFixed(1));
    self.postMessage({ progress: `Loading Python: ${done} of ${all} MB` });
  },

  async fail(url, why) {
    const name = url.pathname.split("/").pop();
    const place = url.host === self.location.host ? "this site" : url.host;
    this.failed ||= `${name} could not be loaded from ${place}: ${why}.`;
    throw new Error(this.failed);
  },
};

const browserFetch = self.fetch;
self.fetch = async (resource, options = {}) => {
  const url = new URL(resource.url ?? resource, base);
  const response = await browserFetch(url, options).catch(async () => {
    const there = options.integrity && (await browserFetch(url).catch(() => false));
    return download.fail(url, there ? "it is not the file that this site expects" : "no answer came");
  });
  if (!response.ok) return download.fail(url, `the answer was ${response.status}`);
  const counter = new TransformStream({
    transform(chunk, out) {
      download.count(chunk.length);
      out.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), response);
};
