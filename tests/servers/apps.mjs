// MCP Apps for the suites: the JSON Schema of their messages, the example servers of the extension, and a server of our
// own whose page does what a test says.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import Ajv from "ajv/dist/2020.js";
import { READ, hostile, strings, text, tool } from "./hostile.mjs";
import { freePort, loopback, modules, start } from "./start.mjs";

const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("@modelcontextprotocol/ext-apps/schema.json"), "utf8"));
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
const checks = new Map();

// Both halves of `containerDimensions` are closed in the schema, so that not even the example of the specification,
// `{ width: 400, maxHeight: 600 }`, passes. They are opened; everything else is taken as it is.
JSON.stringify(schema, (key, value) => {
  if (key !== "containerDimensions") return value;
  JSON.stringify(value, (name, part) => {
    if (part !== null && typeof part === "object") delete part.additionalProperties;
    return part;
  });
  return value;
});

/** What is wrong with a value that should be of a kind of the schema, for example `McpUiInitializeResult`; empty when nothing is. */
export function wrongWith(kind, value) {
  if (!schema.$defs[kind]) throw new Error(`the schema has no ${kind}`);
  // Each kind has its own definitions inside, so each is a schema of its own.
  if (!checks.has(kind)) checks.set(kind, ajv.compile(schema.$defs[kind]));
  const check = checks.get(kind);
  return check(value) ? [] : check.errors.map((error) => `${error.instancePath} ${error.message}`);
}

/** The kind of a request or notification by its method; core MCP has none here. */
export const KINDS = {
  "ui/initialize": "McpUiInitializeRequest",
  "ui/open-link": "McpUiOpenLinkRequest",
  "ui/message": "McpUiMessageRequest",
  "ui/update-model-context": "McpUiUpdateModelContextRequest",
  "ui/request-display-mode": "McpUiRequestDisplayModeRequest",
  "ui/resource-teardown": "McpUiResourceTeardownRequest",
  "ui/notifications/initialized": "McpUiInitializedNotification",
  "ui/notifications/size-changed": "McpUiSizeChangedNotification",
  "ui/notifications/tool-input": "McpUiToolInputNotification",
  "ui/notifications/tool-input-partial": "McpUiToolInputPartialNotification",
  "ui/notifications/tool-result": "McpUiToolResultNotification",
  "ui/notifications/tool-cancelled": "McpUiToolCancelledNotification",
  "ui/notifications/host-context-changed": "McpUiHostContextChangedNotification",
  "ui/notifications/request-teardown": "McpUiRequestTeardownNotification",
  "ui/notifications/sandbox-proxy-ready": "McpUiSandboxProxyReadyNotification",
  "ui/notifications/sandbox-resource-ready": "McpUiSandboxResourceReadyNotification",
};

/** The kind of the result of a method. */
export const RESULTS = {
  "ui/initialize": "McpUiInitializeResult",
  "ui/open-link": "McpUiOpenLinkResult",
  "ui/message": "McpUiMessageResult",
  "ui/request-display-mode": "McpUiRequestDisplayModeResult",
  "ui/resource-teardown": "McpUiResourceTeardownResult",
};

/** What is wrong with messages that passed, in order: `[["host" or "page", message], ...]`. */
export function wrongMessages(passed) {
  const asked = new Map();
  const wrong = [];
  for (const [from, message] of passed) {
    const { jsonrpc, id, ...rest } = message;
    if (jsonrpc !== "2.0") wrong.push(`no JSON-RPC: ${JSON.stringify(message)}`);
    let found = [];
    if (message.method) {
      if (id !== undefined) asked.set(`${from}:${id}`, message.method);
      if (KINDS[message.method]) found = wrongWith(KINDS[message.method], rest);
    } else if (message.error) {
      if (!Number.isInteger(message.error.code) || typeof message.error.message !== "string") found = ["no error"];
    } else {
      const method = asked.get(`${from === "host" ? "page" : "host"}:${id}`);
      if (method === undefined) found = ["an answer to nothing"];
      else if (RESULTS[method]) found = wrongWith(RESULTS[method], message.result);
    }
    wrong.push(...found.map((each) => `${from} ${message.method ?? "answer"}: ${each}`));
  }
  return wrong;
}

