// What both faces of the package share: one error class, one WebAssembly instance each, plain data in and out.

const brand = Symbol.for("countersign.error");

/** Every rejection of this package. `code` is stable and listed in the README; `hint` says the next step. */
export class CountersignError extends Error {
  constructor({ code, message, hint, cause }) {
    super(message, cause === undefined || cause === null ? undefined : { cause });
    this.name = "CountersignError";
    this.code = code;
    this.hint = hint ?? "";
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for an error of this package, whichever copy of it threw. `instanceof` fails where two copies are loaded. */
  static is(value) {
    return typeof value === "object" && value !== null && value[brand] === true;
  }
}

/** An error about what the page itself gave. */
export function invalid(message, hint, cause) {
  return new CountersignError({ code: "invalid", message, hint, cause });
}

/** Options as an object, with the parts that every face takes checked. */
export function given(options = {}, what) {
  if (typeof options !== "object" || options === null) throw invalid(`${what} is not an object`, "see the package's types");
  const { signal, fetch } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalid(`the \`signal\` in ${what} is not an AbortSignal`, "pass the signal of an AbortController");
  }
  if (fetch !== undefined && typeof fetch !== "function") {
    throw invalid(`the \`fetch\` in ${what} is not a function`, "pass a function that works as the global fetch does");
  }
  return options;
}

/** A `fetch` of the page's whose answer is looked at here: what is no Response would break further in. */
export function checked(fetch) {
  return fetch && (async (url, init) => {
    const response = await fetch(url, init);
    const streams = response?.body === null || typeof response?.body?.getReader === "function";
    if (typeof response?.status !== "number" || typeof response.headers?.entries !== "function" || !streams) {
      throw new TypeError("the `fetch` that was passed in did not answer with a Response");
    }
    return response;
  });
}

/** The page's way to a person, as the module calls it: it gives the address that they came back to, or in a list why not. */
export function asking(authorize) {
  return async (address) => {
    try {
      return String(await authorize(address));
    } catch (error) {
      return [String(error?.message ?? error)];
    }
  };
}

/** JSON text of what the page gave; what JSON would leave out or change without a word is refused. */
export function text(value, what) {
  const refused = (_, one) => {
    if (one instanceof Map || one instanceof Set) throw new TypeError("a Map or Set; use a plain object or array");
    if (typeof one === "number" && !Number.isFinite(one)) throw new TypeError(`the number ${one}`);
    return one;
  };
  let made;
  try {
    made = JSON.stringify(value, refused);
  } catch (cause) {
    throw invalid(`${what} cannot be written as JSON: ${cause.message}`, "use plain objects, arrays, texts, numbers and booleans", cause);
  }
  if (made === undefined) throw invalid(`${what} is missing`, "see the package's types");
  return made;
}

/** Plain data from JSON text, frozen all the way down: nobody changes it under somebody else. */
export function plain(json) {
  return freeze(JSON.parse(json));
}

function freeze(value) {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

/** Makes one call of a host or client cancellable: its ticket is taken before it begins, so that no abort is too early. */
export async function cancellable(inner, signal, call) {
  const ticket = inner.ticket();
  const cancel = () => inner.cancel(ticket);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await call(ticket);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** One instance of a WebAssembly module, started when first needed. */
export class Instance {
  #glue;
  #url;
  #started;
  #dead;
  #running = new Set();

  constructor(glue, url) {
    this.#glue = glue;
    this.#url = url;
  }

  /** The module's functions. It is started once, however many ask; a start that failed is forgotten. */
  load(source) {
    this.#started ??= this.#start(source).catch((cause) => {
      this.#started = undefined;
      throw new CountersignError({
        code: "wasm-load",
        message: "the WebAssembly module could not be started",
        hint: "serve the package's .wasm files as application/wasm, allow 'wasm-unsafe-eval' in the Content-Security-Policy, or pass `wasm` (a URL, a Response, bytes or a WebAssembly.Module)",
        cause,
      });
    });
    return this.#started;
  }

  async #start(source) {
    const module = await this.#glue();
    if (source === undefined && this.#url.protocol === "file:") {
      // A bundler must not follow this import into a page: Node and its like alone get here.
      const name = "node:fs/promises";
      const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
      source = await readFile(this.#url);
    }
    await module.default({ module_or_path: source ?? this.#url });
    module.onPanic((words) => {
      console.error(words);
      this.#die(words);
    });
    return module;
  }

  /** Nothing of an instance can be trusted after a fault, and what was running in it would never settle. */
  #die(cause) {
    this.#dead ??= new CountersignError({
      code: "dead",
      message: "the WebAssembly instance stopped after an internal fault",
      hint: "reload the page or start the process again; a call that was running may have happened",
      cause,
    });
    for (const reject of this.#running) reject(this.#dead);
    return this.#dead;
  }

  /** Runs `job`, which rejects only with the signal's own reason or with a CountersignError. */
  run(job, signal) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#dead) throw this.#dead;
      this.#running.add(reject);
      job()
        .then(resolve, (thrown) => reject(signal?.aborted ? signal.reason : this.#spoken(thrown)))
        .finally(() => this.#running.delete(reject));
    });
  }

  #spoken(thrown) {
    if (thrown instanceof WebAssembly.RuntimeError) return this.#die(thrown);
    const ours = typeof thrown?.code === "string" && !(thrown instanceof Error);
    return ours ? new CountersignError(thrown) : thrown;
  }
}
