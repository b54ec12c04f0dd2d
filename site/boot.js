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
  // How the parts look that are loaded later: at the first sign of a person, or of another page, as they are themselves;
  // before anything is drawn where the first page is not the start of a chat.
  const look = () => new Promise((done) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: at("later"), onload: done });
    // The next sign tries again, as it does for the parts.
    sheet.onerror = () => { sheet.remove(); awaitSign(); done(); };
    document.head.append(sheet);
  });
  const awaitSign = () => {
    const waiting = new AbortController();
    const seen = () => { waiting.abort(); look(); };
    for (const sign of ["pointermove", "pointerdown", "keydown", "dragenter", "popstate"]) addEventListener(sign, seen, { signal: waiting.signal });
  };
  const plain = location.pathname === new URL(document.baseURI).pathname;
  if (plain) awaitSign();
  const read = new Promise((done) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done, { once: true });
    else done();
  });
  try {
    const [{ default: start }] = await Promise.all([import(at("js")), read, plain || look()]);
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
