// countersign: a host for remote MCP servers, with the gate. See index.d.ts for every name and word.

import { CountersignError, Instance, asking, cancellable, checked, given, invalid, plain, text } from "./shared.js";

export { CountersignError };

const instance = /* @__PURE__ */ new Instance(
  () => import("./wasm/host/sdk.js"),
  /* @__PURE__ */ new URL("./wasm/host/sdk_bg.wasm", import.meta.url),
);

/** Opens a workspace. */
export async function open(options) {
  const { wasm, signal, fetch, auth, ...rest } = given(options, "what open() was given");
  return instance.run(async () => {
    const { authorize, ...how } = auth === undefined ? {} : given(auth, "the `auth` of open()");
    if (auth !== undefined && typeof authorize !== "function") {
      throw invalid("the `auth` of open() has no function `authorize`", "pass one that gives the address that the person came back to");
    }
    const wanted = text({ ...rest, auth: auth && how }, "what open() was given");
    const module = await instance.load(wasm);
    const hooks = { fetch: checked(fetch), authorize: authorize && asking(authorize) };
    const workspace = new Workspace(await module.open(wanted, hooks), signal);
    if (signal?.aborted) await workspace.close();
    signal?.throwIfAborted();
    return workspace;
  }, signal);
}

/** A workspace: its connectors, its rules and the one way to a tool. */
class Workspace extends EventTarget {
  #host;
  #signal;
  #closing = () => void this.close();

  constructor(host, signal) {
    super();
    this.#host = host;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#closing, { once: true });
    host.listen((detail) => {
      // In a task of its own: no code of the page ever runs while WebAssembly is in the middle of something.
      queueMicrotask(() => this.dispatchEvent(new CustomEvent("change", { detail: plain(detail) })));
    });
  }

  #open() {
    if (this.#host === undefined) {
      throw new CountersignError({ code: "closed", message: "this workspace was closed", hint: "open() a new one" });
    }
    return this.#host;
  }

  /** The connectors and their actions. */
  async connectors() {
    return instance.run(async () => plain(this.#open().connectors()));
  }

  /** Where things are kept. */
  async storage() {
    return instance.run(async () => plain(this.#open().storage()));
  }

  /** Where the rules come from. */
  async policy() {
    return instance.run(async () => plain(this.#open().policy()));
  }

  /** The whole record as JSON lines, with a checkpoint signed now. */
  async exportAudit() {
    return instance.run(async () => this.#open().exportAudit());
  }

  /** Scans a server and adds it as a draft. */
  async addConnector(connector, options) {
    const { signal } = given(options, "the options of addConnector()");
    return instance.run(async () => {
      const host = this.#open();
      const wanted = text(connector, "the connector");
      return plain(await cancellable(host, signal, (ticket) => host.addConnector(ticket, wanted)));
    }, signal);
  }

  /** Has the person sign in to a connector. */
  async signIn(connector, options) {
    return this.#about("signIn", connector, options);
  }

  /** Signs out of a connector. */
  async signOut(connector, options) {
    return plain(await this.#about("signOut", connector, options));
  }

  /** Reads a connector's list again and compares it with what is approved. */
  async refresh(connector, options) {
    return plain(await this.#about("refresh", connector, options));
  }

  /** Does something with one connector, which is named by its id. */
  #about(name, connector, options) {
    const { signal } = given(options, `the options of ${name}()`);
    if (typeof connector !== "string") throw invalid(`what ${name}() was given is not a connector's id`, "pass the `id` of a connector");
    return instance.run(async () => {
      const host = this.#open();
      return cancellable(host, signal, (ticket) => host[name](ticket, connector));
    }, signal);
  }

  /** Calls one action through the gate. */
  async call(call, options) {
    const { signal, confirm } = given(options, "the options of call()");
    if (confirm !== undefined && typeof confirm !== "function") {
      throw invalid("`confirm` is not a function", "pass a function that answers true, or leave it out: nothing is allowed in advance");
    }
    return instance.run(async () => {
      const host = this.#open();
      const wanted = text(call, "the call");
      let broke;
      const ask = confirm && (async (question) => {
        try {
          return JSON.stringify(decided(await confirm(plain(question), { signal })));
        } catch (thrown) {
          broke = thrown;
          return "{}";
        }
      });
      try {
        return plain(await cancellable(host, signal, (ticket) => host.call(ticket, wanted, ask)));
      } catch (thrown) {
        if (thrown?.code !== "declined") throw thrown;
        // A `confirm` that threw is a no, and whoever wrote it wants to know what it threw.
        throw confirm ? { ...thrown, cause: broke } : { ...thrown, hint: "nothing was sent; pass `confirm` to be asked" };
      }
    }, signal);
  }

  /** Ends every connection; a question still open counts as not answered. */
  async close() {
    const host = this.#host;
    this.#host = undefined;
    this.#signal?.removeEventListener("abort", this.#closing);
    if (host !== undefined) await instance.run(async () => host.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }
}

/** Only a plain `true`, or an object that says `allow: true`, allows: everything else, a forgotten return included, is a no. */
function decided(answer) {
  if (typeof answer !== "object" || answer === null) return { allow: answer === true };
  return { allow: answer.allow === true, reason: typeof answer.reason === "string" ? answer.reason : undefined };
}
