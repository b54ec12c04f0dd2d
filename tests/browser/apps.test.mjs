// Apps of servers that we did not write, in their sandbox: on another origin, and on a site that has only one.
import assert from "node:assert/strict";
import { PAGE, appServer, page as appPage, startApps, wrongMessages } from "../servers/apps.mjs";
import { READ, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { DESKTOP, PHONE, journey, site, siteBelowPath } from "./harness.mjs";
import { review } from "./publishing.mjs";
import { assertSoon } from "./soon.mjs";

// What a browser says about a frame that may not do something is what these tests are about, and no fault of the page.
const expected = [/Content Security Policy/, /sandbox/i];

const TOPOLOGIES = [
  { where: "on a second origin", base: undefined, origin: site.replace("localhost", "127.0.0.1"), apart: true },
  { where: "on a site with one origin", base: siteBelowPath, origin: site ? new URL(siteBelowPath).origin : "", apart: false },
];

/** Records every message between the page and the sandbox, as `[["host" or "page", message], ...]`. */
async function record(page) {
  await page.addInitScript(() => {
    if (globalThis !== globalThis.top) return;
    globalThis.passed = [];
    const send = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (data, ...rest) {
      if (Array.isArray(data) && data[0] === "page") globalThis.passed.push(["host", JSON.parse(data[1])]);
      return send.call(this, data, ...rest);
    };
    const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
    Object.defineProperty(MessagePort.prototype, "onmessage", {
      get() { return handler.get.call(this); },
      set(hear) {
        handler.set.call(this, hear && ((event) => {
          if (Array.isArray(event.data) && event.data[0] === "page") globalThis.passed.push(["page", JSON.parse(event.data[1])]);
          return hear.call(this, event);
        }));
      },
    });
  });
  return () => page.evaluate(() => globalThis.passed);
}

/** An admin says that an action only reads. */
async function setRead(app, page, title) {
  const row = page.getByRole("main").locator("li.row-card.action").filter({ hasText: title });
  await row.locator("summary").first().click();
  await row.getByLabel("Class").selectOption({ label: "read" });
  await assertSoon(async () => (await row.textContent()).includes("set by an admin"), `${title} reads`);
}

for (const { where, base, origin, apart } of TOPOLOGIES) {
  journey(`MCP Apps ${where}: server-debug runs, and its own log says what it saw`, { base, expected: [...expected, /this view is being closed/], timeout: 150_000 }, async ({ app, page, keep }) => {
    const passed = await record(page);
    const server = await keep(startApps("debug"));
    await app.connect({ name: "Debug", url: server.url });
    await setRead(app, page, "Log to File");
    await setRead(app, page, "Refresh Debug Info");
    await app.chat();
    await app.propose("debug tool", {}, "Debug Tool");
    await app.answer("Allow once");
    const view = app.app("Debug");
    const inside = app.insideApp("Debug");
    await inside.getByText("Event Log").waitFor({ timeout: 30_000 });
    const saw = (type) => server.log().filter((line) => line.type === type);
    await assertSoon(() => saw("ontoolresult").length === 1, "the app has its result");
    // Each line of its log is a request of its own, so lines may overtake each other on the way: the port says the order.
    await assertSoon(() => saw("ontoolinput").length === 1, "the arguments were told once");
    const order = (await passed()).filter(([from]) => from === "host").map(([, message]) => message.method);
    const [input, result] = ["tool-input", "tool-result"].map((what) => order.indexOf(`ui/notifications/${what}`));
    assert.ok(input >= 0 && input < result, `in order: ${order}`);

    // Where it runs: the sandbox on the origin it belongs to, the app on none.
    const sandbox = page.frames().find((frame) => frame.url().includes("sandbox.html"));
    assert.equal(new URL(sandbox.url()).origin, origin);
    const flags = await view.locator("iframe").getAttribute("sandbox");
    assert.equal(flags, apart ? "allow-scripts allow-same-origin allow-forms" : "allow-scripts allow-forms");
    const child = sandbox.childFrames()[0];
    assert.equal(await child.evaluate(() => globalThis.origin), "null");
    assert.equal((await view.textContent()).includes("shares this site"), !apart, "it is said where it runs");

    // It says something: shown as its own, and only after a click.
    await inside.getByRole("button", { name: "Send Text" }).click();
    const asks = view.getByRole("group", { name: "Message of the app" });
    await asks.waitFor();
    assert.ok((await asks.textContent()).includes("Hello from debug app!"));
    assert.equal(await app.log.getByRole("article", { name: "Message of an app" }).count(), 0);
    await app.button("Let the app say it", asks).click();
    const said = app.log.getByRole("article", { name: "Message of an app" });
    await said.waitFor();
    assert.match(await said.textContent(), /Debug · 127\.0\.0\.1.*its app wrote this/);

    // What a model is told is shown too, and only the last of it.
    await inside.getByRole("button", { name: "Update (Text)" }).click();
    const told = app.log.locator(".from-app.context");
    await assertSoon(async () => (await told.count()) === 1, "the context is shown");
    await inside.getByRole("button", { name: "Update (Structured)" }).click();
    await app.log.locator(".from-app.context summary").click();
    await assertSoon(async () => (await told.textContent()).includes("{"), "the last one counts");
    assert.equal(await told.count(), 1);

    // A link is asked about, with its host.
    await inside.getByRole("button", { name: "Open Link" }).click();
    const link = view.getByRole("group", { name: "Link of the app" });
    await link.waitFor();
    assert.ok((await link.textContent()).includes("modelcontextprotocol.io"));
    await app.screenshot(`app-asks-${apart ? "apart" : "here"}`);
    await app.button("Do not open it", link).click();

    // It calls its own server, reads logs, is told the theme.
    await inside.getByRole("button", { name: "Call debug-refresh" }).click();
    await inside.getByRole("button", { name: "info", exact: true }).click();
    await app.button("Report", view).click();
    const report = view.getByRole("group", { name: "Report about the app" });
    await assertSoon(async () => (await report.textContent()).includes("debug-refresh · done"), "the call is in the report");
    await app.button("Report", view).click();
    await page.emulateMedia({ colorScheme: "dark" });
    await assertSoon(() => saw("onhostcontextchanged").length > 0, "the app was told the theme");
    await page.emulateMedia({ colorScheme: "light" });

    // It declares no mode besides the one it is in, so it is shown in no other: its wish is answered with what is.
    for (const [button, mode] of [["Fullscreen", "fullscreen"], ["PiP", "pip"]]) {
      await inside.getByRole("button", { name: button }).click();
      const answered = () => saw("display-mode-result").find((line) => line.payload.mode === mode);
      await assertSoon(() => answered() !== undefined, `${button} is answered`);
      assert.deepEqual(answered().payload.result, { mode: "inline" });
      assert.equal(await view.getAttribute("class"), "guest");
    }
    assert.equal(await app.button("Expand", view).count(), 0, "nor does the head offer it");

    await app.button("Stop", view).click();
    await view.getByText("You stopped this app.").waitFor();
    // It is asked to end and says that it did. It would log that too; once it is asked to end, it calls nothing more.
    const goodbye = async () => {
      const all = await passed();
      const asked = all.filter(([from, message]) => from === "host" && message.method === "ui/resource-teardown");
      const answers = all.filter(([from, message]) => from === "page" && asked.some(([, { id }]) => message.id === id) && message.method === undefined);
      return [asked.length, answers.map(([, message]) => message.result)];
    };
    await assertSoon(async () => (await goodbye())[1].length > 0, "it could say goodbye");
    assert.deepEqual(await goodbye(), [1, [{}]]);
    assert.equal(saw("onteardown").length, 0);
    assert.equal(await view.locator("iframe").count(), 0);
    assert.ok((await app.card("Debug Tool").textContent()).includes("Debug text content"), "the result in words is there");
    assert.deepEqual(wrongMessages(await passed()), [], "every message is one of the official schema");
  });

  journey(`MCP Apps ${where}: an app goes through the modes that it declares without being loaded again`, { base, expected }, async ({ app, page, keep }) => {
    const passed = await record(page);
    const server = await keep(appServer({ html: appPage(`
      addEventListener("message", ({ data }) => { if (data.params?.displayMode) document.body.dataset.told = data.params.displayMode; });
      await start();
      for (const mode of ["fullscreen", "pip"]) {
        const button = Object.assign(document.createElement("button"), { textContent: mode });
        button.onclick = async () => say("it is " + (await ask("ui/request-display-mode", { mode })).mode);
        document.body.append(button);
      }
      await report("loaded");`) }));
    await app.connect({ name: "Pages", url: server.url });
    await app.chat();
    await app.propose("show the page", {}, "Show the page");
    const view = app.app("Pages");
    const inside = app.insideApp("Pages");
    const body = inside.locator("body");
    const told = (mode) => assertSoon(async () => (await body.getAttribute("data-told")) === mode, `it is told ${mode}`);
    await assertSoon(() => server.reports().length === 1, "it is loaded");
    for (const [mode, name] of [["fullscreen", "full"], ["pip", "pip"]]) {
      await inside.getByRole("button", { name: mode }).click();
      await assertSoon(async () => (await view.getAttribute("class")).includes(name), `${mode} is shown`);
      await inside.getByText(`it is ${mode}`).waitFor();
      await told(mode);
      assert.ok(await view.getByText("127.0.0.1").first().isVisible(), "the host stands above it");
      assert.ok(await app.button("Stop", view).isVisible());
      await app.screenshot(`app-${name}-${apart ? "apart" : "here"}`);
      await body.press("Escape");
      await assertSoon(async () => (await view.getAttribute("class")) === "guest", "Escape leads back");
      await told("inline");
    }
    // The person changes the mode with the buttons of the head.
    for (const [button, name, back] of [["Expand", "full", "Shrink"], ["Float", "pip", "Shrink"]]) {
      await app.button(button, view).click();
      await assertSoon(async () => (await view.getAttribute("class")).includes(name), `${button} shows it so`);
      await app.button(back, view).click();
      await assertSoon(async () => (await view.getAttribute("class")) === "guest", `${back} leads back`);
    }
    await inside.getByText("it is pip").waitFor();
    assert.equal(server.reports().length, 1, "it was never loaded again");
    assert.deepEqual(wrongMessages(await passed()), [], "every message is one of the official schema");
  });

  for (const [name, action, inside] of [["basic-vanillajs", "Get Time", "Server Time"], ["budget-allocator", "Get Budget Data", /Allocated: \$[1-9]/]]) {
    journey(`MCP Apps ${where}: server-${name} runs`, { base, expected }, async ({ app, page, keep }) => {
      const server = await keep(startApps(name));
      await app.connect({ name: "Example", url: server.url });
      await app.chat();
      await app.propose(action.toLowerCase(), {}, action);
      await app.answer("Allow once");
      await app.says(action, "Done", 40_000);
      await app.insideApp("Example").locator("body").getByText(inside).filter({ visible: true }).first().waitFor({ timeout: 30_000 });
      await page.waitForTimeout(500);
      await app.screenshot(`app-${name}-${apart ? "apart" : "here"}`);
      const height = await app.app("Example").locator("iframe").evaluate((frame) => frame.clientHeight);
      assert.ok(height >= 48 && height <= 640, `${height} px`);
    });
  }
}

for (const colorScheme of ["light", "dark"]) {
  journey(`axe finds nothing on an app and its page for admins in ${colorScheme}`, { colorScheme, expected, timeout: 120_000 }, async ({ app, page, keep }) => {
    const html = appPage("await start(); say('Thirty tickets, seven of them open'); try { await fetch('https://undeclared.example/x') } catch {} tell('ui/notifications/size-changed', { height: 120 }); ask('ui/open-link', { url: 'https://docs.example.org/page' });");
    const server = await keep(appServer({ html, meta: { csp: { connectDomains: ["https://api.example.com", "*"], resourceDomains: ["https://*.cdn.example.com"] }, permissions: { camera: {}, clipboardWrite: {} } } }));
    await app.connect({ name: "Tickets", url: server.url });
    await app.openTab("App UI");
    await page.getByText("It may send requests to https://api.example.com").waitFor();
    await page.getByText("It asks for the camera, writing to the clipboard, which it does not get here.").waitFor();
    await app.button("Preview the app").click();
    await app.insideApp("Tickets").getByText("Thirty tickets").waitFor();
    await app.screenshot(`app-ui-${colorScheme}`);
    assert.deepEqual(await app.violations(), [], "the page for admins");
    await page.setViewportSize(PHONE);
    await app.screenshot(`app-ui-${colorScheme}-phone`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await app.chat();
    await app.propose("show the page", {}, "Show the page");
    await app.insideApp("Tickets").getByText("Thirty tickets").waitFor();
    const view = app.app("Tickets");
    await view.getByText("1 request blocked").click();
    await view.getByText("a request to undeclared.example").waitFor();
    await view.getByText("`*`, which is not given").or(view.getByText("It declared `*`")).first().waitFor();
    assert.deepEqual(await app.violations(), [], "the app");
    await app.screenshot(`app-card-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`app-card-${colorScheme}-phone`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${sideways} px too wide for a phone`);
  });
}

journey("X47 an app calls only what its server gives to apps, and a model only what it gives to models", { expected }, async ({ app, keep }) => {
  const html = appPage(`await start();
    const got = {};
    for (const name of ["for_model", "for_app", "create_note", "report_nothing"]) got[name] = await attempt(async () => (await ask("tools/call", { name, arguments: {} })).content[0].text);
    await report(got);`);
  const server = await keep(appServer({ html, tools: [
    tool("for_model", READ, { title: "For the model", _meta: { ui: { visibility: ["model"] } } }),
    tool("for_app", READ, { title: "For the app", _meta: { ui: { visibility: ["app"] } } }),
  ] }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["show_page", {}]] } : { say: "shown" })));
  await app.connect({ name: "Pages", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("show me the page");
  await app.log.getByText("shown", { exact: true }).first().waitFor();
  await assertSoon(() => server.reports().length === 1, "the app has tried");
  const [got] = server.reports();
  assert.equal(got.for_app, "did: done");
  for (const name of ["for_model", "create_note", "report_nothing"]) assert.match(got[name], /^could not/, name);
  assert.deepEqual(server.calls.map((call) => call.name).filter((name) => name === "for_model"), []);
  const offered = model.asked[0].offered;
  assert.ok(offered.some((name) => name.endsWith("for_model")) && !offered.some((name) => name.endsWith("for_app") || name.endsWith("report")), offered.join(" "));
});

journey("X48 a page that changed since it was approved is held, and what it wants more is told", { expected, timeout: 150_000 }, async ({ app, page, keep }) => {
  let version = "first";
  let meta = {};
  const server = await keep(appServer({ html: () => appPage(`await start(); say("${version} version");`), meta: () => meta }));
  await app.connect({ name: "Pages", url: server.url });
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.insideApp("Pages").getByText("first version").waitFor();

  // Another text, the same definition of the action: held before anything is sent.
  version = "second";
  const calls = server.calls.length;
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.says("Show the page", "changed since it was approved");
  assert.equal(server.calls.length, calls, "nothing was sent");
  assert.equal(await page.locator("iframe").count(), 0);
  await app.openConnector("Pages", "App UI");
  await page.getByText("Its text is another one").waitFor();

  // Wider wishes are named one by one.
  version = "first";
  meta = { csp: { connectDomains: ["https://collect.evil.example"] }, permissions: { microphone: {} } };
  await page.reload();
  await page.getByText("It now wants to send requests to https://collect.evil.example").waitFor();
  await page.getByText("It now wants to use microphone").waitFor();
  await app.screenshot("app-ui-held");
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.says("Show the page", "changed since it was approved");
  assert.equal(server.calls.length, calls, "nothing was sent");
});

journey("RQ004 X48 a page that changed is led to from the chat and waits in the inbox, is accepted where changes are, and is shown again", { expected, timeout: 150_000 }, async ({ app, page, keep }) => {
  const main = page.getByRole("main");
  let version = "first";
  const server = await keep(appServer({ html: () => appPage(`await start(); say("${version} version");`) }));
  await app.connect({ name: "Pages", url: server.url });
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.insideApp("Pages").getByText("first version").waitFor();
  version = "second";
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.says("Show the page", "changed since it was approved");
  await main.locator(".drift .note").getByRole("link", { name: "See what changed" }).click();
  const change = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: PAGE }) });
  await change.getByText(/^Its text is another one: approved /).waitFor();
  assert.match(await change.textContent(), /Raises the risk.*Page of show_page; changed, held/s);
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("changes-page");
  // Whoever looks after it finds it in the inbox, and from there the way back to it.
  await app.open("/workspace/connectors");
  const inbox = page.getByRole("region", { name: "Inbox" });
  await inbox.getByText(/You saw 1 change /).waitFor();
  await inbox.getByRole("link", { name: "Review" }).click();
  await app.button(`Accept ${PAGE}`).click();
  await main.getByText(/^Nothing changed since version 2 was approved/).waitFor();
  await app.open("/workspace/connectors?tab=drafts");
  await app.button("Menu of Pages").waitFor();
  await assertSoon(async () => (await inbox.count()) === 0, "it does not wait any more");
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.insideApp("Pages").getByText("second version").waitFor();
});

