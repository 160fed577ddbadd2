// Once what is seen is painted, in its own fonts, for which it waits a second at most: the
// scripts, in their order, then what start.js lets be skipped, a part at a time. What
// nobody looks at is not painted, and does not wait.
{
  const painted = (then) =>
    document.hidden ? setTimeout(then) : requestAnimationFrame(() => setTimeout(then));
  painted(async () => {
    const late = new Promise((done) => setTimeout(done, 1000));
    await Promise.race([document.fonts.ready, late]);
    document.documentElement.dataset.far &&= "skipped";
    const parts = "article > section > section, article dl.py, article tbody + tbody";
    const far = [...document.querySelectorAll(parts)];
    const nearer = () => {
      if (!far.length) return document.documentElement.removeAttribute("data-far");
      far.shift().setAttribute("data-near", "");
      painted(nearer);
    };
    const scripts = [];
    let waiting = scripts.length;
    if (!waiting) nearer(); // make dev leaves the scripts where they are
    for (const src of scripts) {
      const script = document.createElement("script");
      const done = () => --waiting || nearer();
      Object.assign(script, { src, async: false, onload: done, onerror: done });
      document.body.append(script);
    }
  });
}
