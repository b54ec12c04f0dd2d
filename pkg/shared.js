// What both faces of the package share: one error class, one loader, frozen plain objects.

const brand = Symbol.for("countersign.error");

/** Every rejection of this package. `code` is stable and listed in the README; `hint` says the next step. */
export class CountersignError extends Error {
  constructor({ code, message, hint, cause }) {
    super(message, cause === undefined ? undefined : { cause });
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

/** Turns what WebAssembly rejected with into the one error class; anything else passes through untouched. */
export function speak(thrown) {
  if (typeof thrown === "object" && thrown !== null && typeof thrown.code === "string" && !(thrown instanceof Error)) {
    return new CountersignError(thrown);
  }
  if (typeof WebAssembly !== "undefined" && thrown instanceof WebAssembly.RuntimeError) {
    return new CountersignError({
      code: "dead",
      message: "this instance stopped after an internal error",
      hint: "open a new one; nothing further was sent",
      cause: thrown,
    });
  }
  return thrown;
}

/** Runs `work` and lets it reject only with what `speak` returns. */
export async function spoken(work) {
  try {
    return await work();
  } catch (thrown) {
    throw speak(thrown);
  }
}

/** Freezes plain data all the way down: what the host hands out is a copy nobody can change under somebody else. */
export function freeze(value) {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const key of Object.keys(value)) freeze(value[key]);
  }
  return value;
}

/**
 * A loader that starts a WebAssembly module once, however many ask at the same time, and forgets a failed start
 * so that the next call may try again. Node reads the file beside this one; everywhere else the URL is fetched.
 */
export function loader(glue, url) {
  let started;
  return (source) => {
    started ??= start(source).catch((cause) => {
      started = undefined;
      throw new CountersignError({
        code: "wasm-load",
        message: "the WebAssembly module could not be started",
        hint: "serve the .wasm file of the package as application/wasm, allow 'wasm-unsafe-eval' in the page's Content-Security-Policy, or pass `wasm` (a URL, a Response, bytes or a WebAssembly.Module)",
        cause,
      });
    });
    return started;
  };

  async function start(source) {
    const module = await glue();
    if (source === undefined && url.protocol === "file:") {
      // A bundler must not follow this import into a page: Node alone gets here.
      const name = "node:fs/promises";
      const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
      source = await readFile(url);
    }
    await module.default({ module_or_path: source ?? url });
    return module;
  }
}
