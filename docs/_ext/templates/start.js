{
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || mode;
  } catch {} // a reader may refuse storage
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = mode === "auto" ? dark : mode;
}
