// Servers that let no web page in: what the doctor finds, what it gives an operator to paste, and the way through a proxy,
// the real nginx with our ready file.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { startCaddyBefore, startCaddyProxy, startNginxBefore, startNginxProxy } from "../servers/proxies.mjs";
import { freePort, modules, startEverythingSse, startModern, startPython } from "../servers/start.mjs";
import { fromTheInternet, journey, site } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const CORS = [/blocked by CORS policy/, /Failed to load resource/];

/**
 * A server that answers each path in its own way: `answers` has functions of the response and the message, if it is one.
 * It tells the browser that `allow` are the headers that a page may send.
 */
async function startAnswering(answers, allow = "*, Authorization") {
  const port = await freePort();
  const seen = [];
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    let body = "";
    for await (const bytes of request) body += bytes;
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE");
    response.setHeader("Access-Control-Allow-Headers", allow);
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    return answers[request.url]?.(response, body ? JSON.parse(body) : null, request.method) ?? response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${port}`;
  return { origin, url: `${origin}/mcp`, seen, stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

/** A server that answers everything at its one path with 200. */
const startPicky = (allow) => startAnswering({ "/mcp": (response) => response.end() }, allow);

/** Has an address examined on the page of a new connector, after a scan of it failed. */
async function examine(app, url, first = true) {
  if (first) await app.turnOnDeveloperMode();
  await app.describe({ name: "Examined", url });
  await app.button("Scan").click();
  return examination(app);
}

/** Has what is on the page examined, and gives the list once all is asked. */
async function examination(app) {
  await app.button("Examine the connection").click();
  await assertSoon(() => app.button("Examine the connection").isEnabled(), "the examination is over", 30_000);
  return app.page.getByRole("list", { name: "Examination" });
}

/** The words of an examination of a connector, on its page. */
async function examineConnector(app) {
  await app.openTab("Overview");
  return (await (await examination(app)).textContent()).replaceAll("`", "");
}

/** As a person has answered the browser's question: until then it is a doubt of every examination of this machine. */
const mayReachThisMachine = (context) => context.grantPermissions(["local-network-access"], { origin: site });

/** What a server's operator can paste, for a kind of server, where an examination offers it. */
async function pasteReady(app, kind) {
  const snippets = app.page.getByRole("region", { name: "What to add to the server" });
  await snippets.getByRole("radio", { name: kind }).check();
  return snippets.getByLabel("Snippet", { exact: true }).textContent();
}

journey("the doctor on a server that refuses web pages: the answer cannot be read, and a snippet to paste", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startModern("--no-cors"));
  const list = await examine(app, server.url);
  const words = await list.textContent();
  assert.match(words, /Does anything answer.*good: yes/);
  assert.match(words, /May this page read an answer.*in the way: no: probably/);
  assert.doesNotMatch(words, /May it post/, "nothing is asked that cannot be known");
  await app.page.getByText("Something answers, but it does not let this page talk to it.").first().waitFor();
  assert.ok((await pasteReady(app, "Express")).includes(`origin: "${site}"`));
  assert.match(await pasteReady(app, "nginx"), /add_header Access-Control-Allow-Origin/);
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("doctor-cors");
  const { seen } = await server.witness();
  assert.deepEqual(seen, [], "nothing reached the server's own code");
});

journey("the doctor names each header that a server does not allow", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startPicky("Content-Type, Authorization, Mcp-Session-Id"));
  const words = await (await examine(app, server.url)).textContent();
  assert.match(words, /May it post a message.*good: yes/);
  assert.match(words, /MCP-Protocol-Version`?\?doubtful: no/);
  assert.match(words, /Mcp-Param-\*`?\?doubtful: no/);
  assert.match(words, /Authorization`?\?good: yes/);
  assert.match(words, /revision of the protocol.*in the way: the handshake fails/, "the handshake decides");
  assert.ok(server.seen.every((each) => !each.startsWith("DELETE")), "nothing is asked that could change something");
});

journey("the doctor tells a wrong path and a dead port apart", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startPicky("*, Authorization"));
  const wrong = await (await examine(app, `${server.origin}/nothing-here`)).textContent();
  assert.match(wrong, /Is there an MCP server at this path.*in the way: probably not: status 404/);
  const dead = await (await examine(app, `http://127.0.0.1:${await freePort()}/mcp`)).textContent();
  assert.match(dead, /Does anything answer.*in the way: no/);
  await app.page.getByText("Nothing answers at this address.").first().waitFor();
});

