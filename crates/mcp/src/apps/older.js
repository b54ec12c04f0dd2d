(given) => {
  const open = new Map();
  let next = 1, greeted = null;
  const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const send = (method, params) => new Promise((yes, no) => {
    const id = `openai-${next++}`;
    open.set(id, [yes, no]);
    post({ id, method, params });
  });
  const ask = async (method, params) => { await greet(); return send(method, params); };

  const api = {
    toolInput: {}, toolOutput: null, toolResponseMetadata: null, widgetState: null, displayMode: "inline",
    callTool: (name, given) => ask("tools/call", { name, arguments: given ?? {} }),
    sendFollowUpMessage: ({ prompt }) => ask("ui/message", { role: "user", content: [{ type: "text", text: String(prompt) }] }),
    openExternal: ({ href }) => ask("ui/open-link", { url: String(href) }),
    requestDisplayMode: ({ mode }) => ask("ui/request-display-mode", { mode }),
    notifyIntrinsicHeight: (height) => greet().then(() => post({ method: "ui/notifications/size-changed", params: { height } })),
    setWidgetState: (state) => {
      set({ widgetState: state });
      const data = state !== null && typeof state === "object" && !Array.isArray(state) ? state : { state };
      return ask("ui/update-model-context", { structuredContent: data });
    },
  };
  const set = (globals) => {
    Object.assign(api, globals);
    dispatchEvent(new CustomEvent("openai:set_globals", { detail: { globals } }));
  };
  // What a host context says, under the older names.
  const place = ({ theme, locale, displayMode, containerDimensions: box, safeAreaInsets: insets, deviceCapabilities: device }) => {
    const all = { theme, locale, displayMode, maxHeight: box?.maxHeight ?? box?.height, safeArea: insets && { insets }, userAgent: device && { device: { type: device.touch ? "mobile" : "desktop" }, capabilities: device } };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  };
  const result = ({ structuredContent, _meta }) => ({ toolOutput: structuredContent ?? null, toolResponseMetadata: _meta ?? null });

  // A page that never asks for `window.openai` speaks for itself, and nobody greets in its place.
  const greet = () => greeted ??= (async () => {
    const hello = await send("ui/initialize", {
      appInfo: { name: document.title || "Page for the older SDK", version: "1" },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen", "pip"] },
      protocolVersion: "2026-01-26",
    });
    set(place(hello.hostContext));
    post({ method: "ui/notifications/initialized", params: {} });
    const grow = () => {
      const body = document.body, margin = parseFloat(getComputedStyle(body).marginBottom) || 0;
      post({ method: "ui/notifications/size-changed", params: { height: Math.ceil(body.getBoundingClientRect().bottom + scrollY + margin) } });
    };
    if (document.readyState === "loading") await new Promise((done) => addEventListener("DOMContentLoaded", done));
    new ResizeObserver(grow).observe(document.body);
  })();

  addEventListener("message", ({ source, data }) => {
    if (source !== parent || greeted === null || data?.jsonrpc !== "2.0") return;
    const { id, method, params } = data;
    if (method === undefined) {
      const [yes, no] = open.get(id) ?? [];
      open.delete(id);
      if (data.error) no?.(new Error(data.error.message));
      else yes?.(data.result);
    } else if (method === "ui/resource-teardown") post({ id, result: {} });
    else if (method === "ui/notifications/tool-input") set({ toolInput: params.arguments ?? {} });
    else if (method === "ui/notifications/tool-result") set(result(params));
    else if (method === "ui/notifications/host-context-changed") set(place(params));
  });

  // What is known by now is there from the beginning: many of these pages read it once, and wait for nothing.
  Object.assign(api, place(given.context), given.input && { toolInput: given.input }, given.result && result(given.result));
  Object.defineProperty(window, "openai", { configurable: true, get: () => (greet().catch(() => {}), api) });
}