journey("RQ004 X48 publishing is refused while a page is another one, and goes on when it was taken over", { expected, timeout: 150_000 }, async ({ app, page, keep }) => {
  let version = "first";
  const server = await keep(appServer({ html: () => appPage(`await start(); say("${version} version");`) }));
  await app.connect({ name: "Pages", url: server.url });
  await review(app);
  version = "second";
  await app.button("Publish connector").click();
  await page.getByRole("alert").getByText(/lists something else than what is on this page/).waitFor();
  await app.button("Refresh").click();
  await page.getByText("1 change on the server.").waitFor();
  const differs = page.getByRole("list", { name: "What differs" });
  await differs.getByRole("heading", { name: PAGE }).waitFor();
  await app.button("Take the changes over, unticked").click();
  await differs.waitFor({ state: "detached" });
  await app.button("Publish connector").click();
  await page.getByRole("main").getByText(/^Reviewed by You, .*version 2$/).first().waitFor();
});

journey("MCP Apps: a page made for the older SDK is shown under its older names", { expected }, async ({ app, keep }) => {
  const server = await keep(hostile({
    capabilities: { tools: {}, resources: {} },
    tools: [tool("show_old", READ, { title: "Show the old page", _meta: { "openai/outputTemplate": "ui://old/page" } })],
    call: () => text("shown"),
    on: (message, exchange) => {
      if (message.method !== "resources/read") return false;
      exchange.result({ contents: [{ uri: "ui://old/page", mimeType: "text/html+skybridge", text: "<p>An older page</p>", _meta: { "openai/widgetCSP": { connect_domains: ["https://api.example.com"], resource_domains: [] } } }] });
      return true;
    },
  }));
  await app.connect({ name: "Older", url: server.url });
  await app.chat();
  await app.propose("show the old page", {}, "Show the old page");
  await app.insideApp("Older").getByText("An older page").waitFor();
  await app.button("Report", app.app("Older")).click();
  assert.ok((await app.app("Older").textContent()).includes("https://api.example.com"));
});