/** An example server of MCP Apps: `debug`, `basic-vanillajs` or `budget-allocator`. `log()` is what server-debug wrote. */
export async function startApps(name) {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-apps-"));
  const file = path.join(folder, "log");
  const program = path.join(modules, "@modelcontextprotocol", `server-${name}`, "dist", "index.js");
  const server = await start(`server-${name}`, process.execPath, ["--import", loopback, program], { port, env: { PORT: String(port), DEBUG_LOG_FILE: file } });
  const log = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)) : []);
  return { ...server, log, stop: async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); } };
}

/** The address of the page of `appServer`. */
export const PAGE = "ui://hostile/page";

/** A page that can talk to its host, and then runs `script`: `start`, `ask`, `tell`, `report`, `attempt`, `heard`. */
export const page = (script) => `<!doctype html><html><head><title>Page</title></head><body><p id="out">here</p><script>
let next = 1; const open = new Map(); const heard = [];
const ask = (method, params = {}, id = next++) => new Promise((yes, no) => { open.set(id, [yes, no]); parent.postMessage({ jsonrpc: "2.0", id, method, params }, "*"); });
const tell = (method, params) => parent.postMessage({ jsonrpc: "2.0", method, params }, "*");
addEventListener("message", ({ data }) => {
  heard.push(data);
  if (data.method === "ui/resource-teardown") parent.postMessage({ jsonrpc: "2.0", id: data.id, result: {} }, "*");
  if (data.id === undefined || data.method !== undefined) return;
  const [yes, no] = open.get(data.id) ?? [];
  if (data.error) no?.(data.error); else yes?.(data.result);
});
const start = async () => {
  const hello = await ask("ui/initialize", { appInfo: { name: "Hostile", version: "1" }, appCapabilities: { availableDisplayModes: ["inline", "fullscreen", "pip"] }, protocolVersion: "2026-01-26" });
  tell("ui/notifications/initialized");
  return hello;
};
const report = (what) => ask("tools/call", { name: "report", arguments: { what: JSON.stringify(what) } });
const attempt = async (work) => { try { return "did: " + String(await work()); } catch (error) { return "could not: " + (error?.name ?? error?.message ?? error); } };
const say = (text) => { document.getElementById("out").textContent = text; };
(async () => { ${script} })();
</script></body></html>`;

/**
 * A server whose action *Show the page* (`title`) is shown with a page of our own. `html` may be a function, asked at every read;
 * `meta` is what the page declares, `on` sees every message first. The page can call `report`, which only reads; `reports()` is what it reported.
 */
export async function appServer({ html, meta = {}, tools = [], call, title = "Show the page", result, on, capabilities = {} }) {
  const reads = [];
  const server = await hostile({
    capabilities: { tools: { listChanged: true }, resources: {}, ...capabilities },
    tools: [
      tool("show_page", READ, { title, _meta: { ui: { resourceUri: PAGE } } }),
      tool("report", READ, { title: "Report", inputSchema: strings("what"), _meta: { ui: { visibility: ["app"] } } }),
      ...tools,
    ],
    call: (name, given, exchange) => {
      if (name === "show_page") return result ?? text("the page is shown");
      if (name === "report") return text("heard");
      return call?.(name, given, exchange) ?? text("done");
    },
    on: (message, exchange) => {
      if (on?.(message, exchange)) return true;
      if (message.method === "resources/list") { exchange.result({ resources: [] }); return true; }
      if (message.method !== "resources/read") return false;
      reads.push(message.params.uri);
      const now = typeof html === "function" ? html() : html;
      const declared = typeof meta === "function" ? meta() : meta;
      exchange.result({ contents: [{ uri: message.params.uri, mimeType: "text/html;profile=mcp-app", text: now, _meta: { ui: declared } }] });
      return true;
    },
  });
  const reports = () => server.calls.filter((each) => each.name === "report").map((each) => JSON.parse(each.arguments.what));
  return Object.assign(server, { reads, reports });
}
