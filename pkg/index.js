// countersign: a host for remote MCP servers, with the gate. See index.d.ts for every name and word.

import { CountersignError, freeze, loader, spoken } from "./shared.js";

export { CountersignError };

const load = loader(() => import("./wasm/host/sdk.js"), new URL("./wasm/host/sdk_bg.wasm", import.meta.url));

const secret = Symbol("countersign");

/** Opens a workspace. */
export async function open(options = {}) {
  const { wasm, signal, fetch, ...rest } = options;
  signal?.throwIfAborted();
  return spoken(async () => {
    const module = await load(wasm);
    const host = await module.open(rest, fetch);
    const workspace = new Workspace(secret, host);
    signal?.addEventListener("abort", () => void workspace.close(), { once: true });
    if (signal?.aborted) {
      await workspace.close();
      signal.throwIfAborted();
    }
    return workspace;
  });
}

/** A workspace: its connectors, its rules and the one way to a tool. */
export class Workspace extends EventTarget {
  #host;

  constructor(key, host) {
    if (key !== secret) throw new TypeError("a Workspace is made by open()");
    super();
    this.#host = host;
    host.listen((detail) => {
      // In a task of its own: no code of the page ever runs while WebAssembly is in the middle of something.
      queueMicrotask(() => this.dispatchEvent(new CustomEvent("change", { detail: freeze(detail) })));
    });
  }

  #open() {
    if (this.#host === undefined) {
      throw new CountersignError({
        code: "closed",
        message: "this workspace was closed",
        hint: "open() a new one",
      });
    }
    return this.#host;
  }

  /** The connectors and their actions. */
  async connectors() {
    return spoken(async () => freeze(await this.#open().connectors()));
  }

  /** Scans a server and adds it as a draft. */
  async addConnector(connector) {
    return spoken(async () => freeze(await this.#open().addConnector({ ...connector })));
  }

  /** Calls one action through the gate. */
  async call(call, { signal, confirm } = {}) {
    signal?.throwIfAborted();
    return spoken(async () => {
      const host = this.#open();
      const ticket = host.ticket();
      const stop = () => host.cancel(ticket);
      signal?.addEventListener("abort", stop, { once: true });
      const ask = async (question) => {
        if (confirm === undefined) return { allow: false };
        const answer = await confirm(freeze(question), { signal });
        // Only a plain `true` or an answer that says so allows: everything else, a forgotten return included, is a no.
        if (answer === true) return { allow: true };
        if (typeof answer === "object" && answer !== null) {
          return { allow: answer.allow === true, reason: typeof answer.reason === "string" ? answer.reason : undefined };
        }
        return { allow: false };
      };
      try {
        return freeze(await host.call(ticket, { ...call }, ask));
      } catch (thrown) {
        if (signal?.aborted) throw signal.reason;
        throw thrown;
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    });
  }

  /** Ends every connection; a question still open counts as not answered. */
  async close() {
    const host = this.#host;
    this.#host = undefined;
    if (host !== undefined) await spoken(() => host.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }
}