journey("the doctor tells a sign-in, a hidden challenge, a fault, a redirect and a revision of the future apart", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startAnswering({
    "/challenged": (response) => response.writeHead(401, { "WWW-Authenticate": "Bearer", "Access-Control-Expose-Headers": "WWW-Authenticate" }).end(),
    "/hidden": (response) => response.writeHead(401, { "WWW-Authenticate": "Bearer" }).end(),
    "/fault": (response) => response.writeHead(503).end(),
    "/elsewhere": (response) => response.writeHead(307, { Location: "/mcp" }).end(),
    "/future": (response, message, method) => {
      if (method !== "POST") return response.writeHead(405).end();
      if (message?.id === undefined) return response.writeHead(202).end();
      response.setHeader("Content-Type", "application/json");
      const served = { protocolVersion: "2031-01-01", capabilities: {}, serverInfo: { name: "future", version: "1" } };
      const answer = message.method === "initialize" ? { result: served } : { error: { code: -32601, message: "no such method" } };
      return response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }));
    },
  }));
  await app.turnOnDeveloperMode();
  const said = async (path) => (await (await examine(app, `${server.origin}${path}`, false)).textContent()).replaceAll("`", "");
  const challenged = await said("/challenged");
  assert.match(challenged, /header that starts a sign-in.*good: yes/);
  assert.match(challenged, /it answers 401: it wants a sign-in/);
  assert.doesNotMatch(challenged, /revision of the protocol/, "nobody is asked for more before the sign-in");
  await app.page.getByText("Reachable. The rest shows after the sign-in.").first().waitFor();
  assert.match(await said("/hidden"), /header that starts a sign-in.*doubtful: no: it is missing, or not exposed/);
  assert.match(await said("/fault"), /Is there an MCP server at this path.*in the way: it fails by itself: status 503/);
  assert.match(await said("/elsewhere"), /May this page read an answer.*in the way: it redirects/);
  assert.match(await said("/future"), /revision of the protocol.*in the way: no: .*2031-01-01/);
  await app.page.getByText("The server is reachable, but it does not speak the protocol as it is spoken here.").first().waitFor();
});

journey("the doctor on real servers: the transport of 2024-11-05 is found at its path, the newest revision is named, and being offline is said", { expected: CORS }, async ({ app, context, keep }) => {
  await app.turnOnDeveloperMode();
  const old = await keep(startEverythingSse());
  await app.connect({ name: "Old", url: old.url });
  const first = await examineConnector(app);
  assert.match(first, /Is there an MCP server at this path.*good: it answers 40[45]/);
  assert.match(first, /revision of the protocol.*doubtful: an old one: 2024-11-05/);
  const modern = await keep(startModern());
  await app.connect({ name: "Board", url: modern.url });
  assert.match(await examineConnector(app), /revision of the protocol.*good: yes: 2026-07-28/);
  await context.setOffline(true);
  await app.button("Examine the connection").click();
  await app.page.getByText("You are offline.").first().waitFor();
  assert.match(await app.page.getByRole("list", { name: "Examination" }).textContent(), /Is this browser online.*in the way: no/);
  await context.setOffline(false);
});

journey("DR001 a server that lets pages read and refuses their origin is no sign-in: its own words, and the list to look at", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startPython("--guarded"));
  const words = (await (await examine(app, server.url)).textContent()).replaceAll("`", "");
  assert.match(await app.checklist.textContent(), /refuses this page or this client \(HTTP 403\): “Invalid Origin header”/);
  assert.match(words, /Does it let this page in\?in the way: no: it refuses this page or this client with status 403: “Invalid Origin header”/);
  assert.match(words, /Look at the server's list of origins/);
  assert.doesNotMatch(words, /sign-in/);
  await app.page.getByText("The server is reachable, but it refuses this page or this client.").first().waitFor();
  for (const kind of ["Express", "Starlette, FastAPI"]) assert.match(await pasteReady(app, kind), /check of the Origin header has to allow/);
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("doctor-refused");
});

