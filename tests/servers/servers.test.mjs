// The servers that the browser suite relies on, asked without a browser: when one of these fails, no journey is to blame.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { beacon, hostile, READ, text, tool } from "./hostile.mjs";
import { startModel } from "./model.mjs";
import { startEverything, startEverythingSse, startModern, startPython } from "./start.mjs";

const started = [];
const keep = async (server) => { const ready = await server; started.push(ready); return ready; };
after(() => Promise.all(started.map((server) => (server.stop ?? server.close)())));

const json = "application/json";

async function post(url, message, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": json, Accept: `${json}, text/event-stream`, Origin: "http://localhost:8080", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
  const body = await response.text();
  let answer = null;
  if (body.startsWith("{")) answer = JSON.parse(body);
  else for (const line of body.split(/\r?\n/)) if (line.startsWith("data: {")) answer = JSON.parse(line.slice(6));
  return { response, answer };
}

const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "check", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
};

async function modern(url, method, params = {}, name) {
  return post(url, { id: 1, method, params: { ...params, _meta: modernMeta } }, { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, ...(name ? { "Mcp-Name": name } : {}) });
}

async function legacy(url) {
  const { response, answer } = await post(url, { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo: { name: "check", version: "1.0.0" } } });
  const session = response.headers.get("mcp-session-id");
  const headers = { "MCP-Protocol-Version": answer.result.protocolVersion, ...(session ? { "Mcp-Session-Id": session } : {}) };
  await post(url, { method: "notifications/initialized" }, headers);
  return { response, answer, headers };
}

test("server-everything answers a page of another origin, lists its actions and echoes", async () => {
  const server = await keep(startEverything());
  const { response, answer, headers } = await legacy(server.url);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(answer.result.protocolVersion, "2025-11-25");
  const list = await post(server.url, { id: 2, method: "tools/list" }, headers);
  const names = list.answer.result.tools.map((each) => each.name);
  assert.ok(names.includes("echo") && names.includes("trigger-elicitation-request"), names.join());
  const call = await post(server.url, { id: 3, method: "tools/call", params: { name: "echo", arguments: { message: "hello" } } }, headers);
  assert.match(call.answer.result.content[0].text, /hello/);
});

test("server-everything in its SSE mode names its message endpoint first", async () => {
  const server = await keep(startEverythingSse());
  const abort = new AbortController();
  const response = await fetch(server.url, { headers: { Accept: "text/event-stream" }, signal: abort.signal });
  const { value } = await response.body.getReader().read();
  abort.abort();
  assert.match(new TextDecoder().decode(value), /event: endpoint\r?\ndata: \/message/);
});

test("the board speaks 2026-07-28, asks back with input_required, and 2025-11-25 on the same address", async () => {
  const server = await keep(startModern());
  const discover = await modern(server.url, "server/discover");
  assert.ok(discover.answer.result.supportedVersions.includes("2026-07-28"), JSON.stringify(discover.answer));
  const list = await modern(server.url, "tools/list");
  assert.equal(list.answer.result.tools.length, 6);
  const first = await modern(server.url, "tools/call", { name: "book_room", arguments: { day: "Monday" } }, "book_room");
  assert.equal(first.answer.result.resultType, "input_required");
  const second = await modern(server.url, "tools/call", {
    name: "book_room", arguments: { day: "Monday" }, requestState: first.answer.result.requestState,
    inputResponses: { room: { action: "accept", content: { room: "Blue", people: 3 } } },
  }, "book_room");
  assert.equal(second.answer.result.content[0].text, "Booked Blue for 3 on Monday.");
  const old = await legacy(server.url);
  assert.equal(old.answer.result.protocolVersion, "2025-11-25");
  const { seen } = await server.witness();
  assert.ok(seen.some((each) => each.message.method === "tools/call"));
});

test("the board can list 1,000 actions, and can refuse web pages", async () => {
  const crowd = await keep(startModern("--many", "1000"));
  assert.equal((await modern(crowd.url, "tools/list")).answer.result.tools.length, 1000);
  const closed = await keep(startModern("--no-cors"));
  const { response } = await modern(closed.url, "server/discover");
  assert.equal(response.headers.get("access-control-allow-origin"), null);
});

test("the library answers on the Python SDK and reports where it may be called from", async () => {
  const server = await keep(startPython());
  const { response, headers } = await legacy(server.url);
  assert.ok(response.headers.get("access-control-allow-origin"));
  const call = await post(server.url, { id: 3, method: "tools/call", params: { name: "find_book", arguments: { title: "Middlemarch" } } }, headers);
  assert.equal(call.answer.result.content[0].text, "George Eliot");
  const now = await modern(server.url, "server/discover");
  assert.ok(now.answer.result.supportedVersions.includes("2026-07-28"), JSON.stringify(now.answer));
});

test("the model follows its script over a stream, and refuses with a status", async () => {
  const server = await keep(startModel(({ said, named }) => (said === "too fast" ? { fail: 429, message: "Rate limited" } : { say: "Calling.", calls: [[named("echo"), { message: "hello" }]] })));
  const ask = (content) => fetch(`${server.url}/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": json, Authorization: "Bearer key-for-the-test" },
    body: JSON.stringify({ model: "gpt-4o", stream: true, messages: [{ role: "user", content }], tools: [{ type: "function", function: { name: "things__echo", parameters: { type: "object" } } }] }),
  });
  const body = await (await ask("echo please")).text();
  assert.match(body, /"name":"things__echo"/);
  assert.match(body, /\[DONE\]/);
  assert.equal((await ask("too fast")).status, 429);
});

test("the hostile server is a working server until told otherwise", async () => {
  const server = await keep(hostile({ tools: [tool("look", READ)], call: () => text("seen") }));
  const { headers } = await legacy(server.url);
  const list = await post(server.url, { id: 2, method: "tools/list" }, headers);
  assert.equal(list.answer.result.tools[0].name, "look");
  const call = await post(server.url, { id: 3, method: "tools/call", params: { name: "look", arguments: {} } }, headers);
  assert.equal(call.answer.result.content[0].text, "seen");
  assert.equal(server.calls.length, 1);
  const now = await keep(hostile({ modern: true, tools: [tool("look", READ)] }));
  assert.deepEqual((await modern(now.url, "server/discover")).answer.result.supportedVersions, ["2026-07-28"]);
  assert.equal((await modern(now.url, "tools/call", { name: "look", arguments: {} }, "look")).answer.result.resultType, "complete");
});

test("the beacon hears what is sent to it", async () => {
  const place = await keep(beacon());
  await fetch(`${place.origin}/pixel.png`);
  assert.deepEqual(place.heard, ["GET /pixel.png"]);
});
