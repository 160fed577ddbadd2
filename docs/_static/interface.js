// What the theme leaves to Bootstrap: menus, and the way to the top.
{
  const close = (toggle) => {
    toggle.setAttribute("aria-expanded", "false");
    toggle.nextElementSibling.classList.remove("show");
  };

  const open = (toggle) => {
    toggle.setAttribute("aria-expanded", "true");
    toggle.nextElementSibling.classList.add("show");
    toggle.focus(); // the theme takes it away on a click
  };

  const move = (toggle, step) => {
    const items = [...toggle.nextElementSibling.querySelectorAll(".dropdown-item")];
    const at = items.indexOf(document.activeElement);
    items.at((Math.max(at, step < 0 ? 0 : at) + step) % items.length).focus();
  };

  for (const toggle of document.querySelectorAll('[data-bs-toggle="dropdown"]')) {
    const menu = toggle.nextElementSibling;
    const box = toggle.parentElement;
    menu.setAttribute("data-bs-popper", "static");
    const leave = () => {
      close(toggle);
      toggle.focus();
    };
    close(toggle);
    toggle.addEventListener("click", () =>
      menu.classList.contains("show") ? close(toggle) : open(toggle),
    );
    menu.addEventListener("click", leave);
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && menu.classList.contains("show")) leave();
      else if (step) {
        event.preventDefault();
        if (!menu.classList.contains("show")) open(toggle);
        move(toggle, step);
      }
    });
    box.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !box.contains(event.relatedTarget)) close(toggle);
    });
    document.addEventListener("click", (event) => {
      if (!box.contains(event.target)) close(toggle);
    });
  }

  // What scrolls takes the focus.
  const measured = new ResizeObserver((boxes) => {
    for (const { target: box } of boxes)
      box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  });
  const scrolled = "pre, .output, .pst-scrollable-table-container, .atlas p:has(math)";
  for (const box of document.querySelectorAll(scrolled)) measured.observe(box);

  // Code, and what a formula was written as, can be taken along.
  const copier = (source, name) => {
    const copy = document.createElement("button");
    const said = (words) => () => (copy.textContent = words);
    Object.assign(copy, { type: "button", className: "copy", textContent: "Copy" });
    copy.setAttribute("aria-label", name);
    copy.onclick = () =>
      navigator.clipboard.writeText(source.textContent.trim()).then(said("Copied"));
    copy.onblur = copy.onpointerleave = said("Copy");
    return copy;
  };
  if (navigator.clipboard) {
    for (const source of document.querySelectorAll("details.measured pre"))
      source.before(copier(source, "Copy the LaTeX"));
    const code = "article .highlight > pre:not(.cell_output *, details.measured *)";
    for (const source of document.querySelectorAll(code))
      source.parentElement.after(copier(source, "Copy the code"));
  }

  // A drawer has done its work once a link in it leads to a part of the page.
  for (const drawer of document.querySelectorAll("dialog"))
    drawer.addEventListener("click", ({ target }) => {
      if (target.closest("a")?.hash) drawer.close();
    });

  // All is laid out for who follows a link on the page, so that nothing grows on the way.
  document.addEventListener("click", ({ target }) => {
    const link = target.closest('a[href^="#"]');
    if (link) document.documentElement.removeAttribute("data-far");
  });

  // The contents name the part that is read: the last one whose heading has gone by.
  const entries = document.querySelectorAll("#page-toc-nav .toc-entry");
  const part = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const links = [...document.querySelectorAll("#page-toc-nav a")].filter(part);
  const tell = () => {
    // Asked from the top: what is asked where it is must be laid out.
    const below = (link) => part(link).getBoundingClientRect().top >= innerHeight / 4;
    const next = links.findIndex(below);
    const here = links[(next < 0 ? links.length : next) - 1];
    for (const link of links) {
      link.classList.toggle("active", link === here);
      link.setAttribute("aria-current", link === here);
    }
    for (const entry of entries) entry.classList.toggle("active", entry.contains(here));
  };
  if (links.length) addEventListener("scroll", tell, { passive: true });
  tell();

  // WebKit holds nobody's place while what is above it grows: there, who followed a link
  // to a part of the page, and has not moved since, is led to it once more.
  if (!CSS.supports("overflow-anchor", "auto")) {
    const lead = () => document.querySelector(":target")?.scrollIntoView();
    const grown = new ResizeObserver(lead);
    grown.observe(document.querySelector("article"));
    for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"])
      addEventListener(kind, () => grown.disconnect(), { once: true });
  }

  const top = document.getElementById("pst-back-to-top");
  let before = 0;
  addEventListener("scroll", () => {
    top.style.display = scrollY < before && scrollY > innerHeight ? "block" : "none";
    before = scrollY;
  });
  top.addEventListener("click", () => scrollTo(0, 0));
}
