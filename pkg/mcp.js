// countersign/mcp: the MCP client alone. It has no gate: it sends what it is told to send.

import { CountersignError, Instance, asking, cancellable, checked, given, invalid, plain, text } from "./shared.js";

export { CountersignError };

const instance = /* @__PURE__ */ new Instance(
  () => import("./wasm/mcp/sdk.js"),
  /* @__PURE__ */ new URL("./wasm/mcp/sdk_bg.wasm", import.meta.url),
);

/** The protocol revisions that are spoken. */
const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/** What `connect()` takes beside functions: the type of each option, its choices, or the options in it. */
const OPTIONS = {
  name: "string", version: "string", ping: "number", tasks: "boolean", extensions: "object", protocol: REVISIONS, lastProtocol: REVISIONS,
  logLevel: ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"],
  auth: {
    redirectUri: "string", clientName: "string", clientMetadataUrl: "string", scope: "string", dpop: "boolean", trustNamedIssuer: "boolean",
    client: {
      id: "string", secret: "string", issuer: "string", privateKey: "string", keyId: "string",
      method: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"], algorithm: ["ES256", "RS256"],
    },
    grant: {
      type: ["authorization_code", "client_credentials", "jwt_bearer", "enterprise"],
      assertion: "string", issuer: "string", clientId: "string", clientSecret: "string", idToken: "string", tokenEndpoint: "string",
    },
  },
};

/** What each grant cannot do without. */
const NEEDED = {
  authorization_code: ["redirectUri"], client_credentials: ["client"],
  jwt_bearer: ["grant.assertion"], enterprise: ["client", "grant.issuer", "grant.clientId", "grant.idToken"],
};

/** Refuses an option that is missing, spelled wrong or of another type. What it is may be a secret and is not told. */
function fit(value, shape, name) {
  const fits = Array.isArray(shape) ? shape.includes(value) : typeof value === (typeof shape === "string" ? shape : "object") && value !== null;
  if (!fits) throw invalid(`what was given does not fit: \`${name}\``, "see the package's types for its shape");
  if (typeof shape === "string" || Array.isArray(shape)) return;
  for (const [key, one] of Object.entries(value)) if (one !== undefined) fit(one, Object.hasOwn(shape, key) ? shape[key] : "", name ? `${name}.${key}` : key);
}

/** Connects to one server. */
export async function connect(url, options) {
  const what = "the options of connect()";
  const { wasm, signal, headers, fetch, elicit, onEvent, auth, ...rest } = given(options, what);
  return instance.run(async () => {
    const hooks = { fetch: checked(fetch), ...questions(called(elicit, "elicit", what), called(onEvent, "onEvent", what)) };
    const plainly = { ...rest, auth: signIn(auth, String(url), hooks) };
    fit(plainly, OPTIONS, "");
    const sent = new Headers(pairs(headers));
    if (auth && sent.has("authorization")) throw invalid("connect() was given both `auth` and the header `Authorization`", "leave one of them out");
    const wanted = text({ ...plainly, headers: [...sent] }, what);
    const module = await instance.load(wasm);
    const inner = new module.Client();
    await cancellable(inner, signal, (ticket) => inner.connect(ticket, String(url), wanted, hooks));
    const client = new Client(inner, signal);
    if (signal?.aborted) await client.close();
    signal?.throwIfAborted();
    return client;
  }, signal);
}

function called(one, name, what) {
  if (one === undefined || typeof one === "function") return one;
  throw invalid(`the \`${name}\` in ${what} is not a function`, "see the package's types");
}

/** Hands questions of the server and what it says by itself to the page. */
function questions(elicit, onEvent) {
  const open = new Map();
  const answer = async (asked) => {
    const { id, ...question } = plain(asked);
    const withdrawn = new AbortController();
    open.set(id, withdrawn);
    try {
      return text(await elicit(Object.freeze(question), { signal: withdrawn.signal }), "the answer");
    } catch (cause) {
      // Whoever could not ask has not decided for the person either: the server is told that nobody answered.
      if (!withdrawn.signal.aborted) console.error("countersign: `elicit` failed", cause);
      return undefined;
    } finally {
      open.delete(id);
    }
  };
  const event = (told) => {
    const detail = plain(told);
    if (detail.kind === "withdrawn") open.get(detail.id)?.abort(detail.reason ?? undefined);
    else if (onEvent) queueMicrotask(() => onEvent(detail));
  };
  return { elicit: elicit && answer, event };
}