journey("DR002 DR003 a server of 2025 behind a fixed list of headers works without the version; with a session that pages cannot read, it does not", { expected: CORS }, async ({ app, keep }) => {
  const server = await keep(startModern("--sessions", "--old", "--no-cors"));
  await examine(app, server.url);
  const lines = await pasteReady(app, "nginx");
  const changed = (from, to) => { assert.ok(lines.includes(from), lines); return lines.replace(from, to); };

  const hidden = await keep(startNginxBefore(server.origin, changed("Mcp-Session-Id, ", "")));
  const unread = (await (await examine(app, hidden.url, false)).textContent()).replaceAll("`", "");
  assert.match(unread, /Can the header that names a session be read \(Mcp-Session-Id\)\?in the way: no: probably it is not exposed/);
  assert.match(unread, /Access-Control-Expose-Headers: Mcp-Session-Id/);
  await app.page.getByText("Something answers, but it does not let this page talk to it.").first().waitFor();
  assert.match(await pasteReady(app, "nginx"), /Access-Control-Expose-Headers .*Mcp-Session-Id/);

  const fixed = await keep(startNginxBefore(server.origin, changed("$http_access_control_request_headers", '"Content-Type, Mcp-Session-Id"')));
  await app.connect({ name: "Fixed", url: fixed.url });
  const words = await examineConnector(app);
  assert.match(words, /MCP-Protocol-Version\?doubtful: no/);
  assert.match(words, /revision of the protocol.*good: yes: 2025-11-25/);
  await app.page.getByText(/^It works, with \d things missing\.$/).first().waitFor();
  await pasteReady(app, "nginx");
});

journey("DR004 the doctor knows of the proxy, and looks there when its answer is no answer of the server", { expected: CORS }, async ({ app, context, keep }) => {
  await mayReachThisMachine(context);
  const server = await keep(startModern("--no-cors"));
  const proxy = await keep(startNginxProxy([site], { board: server.origin }));
  const through = `${proxy.origin}/mcp-proxy/board`;
  await app.turnOnDeveloperMode();
  await app.goThrough(server.origin, through);
  await app.connect({ name: "Board", url: server.url });
  const words = await examineConnector(app);
  assert.ok(words.includes(`good: goes through ${through}`), words);
  await app.page.getByText("Nothing is in the way of this page.").first().waitFor();
  await server.stop();
  const gone = await examineConnector(app);
  assert.match(gone, /in the way: status 502: probably the proxy gets no answer from the server/);
  assert.ok(gone.includes(`Look at the proxy ${through} first`), gone);
});

/** A server with what its operator pasted into a file of this name. */
async function startPasted(startServer, name, lines) {
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-pasted-"));
  const file = path.join(folder, name);
  writeFileSync(file, lines);
  // Where a module looks for others.
  symlinkSync(modules, path.join(folder, "node_modules"));
  const server = await startServer("--pasted", file);
  return { ...server, stop: async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); } };
}

const PASTED = [
  ["nginx", () => startModern("--no-cors"), (server, lines) => startNginxBefore(server.origin, lines)],
  ["Caddy", () => startModern("--no-cors"), (server, lines) => startCaddyBefore(server.origin, lines)],
  ["Starlette, FastAPI", () => startPython("--no-cors"), (_, lines) => startPasted(startPython, "pasted.py", lines)],
  ["Express", () => startModern("--no-cors"), (_, lines) => startPasted(startModern, "pasted.mjs", `import express from "express";\nexport const app = express();\n${lines}`)],
];

for (const [kind, startClosed, startOpened] of PASTED) {
  journey(`DR009 what the doctor gives to paste for ${kind} opens a server that refused web pages, and leaves nothing in the way`, { expected: CORS }, async ({ app, context, keep }) => {
    await mayReachThisMachine(context);
    const closed = await keep(startClosed());
    await examine(app, closed.url);
    const opened = await keep(startOpened(closed, await pasteReady(app, kind)));
    await app.connect({ name: "Opened", url: opened.url });
    const words = await examineConnector(app);
    assert.doesNotMatch(words, /doubtful|in the way/);
    assert.match(words, /revision of the protocol.*good: yes: 2026-07-28/);
    await app.page.getByText("Nothing is in the way of this page.").first().waitFor();
  });
}

