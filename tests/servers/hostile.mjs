// A server of our own for the faults that a real server does not produce on request: lies, floods, deaths, markup.
// It runs inside the test, so a test says what the server does and reads what it received.
//
//   const server = await hostile({ tools: [tool("read_mail", { readOnlyHint: true })], call: () => text("<b>hi</b>") });
//   server.url, server.calls, await server.close()
//
// It speaks streamable HTTP at 2025-11-25 with sessions, or 2026-07-28 with `modern: true`.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

/** An action definition. `hints` are its annotations: pass null to say nothing. */
export function tool(name, hints = null, more = {}) {
  return {
    name,
    description: more.description ?? `Does ${name.replaceAll("_", " ")}.`,
    inputSchema: { type: "object", properties: {} },
    ...(hints ? { annotations: hints } : {}),
    ...more,
  };
}

export const READ = { readOnlyHint: true, openWorldHint: false };
export const WRITE = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
export const DESTROY = { readOnlyHint: false, destructiveHint: true, openWorldHint: false };

/** A result with one block of text. */
export const text = (value) => ({ content: [{ type: "text", text: value }] });

/** The JSON Schema of an object whose properties are all strings. */
export const strings = (...names) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  required: names,
});

/** One request and the ways to answer it. */
class Exchange {
  constructor(request, response, message) {
    this.request = request;
    this.response = response;
    this.message = message;
    this.answered = false;
  }

  /** Turns the answer into an event stream; messages go out with `send`. */
  stream() {
    this.answered = true;
    this.response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    return this;
  }

  send(message) {
    this.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    return this;
  }

  raw(bytes) {
    this.response.write(bytes);
    return this;
  }

  end() { this.response.end(); }

  json(message, status = 200) {
    this.answered = true;
    this.response.writeHead(status, { "Content-Type": "application/json" });
    this.response.end(JSON.stringify(message));
  }

  result(result) { this.json({ jsonrpc: "2.0", id: this.message.id, result }); }

  error(code, message, status = 200) { this.json({ jsonrpc: "2.0", id: this.message.id, error: { code, message } }, status); }

  /** Tears the connection down without an ending, as a crashed server does. */
  die() {
    this.answered = true;
    this.response.socket?.destroy();
  }
}

function readBody(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

/**
 * Starts the server. Every option may be a plain value or a function that is asked anew each time:
 *   tools      what tools/list answers, `(listNumber) => [...]`
 *   call       the answer to tools/call, `(name, arguments, exchange) => result`; may answer through the exchange itself
 *   on         sees every message first, `(message, exchange) => true` when it has answered
 *   http       sees every HTTP request first, `(request, response) => true` when it has answered
 *   name       what the server calls itself; `server` has more of its own description
 *   instructions, capabilities, version
 */
export async function hostile(options = {}) {
  const state = { requests: [], messages: [], calls: [], answers: [], lists: 0 };
  const sockets = new Set();
  // Asked anew each time: a server may step back to an older one.
  const version = () => options.version ?? (options.modern ? "2026-07-28" : "2025-11-25");
  const about = {
    capabilities: options.capabilities ?? { tools: { listChanged: true } },
    // Asked anew each time: a server may call itself something else.
    get serverInfo() { return { name: options.name ?? "hostile", version: "1.0.0", ...options.server }; },
    get instructions() { return options.instructions; },
  };

  async function answer(message, exchange) {
    if (message.method === undefined) {
      state.answers.push(message);
      exchange.answered = true;
      exchange.response.writeHead(202).end();
      return;
    }
    if (await options.on?.(message, exchange)) return;
    if (exchange.answered) return;
    switch (message.method) {
      case "initialize":
        if (options.modern) { exchange.error(-32022, "Unsupported protocol version", 400); return; }
        exchange.response.setHeader("Mcp-Session-Id", randomUUID());
        exchange.result({ protocolVersion: version(), ...about });
        return;
      case "server/discover":
        if (!options.modern) { exchange.error(-32000, "Bad Request: Server not initialized", 400); return; }
        exchange.result({ resultType: "complete", supportedVersions: [version()], capabilities: about.capabilities, ttlMs: 0, cacheScope: "private",
          ...(about.instructions ? { instructions: about.instructions } : {}),
          _meta: { "io.modelcontextprotocol/serverInfo": about.serverInfo } });
        return;
      case "tools/list": {
        state.lists += 1;
        const tools = typeof options.tools === "function" ? await options.tools(state.lists, message.params) : options.tools ?? [];
        const page = Array.isArray(tools) ? { tools } : tools;
        exchange.result(options.modern ? { resultType: "complete", ttlMs: 0, cacheScope: "private", ...page } : page);
        return;
      }
      case "tools/call": {
        state.calls.push({ at: Date.now(), ...message.params });
        const result = (await options.call?.(message.params.name, message.params.arguments, exchange)) ?? text("done");
        if (exchange.answered) return;
        exchange.result(options.modern ? { resultType: "complete", ...result } : result);
        return;
      }
      default:
        if (message.id === undefined) { exchange.answered = true; exchange.response.writeHead(202).end(); return; }
        if (message.method === "ping") { exchange.result({}); return; }
        exchange.error(-32601, `Method not found: ${message.method}`, options.modern ? 404 : 200);
    }
  }

  const http = createServer(async (request, response) => {
    const record = { at: Date.now(), method: request.method, url: request.url, headers: request.headers };
    state.requests.push(record);
    try {
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE");
      response.setHeader("Access-Control-Allow-Headers", request.headers["access-control-request-headers"] ?? "*");
      response.setHeader("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate");
      if (await options.http?.(request, response)) return;
      if (request.method === "OPTIONS") { response.writeHead(204).end(); return; }
      if (request.method !== "POST") { response.writeHead(405).end(); return; }
      record.body = await readBody(request);
      const message = JSON.parse(record.body);
      state.messages.push({ at: record.at, headers: request.headers, ...message });
      await answer(message, new Exchange(request, response, message));
    } catch (error) {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    }
  });
  http.on("connection", (socket) => { sockets.add(socket); socket.once("close", () => sockets.delete(socket)); });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${http.address().port}`;
  return {
    ...state,
    get lists() { return state.lists; },
    origin,
    url: `${origin}/mcp`,
    host: origin.slice("http://".length),
    /** Which JSON-RPC methods arrived, in order. */
    methods: () => state.messages.map((message) => message.method).filter(Boolean),
    /** Breaks every open connection and stops listening. */
    close: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      http.close(() => resolve());
    }),
  };
}

/** A place that must never hear from the page: it records every request, and serves an image, a script and a page. */
export async function beacon() {
  const heard = [];
  const http = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Content-Type", request.url.endsWith(".js") ? "text/javascript" : request.url.endsWith(".svg") ? "image/svg+xml" : "text/html");
    response.end(request.url.endsWith(".svg") ? "<svg xmlns='http://www.w3.org/2000/svg'/>" : "");
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    heard,
    origin: `http://127.0.0.1:${http.address().port}`,
    close: () => new Promise((resolve) => { http.closeAllConnections(); http.close(() => resolve()); }),
  };
}