/** Hands over how to sign in: the window, and where to keep what has to outlive this client. */
function signIn(auth, url, hooks) {
  if (auth === undefined) return undefined;
  const what = "the `auth` of connect()";
  const { authorize, store, grant = "authorization_code", ...rest } = given(auth, what);
  const sent = { ...rest, grant: typeof grant === "string" ? { type: grant } : grant };
  fit(sent, OPTIONS.auth, "auth");
  const needed = [...(NEEDED[sent.grant.type] ?? ["grant.type"]), ...(sent.client ? ["client.id"] : [])];
  for (const path of needed) if (!path.split(".").reduce((one, key) => one[key], sent)) fit(undefined, "", `auth.${path}`);
  called(authorize, "authorize", what);
  if (authorize) hooks.authorize = asking(authorize);
  if (store !== undefined) {
    for (const name of ["get", "set", "delete"]) {
      if (typeof store?.[name] !== "function") throw invalid(`the \`store\` in ${what} has no function \`${name}\``, "a Map is one");
    }
    const key = `countersign sign-in ${url}`;
    hooks.load = async () => [await store.get(key), await store.get(`${key} key`)];
    hooks.save = async (words) => { await store.set(key, words); };
    hooks.saveKey = async (pair) => { await store.set(`${key} key`, pair); };
    hooks.forget = async () => { await Promise.all([store.delete(key), store.delete(`${key} key`)]); };
    // One refresher among all that share the store: a token can be renewed only once.
    const { locks } = globalThis.navigator ?? {};
    if (locks) {
      hooks.lock = () => {
        // Whoever stops waiting must not be given the lock later: nobody would let go of it.
        const waiting = new AbortController();
        let release;
        const over = new Promise((done) => { release = done; });
        const granted = new Promise((held) => {
          locks.request(key, { signal: waiting.signal }, () => { held(); return over; }).catch(held);
        });
        return [granted, () => { waiting.abort(); release(); }];
      };
    }
  }
  return sent;
}

function pairs(headers) {
  try {
    return [...new Headers(headers)];
  } catch (cause) {
    throw invalid(`the headers of connect() cannot be sent: ${cause.message}`, "pass an object of names and values", cause);
  }
}

/** The method, where what it is about is a text; `#ask` refuses the rest. */
const forText = (about, method) => (typeof about === "string" ? method : null);

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

  /** Does what is wished, cancellable, and gives the answer as plain data. */
  #ask(options, name, wish, subject = "", sent = {}) {
    const { signal, onProgress, timeout } = given(options, `the options of ${name}()`);
    if (typeof subject !== "string") throw invalid(`what ${name}() was given is not a text`, "pass it as listed");
    if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 1)) {
      throw invalid("what was given does not fit: `timeout`", "give milliseconds, 1 or more");
    }
    const progress = onProgress && ((detail) => queueMicrotask(() => onProgress(plain(detail))));
    return instance.run(async () => {
      const inner = this.#open();
      const words = text(sent, `what ${name}() was given`);
      return plain(await cancellable(inner, signal, (ticket) => inner.ask(ticket, wish, subject, words, timeout, progress)));
    }, signal);
  }

  /** Every tool of the server, all pages. */
  async listTools(options) {
    return this.#ask(options, "listTools", "tools");
  }

  /** Every prompt, all pages. */
  async listPrompts(options) {
    return this.#ask(options, "listPrompts", "prompts");
  }

  /** Every resource, all pages. */
  async listResources(options) {
    return this.#ask(options, "listResources", "resources");
  }

  /** Every template of resources, all pages. */
  async listResourceTemplates(options) {
    return this.#ask(options, "listResourceTemplates", "templates");
  }

  /** Calls a tool. */
  async callTool(name, args, options) {
    return this.#ask(options, "callTool", "call", name ?? null, args);
  }

  /** A prompt, filled in. */
  async getPrompt(name, args = {}, options) {
    return this.#ask(options, "getPrompt", "request", forText(name, "prompts/get"), { name, arguments: args });
  }

  /** The contents of a resource. */
  async readResource(uri, options) {
    return this.#ask(options, "readResource", "request", forText(uri, "resources/read"), { uri });
  }

  /** What may follow in an argument of a prompt or a variable of a template. */
  async complete({ prompt, template, argument, value, settled }, options) {
    const ref = prompt === undefined ? { type: "ref/resource", uri: template } : { type: "ref/prompt", name: prompt };
    const sent = { ref, argument: { name: argument, value }, context: settled && { arguments: settled } };
    return (await this.#ask(options, "complete", "request", "completion/complete", sent)).completion;
  }

  /** Sends any other request, for example one of an extension. */
  async request(method, params, options) {
    return this.#ask(options, "request", "request", method ?? null, params);
  }

  /** Wants to hear of changes of a resource. */
  async subscribe(uri, options) {
    await this.#ask(options, "subscribe", "subscribe", uri ?? null);
  }

  /** No longer wants to hear of them. */
  async unsubscribe(uri, options) {
    await this.#ask(options, "unsubscribe", "unsubscribe", uri ?? null);
  }

  /** Chooses from which level on the server sends log messages. */
  async setLogLevel(level, options) {
    fit(level, OPTIONS.logLevel, "level");
    await this.#ask(options, "setLogLevel", "level", level);
  }

  /** Forgets the sign-in, and has the authorization server revoke its tokens if it can. */
  async signOut(options) {
    return this.#ask(options, "signOut", "sign-out");
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