const PROXIES = [
  ["nginx", (origin) => startNginxProxy([site], { board: origin })],
  ["Caddy", (origin) => startCaddyProxy(site, "board", origin)],
];

for (const [name, startProxy] of PROXIES) {
  journey(`a server that refuses web pages is reached through ${name} with the ready file, and stays itself`, { expected: CORS }, async ({ app, network, keep }) => {
    const server = await keep(startModern("--no-cors"));
    const proxy = await keep(startProxy(server.origin));
    await app.turnOnDeveloperMode();
    await app.goThrough(server.origin, `${proxy.origin}/mcp-proxy/board`);
    await app.connect({ name: "Board", url: server.url });
    await app.page.getByRole("link", { name: "Overview" }).click();
    await app.page.getByText("a proxy of this workspace, which sees everything that is sent").waitFor();
    await app.chat();
    await app.propose("create a ticket", { title: "The door squeaks" }, "Create a ticket");
    await app.decision.waitFor();
    assert.ok((await app.decision.textContent()).includes(new URL(server.url).host), "the identity is the server's, not the proxy's");
    assert.equal(network.calls(proxy.origin).length, 0, "no write before the approval");
    await app.answer("Allow once");
    await app.says("Create a ticket", "Done");
    assert.deepEqual(network.to(server.origin), [], "nothing went past the proxy");
    assert.equal(network.calls(proxy.origin).length, 1);
    const { tickets } = await server.witness();
    assert.ok(tickets.some((ticket) => ticket.title === "The door squeaks"));
    await app.propose("count slowly", { to: 60, pause_ms: 400 }, "Count slowly");
    await app.says("Count slowly", /of 60/);
    await app.button("Cancel", app.card("Count slowly")).click();
    await app.says("Count slowly", "Cancelled");

    const url = `${proxy.origin}/mcp-proxy/board/mcp`;
    const from = (headers, to = url) => fetch(to, { method: "POST", headers, body: "{}" }).then((answer) => answer.status);
    assert.equal(await from({ origin: "https://evil.example" }), 403, "pages of others are refused");
    assert.equal(await from({}), 403, "so is who does not say where it comes from");
    assert.equal(await from({ origin: site }, `${proxy.origin}/mcp-proxy/other/mcp`), 404, "only what is named can be reached");
  });
}

journey("the transport of 2024-11-05 through the proxy: the address it names is the server's own", { expected: CORS }, async ({ app, network, keep }) => {
  const server = await keep(startEverythingSse());
  const proxy = await keep(startNginxProxy([site], { old: server.origin }));
  await app.turnOnDeveloperMode();
  await app.goThrough(server.origin, `${proxy.origin}/mcp-proxy/old`);
  await app.connect({ name: "Old", url: server.url });
  await app.chat();
  await app.propose("echo", { message: "through the proxy" }, "Echo Tool");
  if (await app.decision.isVisible()) await app.answer("Allow once");
  await app.says("Echo Tool", "Done");
  assert.ok((await app.card("Echo Tool").textContent()).includes("through the proxy"));
  assert.deepEqual(network.to(server.origin), [], "nothing went past the proxy");
  assert.ok(network.to(proxy.origin).some((request) => new URL(request.url).pathname === "/mcp-proxy/old/message"));
});

journey("the doctor on a browser that keeps the page from this machine's network, and a connection once it may", { chromium: fromTheInternet, expected: CORS }, async ({ app, context, keep }) => {
  const server = await keep(startModern());
  // Granting one thing refuses every other.
  await context.grantPermissions(["geolocation"], { origin: site });
  const words = await (await examine(app, server.url)).textContent();
  assert.match(words, /May this page reach servers on this machine and its network.*in the way: no, it was refused/i);
  assert.match(words, /allow local network access for this site in the browser's site settings, then reload/i);
  assert.doesNotMatch(words, /Does anything answer/, "nothing is asked that cannot be known");
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("doctor-local-network");
  const { seen } = await server.witness();
  assert.deepEqual(seen, [], "nothing reached the server");
  await context.grantPermissions(["local-network-access"], { origin: site });
  await app.connect({ name: "Board", url: server.url });
});