journey("MCP Apps: servers are told that pages can be shown, and a reload starts no app by itself", { expected }, async ({ app, page, keep }) => {
  const server = await keep(appServer({ html: appPage("await start(); say('running');") }));
  await app.connect({ name: "Pages", url: server.url });
  const hello = server.messages.find((message) => message.method === "initialize");
  assert.deepEqual(hello.params.capabilities.extensions, { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } });
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await app.insideApp("Pages").getByText("running").waitFor();
  await page.reload();
  await app.ready();
  await app.button("Show the app").waitFor();
  assert.equal(await page.locator("iframe").count(), 0);
  assert.ok((await app.card("Show the page").textContent()).includes("the page is shown"), "the result in words is there");
  await app.button("Show the app").click();
  await app.insideApp("Pages").getByText("running").waitFor();
  await app.button("Reload", app.app("Pages")).click();
  await app.insideApp("Pages").getByText("running").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  journey(`AQ006 S106 an app that never says that it is ready is said to be so, with its result as text, in ${colorScheme}`, { colorScheme, expected, timeout: 120_000 }, async ({ app, page, keep }) => {
    const server = await keep(appServer({ html: appPage("say('I say nothing');"), result: text("thirty tickets") }));
    await app.connect({ name: "Pages", url: server.url });
    await app.chat();
    await app.propose("show the page", {}, "Show the page");
    const view = app.app("Pages");
    await app.insideApp("Pages").getByText("I say nothing").waitFor();
    await view.getByText("This app has not said that it is ready, so it was not told its result. The result is below as text.").waitFor({ timeout: 30_000 });
    await app.card("Show the page").getByText("thirty tickets").filter({ visible: true }).first().waitFor();
    assert.ok(await app.insideApp("Pages").getByText("I say nothing").isVisible(), "what it shows stays");
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`app-silent-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`app-silent-${colorScheme}-phone`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), "it fits a phone");
    await app.button("Load the app again", view).click();
    await view.getByText("This app has not said that it is ready").waitFor({ state: "detached" });
    await app.insideApp("Pages").getByText("I say nothing").waitFor();
  });
}

/** A page that knows nothing but `window.openai`. */
const OLDER = `<p id="out"></p><p id="said"></p><button id="call">call</button><button id="follow">follow</button><button id="open">open</button><button id="state">state</button><button id="full">full</button><script>
  const at = (id) => document.getElementById(id);
  const show = () => { at("out").textContent = JSON.stringify([openai.toolInput, openai.toolOutput, openai.toolResponseMetadata, openai.theme, openai.displayMode, typeof openai.locale, openai.widgetState]); };
  document.body.dataset.first = JSON.stringify(openai.toolOutput);
  addEventListener("openai:set_globals", show);
  show();
  const told = (work) => work.then((value) => { at("said").textContent = JSON.stringify(value ?? "nothing"); }, (error) => { at("said").textContent = "refused: " + error.message; });
  at("call").onclick = () => told(openai.callTool("peek", { at: "door" }));
  at("follow").onclick = () => told(openai.sendFollowUpMessage({ prompt: "Ask me about the tickets" }));
  at("open").onclick = () => told(openai.openExternal({ href: "https://docs.example.org/page" }));
  at("state").onclick = () => told(openai.setWidgetState({ row: 7 }));
  at("full").onclick = () => told(openai.requestDisplayMode({ mode: "fullscreen" }));
</script>`;

for (const { where, base } of TOPOLOGIES) {
  journey(`AQ007 S106 a page that speaks to window.openai alone runs ${where}, and what it wants is asked like any other wish`, { base, expected, timeout: 120_000 }, async ({ app, page, keep }) => {
    const passed = await record(page);
    const server = await keep(hostile({
      capabilities: { tools: {}, resources: {} },
      tools: [
        tool("show_tickets", READ, { title: "Show the tickets", inputSchema: strings("queue"), _meta: { "openai/outputTemplate": "ui://old/page", "openai/toolInvocation/invoked": "Tickets on the board" } }),
        tool("peek", READ, { title: "Peek", inputSchema: strings("at"), _meta: { "openai/widgetAccessible": true } }),
      ],
      call: (name, given) => (name === "peek" ? text(`peeked at the ${given.at}`) : { ...text("thirty tickets"), structuredContent: { tickets: 30, odd: "</script><b>" }, _meta: { board: "east" } }),
      on: (message, exchange) => {
        if (message.method !== "resources/read") return false;
        exchange.result({ contents: [{ uri: "ui://old/page", mimeType: "text/html+skybridge", text: OLDER }] });
        return true;
      },
    }));
    await app.connect({ name: "Older", url: server.url });
    await app.chat();
    await app.propose("show the tickets", { queue: "east" }, "Show the tickets");
    const [view, inside] = [app.app("Older"), app.insideApp("Older")];
    const out = inside.locator("#out");
    const knows = async (...some) => assertSoon(async () => { const words = await out.textContent(); return some.every((each) => words.includes(each)); }, some.join(", "), 20_000);
    await knows('{"queue":"east"}', '{"tickets":30,"odd":"</script><b>"}', '{"board":"east"}', '"light","inline","string"');
    // Whose words they are stands before them.
    await app.card("Show the tickets").getByText(`${new URL(server.url).host}: Tickets on the board`).waitFor();
    const said = (words) => assertSoon(async () => (await inside.locator("#said").textContent()).includes(words), words, 20_000);
    await inside.locator("#call").click();
    await said("peeked at the door");
    assert.equal(server.calls.at(-1).name, "peek");

    await inside.locator("#follow").click();
    const message = view.getByRole("group", { name: "Message of the app" });
    await message.getByText("Ask me about the tickets").waitFor();
    await app.button("Do not let it", message).click();
    await said("refused: the person did not want it said");
    await inside.locator("#open").click();
    const link = view.getByRole("group", { name: "Link of the app" });
    await link.getByText("docs.example.org").first().waitFor();
    await app.button("Do not open it", link).click();
    await said("refused: the person did not want it opened");
    await inside.locator("#state").click();
    await knows('{"row":7}');
    await app.log.locator(".from-app.context").filter({ hasText: '"row":7' }).waitFor({ state: "attached" });
    await inside.locator("#full").click();
    await assertSoon(async () => (await view.getAttribute("class")).includes("full"), "it fills the window");
    await knows('"fullscreen"');
    await app.screenshot(`app-older-${base === undefined ? "apart" : "here"}`);
    await app.button("Shrink", view).click();
    await knows('"inline"');
    await page.emulateMedia({ colorScheme: "dark" });
    await knows('"dark"');
    assert.deepEqual(wrongMessages(await passed()), [], "every message is one of the official schema");

    // What is known when it is loaded, it finds at once.
    await page.reload();
    await app.ready();
    await app.button("Show the app").click();
    await inside.locator("#out").waitFor();
    assert.equal(JSON.parse(await inside.locator("body").getAttribute("data-first")).tickets, 30);
    await app.button("Stop", view).click();
    await view.getByText("You stopped this app.").waitFor();
  });
}

journey("AQ008 MCP Apps: an app reads the lists of its server, hears how far its call is, and is told the size of its place", { expected, timeout: 120_000 }, async ({ app, page, keep }) => {
  const passed = await record(page);
  let goOn = () => {};
  const goes = new Promise((done) => { goOn = done; });
  const html = appPage(`
    addEventListener("message", ({ data }) => {
      if (data.method === "notifications/progress") { document.body.dataset.progress = JSON.stringify(data.params); }
      const width = data.params?.containerDimensions?.width;
      if (width) document.body.dataset.width = width;
    });
    await start();
    tell("notifications/message", { level: "warning", data: "I log this" });
    const got = {};
    for (const method of ["resources/list", "resources/templates/list", "prompts/list"]) got[method] = await attempt(async () => JSON.stringify(await ask(method)));
    got.cursor = await attempt(() => ask("resources/list", { cursor: "2" }));
    got.tools = await attempt(() => ask("tools/list"));
    await report(got);
    const slow = await ask("tools/call", { name: "slow_read", arguments: {}, _meta: { progressToken: "mine" } });
    say(slow.content[0].text);`);
  const lists = {
    "resources/list": { resources: [{ uri: "doc://1", name: "One" }, { uri: "doc://2", name: "Two" }] },
    "resources/templates/list": { resourceTemplates: [{ uriTemplate: "doc://{id}", name: "Any" }, { uriTemplate: "log://{id}", name: "Log" }] },
    "prompts/list": { prompts: [{ name: "greet" }, { name: "leave" }] },
  };
  const asked = [];
  const server = await keep(appServer({
    html,
    meta: { prefersBorder: true },
    capabilities: { prompts: {} },
    tools: [tool("slow_read", READ, { title: "Slow read" })],
    on: (message, exchange) => {
      const { [message.method]: list } = lists;
      if (!list) return false;
      asked.push(message.method);
      const [name, entries] = Object.entries(list)[0];
      // Page by page: an app gets them whole.
      exchange.result(message.params?.cursor ? { [name]: [entries[1]] } : { [name]: [entries[0]], nextCursor: "2" });
      return true;
    },
    call: async (name, given, exchange) => {
      if (name !== "slow_read") return text("done");
      const { id, params } = exchange.message;
      exchange.stream();
      exchange.send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: params._meta.progressToken, progress: 1, total: 4, message: "one of four" } });
      await goes;
      exchange.send({ jsonrpc: "2.0", id, result: text("read slowly") });
      exchange.end();
    },
  }));
  await app.connect({ name: "Pages", url: server.url });
  await app.chat();
  await app.propose("show the page", {}, "Show the page");
  await assertSoon(() => server.reports().length === 1, "the lists are read", 30_000);
  const [got] = server.reports();
  for (const [method, list] of Object.entries(lists)) assert.equal(got[method], `did: ${JSON.stringify(list)}`);
  assert.deepEqual([...new Set(asked)].sort(), Object.keys(lists).sort());
  assert.match(got.cursor, /^could not/);
  assert.match(got.tools, /^could not/);
  const body = app.insideApp("Pages").locator("body");
  await assertSoon(async () => (await body.getAttribute("data-progress")) !== null, "it hears of its progress", 20_000);
  assert.deepEqual(JSON.parse(await body.getAttribute("data-progress")), { progressToken: "mine", progress: 1, total: 4, message: "one of four" });
  goOn();
  await app.insideApp("Pages").getByText("read slowly").waitFor();

  // What it did and logged is in its report.
  const view = app.app("Pages");
  await app.button("Report", view).click();
  const report = view.getByRole("group", { name: "Report about the app" });
  await report.getByText("warning: I log this").waitFor();
  await report.getByText("prompts/list · done").waitFor();
  await app.screenshot("app-report");
  await app.button("Report", view).click();

  await page.setViewportSize(PHONE);
  const width = () => view.locator(".app-frame").evaluate((place) => String(place.clientWidth));
  await assertSoon(async () => (await body.getAttribute("data-width")) === (await width()), "it is told that its place is narrower");
  await app.screenshot("app-edged-phone");
  await page.setViewportSize(DESKTOP);
  await assertSoon(async () => (await body.getAttribute("data-width")) === (await width()), "and that it is wider again");
  assert.deepEqual(wrongMessages(await passed()), [], "every message is one of the official schema");
});
