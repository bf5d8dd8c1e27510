/* Starts the viewer on /openapi.json, which lies beside this page. Asks nobody else for anything. */
(() => {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  follow();
  dark.addEventListener("change", follow);

  const ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#viewer",
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    validatorUrl: null,
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    defaultModelExpandDepth: 2,
    onComplete: () => {
      document.title = ui.specSelectors.info().get("title") || document.title;
    },
  });
})();
