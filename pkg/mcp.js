// countersign/mcp: the MCP client alone. It has no gate: it sends what it is told to send.

import { CountersignError, Instance, cancellable, checked, given, invalid, plain, text } from "./shared.js";

export { CountersignError };

const instance = /* @__PURE__ */ new Instance(
  () => import("./wasm/mcp/sdk.js"),
  /* @__PURE__ */ new URL("./wasm/mcp/sdk_bg.wasm", import.meta.url),
);

/** Connects to one server. */
export async function connect(url, options) {
  const { wasm, signal, headers, fetch, ...rest } = given(options, "the options of connect()");
  return instance.run(async () => {
    const wanted = text({ ...rest, headers: pairs(headers) }, "the options of connect()");
    const module = await instance.load(wasm);
    const inner = new module.Client();
    await cancellable(inner, signal, (ticket) => inner.connect(ticket, String(url), wanted, checked(fetch)));
    const client = new Client(inner, signal);
    if (signal?.aborted) await client.close();
    signal?.throwIfAborted();
    return client;
  }, signal);
}

function pairs(headers) {
  try {
    return [...new Headers(headers)];
  } catch (cause) {
    throw invalid(`the headers of connect() cannot be sent: ${cause.message}`, "pass an object of names and values", cause);
  }
}

/** One connection to one server. */
class Client {
  #inner;
  #signal;
  #closing = () => void this.close();

  constructor(inner, signal) {
    this.#inner = inner;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#closing, { once: true });
  }

  #open() {
    if (this.#inner === undefined) {
      throw new CountersignError({ code: "closed", message: "this client was closed", hint: "connect() again" });
    }
    return this.#inner;
  }

  /** What the server said about itself when it was connected. */
  get server() {
    return plain(this.#open().server());
  }

  /** Every tool of the server, all pages. */
  async listTools(options) {
    const { signal } = given(options, "the options of listTools()");
    return instance.run(async () => {
      const inner = this.#open();
      return plain(await cancellable(inner, signal, (ticket) => inner.listTools(ticket)));
    }, signal);
  }

  /** Calls a tool. */
  async callTool(name, args = {}, options) {
    const { signal, onProgress } = given(options, "the options of callTool()");
    if (typeof name !== "string") throw invalid("the name of the tool is not a text", "pass its `name` as listed");
    return instance.run(async () => {
      const inner = this.#open();
      const sent = text(args, "the arguments");
      const progress = onProgress && ((detail) => queueMicrotask(() => onProgress(plain(detail))));
      return plain(await cancellable(inner, signal, (ticket) => inner.callTool(ticket, name, sent, progress)));
    }, signal);
  }

  /** Ends the connection and the server's session, if it has one. */
  async close() {
    const inner = this.#inner;
    this.#inner = undefined;
    this.#signal?.removeEventListener("abort", this.#closing);
    if (inner !== undefined) await instance.run(async () => inner.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }
}
