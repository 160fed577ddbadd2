/* A browser reads no other page from file://: there, a script holds their words. */
"use strict";

if (location.protocol === "file:") {
  const words = new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "_static/texts.js";
    script.onload = () => resolve(pageTexts);
    document.head.append(script);
  });
  window.fetch = async (url) => {
    const main = document.createElement("div");
    main.setAttribute("role", "main");
    main.textContent = (await words)[url.replace(/^\.\/|\.html$/g, "")];
    return new Response(main.outerHTML);
  };
}
