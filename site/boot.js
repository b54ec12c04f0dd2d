// Starts the page. A file of its own and no module: it runs before the first paint, so the chosen theme is there from
// the first frame, and it needs no inline script. The attributes of its tag say where the program is.
(async (me) => {
  try {
    const theme = localStorage.getItem("countersign:theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // No storage: the system's theme it is.
  }
  const at = (name) => new URL(me.dataset[name], me.src).href;
  // A host that gives this page for every address gives it for the end of a sign-in too, which needs no program.
  if (location.pathname.endsWith("/oauth/callback")) return void import(at("callback"));
  const read = new Promise((done) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done, { once: true });
    else done();
  });
  try {
    const [{ default: start }] = await Promise.all([import(at("js")), read]);
    await start({ module_or_path: at("wasm") });
  } catch (error) {
    console.error(error);
    await read;
    const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
    const reload = Object.assign(element("button", "Reload"), { type: "button", onclick: () => location.reload() });
    const main = Object.assign(document.createElement("main"), { className: "stopped" });
    const why = typeof WebAssembly === "object"
      ? "Part of the program could not be loaded. Check the connection, then reload. Nothing you kept here is lost."
      : "This browser does not run WebAssembly, or it has been switched off for this site.";
    main.append(element("h1", "Countersign could not start"), element("p", why), reload);
    document.body.replaceChildren(main);
  }
})(document.currentScript);
