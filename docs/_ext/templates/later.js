// Once what is seen is painted, in its own fonts, for which it waits a second at most: what
// else is near, and the scripts, in their order. What nobody looks at is not painted, and
// does not wait.
{
  const painted = (then) =>
    document.hidden ? setTimeout(then) : requestAnimationFrame(() => setTimeout(then));
  painted(async () => {
    const root = document.documentElement.dataset;
    const late = new Promise((done) => setTimeout(done, 1000));
    await Promise.race([document.fonts.ready, late]);
    root.far &&= "skipped";
    const scripts = [];
    let waiting = scripts.length;
    const done = () => waiting-- || delete root.waiting;
    done(); // make dev leaves the scripts where they are
    for (const src of scripts) {
      const script = document.createElement("script");
      Object.assign(script, { src, async: false, onload: done, onerror: done });
      document.body.append(script);
    }
  });
}
