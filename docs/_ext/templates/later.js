// What is seen is painted. Now the scripts, in their order, then what start.js lets be
// skipped, a part at a time.
requestAnimationFrame(() =>
  setTimeout(() => {
    const parts = "article > section > section, article dl.py";
    const far = [...document.querySelectorAll(parts)];
    const nearer = () => {
      if (!far.length) return document.documentElement.removeAttribute("data-far");
      far.shift().setAttribute("data-near", "");
      requestAnimationFrame(() => setTimeout(nearer));
    };
    const scripts = [];
    let waiting = scripts.length;
    if (!waiting) nearer();
    for (const src of scripts) {
      const script = document.createElement("script");
      const done = () => --waiting || nearer();
      Object.assign(script, { src, async: false, onload: done, onerror: done });
      document.head.append(script);
    }
  }),
);
