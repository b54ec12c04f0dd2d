// countersign/mcp: the MCP client alone. It has no gate: it sends what it is told to send.

import { CountersignError, freeze, loader, spoken } from "./shared.js";

export { CountersignError };

const load = loader(() => import("./wasm/mcp/sdk.js"), new URL("./wasm/mcp/sdk_bg.wasm", import.meta.url));

const secret = Symbol("countersign/mcp");

/** Connects to one server. */
export async function connect(url, options = {}) {
  const { wasm, signal, headers, fetch, ...rest } = options;
  signal?.throwIfAborted();
  return spoken(async () => {
    const module = await load(wasm);
    const pairs = headers === undefined ? [] : [...new Headers(headers)];
    const client = new Client(secret, await module.connect(String(url), { ...rest, headers: pairs }, fetch));
    if (signal?.aborted) {
      await client.close();
      signal.throwIfAborted();
    }
    signal?.addEventListener("abort", () => void client.close(), { once: true });
    return client;
  });
}

/** One connection to one server. */
export class Client {
  #inner;

  constructor(key, inner) {
    if (key !== secret) throw new TypeError("a Client is made by connect()");
    this.#inner = inner;
  }

  #open() {
    if (this.#inner === undefined) {
      throw new CountersignError({ code: "closed", message: "this client was closed", hint: "connect() again" });
    }
    return this.#inner;
  }

  /** What the server said about itself when it was connected. */
  get server() {
    return freeze(this.#open().server());
  }

  /** Every tool of the server, all pages. */
  async listTools() {
    return spoken(async () => freeze(await this.#open().listTools()));
  }

  /** Calls a tool. */
  async callTool(name, args = {}, { signal, onProgress } = {}) {
    signal?.throwIfAborted();
    return spoken(async () => {
      const inner = this.#open();
      const ticket = inner.ticket();
      const stop = () => inner.cancel(ticket);
      signal?.addEventListener("abort", stop, { once: true });
      const progress = onProgress && ((detail) => queueMicrotask(() => onProgress(freeze(detail))));
      try {
        return freeze(await inner.callTool(ticket, String(name), JSON.stringify(args), progress));
      } catch (thrown) {
        if (signal?.aborted) throw signal.reason;
        throw thrown;
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    });
  }

  /** Ends the connection and the server's session, if it has one. */
  async close() {
    const inner = this.#inner;
    this.#inner = undefined;
    if (inner !== undefined) await spoken(() => inner.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }
}
