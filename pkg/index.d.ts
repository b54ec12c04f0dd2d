/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** How much an action can change. An action whose server says nothing counts as `write`. */
export type Class = "read" | "write" | "destructive";

/** Every code a `CountersignError` can carry. */
export type Code =
  | "address" | "declined" | "not-answered" | "held" | "blocked" | "invalid" | "not-found" | "busy" | "cancelled"
  | "timeout" | "network" | "cors" | "sign-in" | "protocol" | "server" | "unknown-outcome" | "model" | "storage" | "dead"
  | "closed" | "wasm-load";

/** What every call of this package rejects with, except an abort, which rejects with the signal's own reason. */
export class CountersignError extends Error {
  private constructor();
  /** A stable word for the kind of failure. */
  readonly code: Code;
  /** The next step; empty when there is none. */
  readonly hint: string;
  /** What the server or the browser said, untouched. */
  readonly cause?: unknown;
  /** True for an error of this package, whichever copy of it threw. */
  static is(value: unknown): value is CountersignError;
}

export interface OpenOptions {
  /** Where things are kept: IndexedDB under a name (default `countersign`), or memory (default where there is no IndexedDB). */
  store?: "memory" | { indexedDb: string };
  /** Who acts, for the audit log. */
  identity?: { name: string };
  /** Whether servers on this machine and network may be connected. Default false. */
  allowLoopback?: boolean;
  /** Used in the place of the global `fetch` for every request to a server. */
  fetch?: typeof globalThis.fetch;
  /** Where to load the WebAssembly module from, if not from beside this file. */
  wasm?: URL | string | Request | Response | BufferSource | WebAssembly.Module;
  /** Closes the workspace when aborted. */
  signal?: AbortSignal;
}

/** Opens a workspace. Each call opens another handle; handles on one store see each other's changes. */
export function open(options?: OpenOptions): Promise<Workspace>;

/** A workspace: its connectors, its rules and the one way to a tool. */
export interface Workspace extends EventTarget {
  /** The connectors and their actions, as frozen plain objects. */
  connectors(): Promise<readonly Connector[]>;
  /**
   * Scans a server and adds it as a draft. Only connect servers you trust: a server's text reaches the model and the person.
   * Fails with `address`, `network`, `cors`, `sign-in` or `protocol`, and a `hint` that says what to do.
   */
  addConnector(connector: NewConnector): Promise<Connector>;
  /**
   * Calls one action through the gate. A call that needs a decision goes to `confirm`; without it, it is declined.
   * The result is the server's `CallToolResult` as received; `isError` results resolve, they do not reject.
   */
  call(call: Call, options?: CallOptions): Promise<CallToolResult>;
  /** Ends every connection; an open question counts as not answered. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  addEventListener(type: "change", listener: (event: CustomEvent<Change>) => void, options?: AddEventListenerOptions | boolean): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: AddEventListenerOptions | boolean): void;
}

/** What changed; dispatched in a microtask of its own. */
export type Change =
  | { readonly kind: "connectors" }
  | { readonly kind: "connection"; readonly connector: string }
  | { readonly kind: "storage" }
  | { readonly kind: "dead" };

export interface Connector {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly address: string;
  /** The server's identity. Show it wherever you show the name. */
  readonly host: string;
  readonly provider: "first-party" | "demo" | "custom";
  readonly stage: "draft" | "published" | "archived";
  readonly actions: readonly Action[];
}

export interface Action {
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  readonly class: Class;
  /** Whether it may be called. */
  readonly on: boolean;
  readonly inputSchema: JsonObject;
}

export interface NewConnector {
  name: string;
  address: string;
  description?: string;
  /** A fixed header for sign-in; kept in memory only. */
  header?: { name: string; value: string };
}

export interface Call {
  /** The connector's id. */
  connector: string;
  /** The action's name. */
  action: string;
  arguments?: JsonObject;
}

export interface CallOptions {
  /** Cancels the call. What was already sent may still happen on the server. */
  signal?: AbortSignal;
  /** Decides. Anything but `true` or `{ allow: true }` declines; so does throwing. */
  confirm?: (question: Question, context: { signal?: AbortSignal }) => Decision | Promise<Decision>;
}

/** `true` allows this one call, once. */
export type Decision = boolean | { allow: boolean; reason?: string };

/** A call that waits for a decision, frozen: what is shown is what is sent. Texts of the server are text, not markup. */
export interface Question {
  readonly id: string;
  readonly connector: string;
  readonly connectorName: string;
  readonly host: string;
  /** `Dev`, `custom`, `demo`, or none. */
  readonly badge: string | null;
  readonly account: string;
  readonly action: string;
  readonly title: string;
  /** What will happen, in one sentence. */
  readonly sentence: string;
  readonly class: Class;
  readonly openWorld: boolean;
  readonly arguments: JsonObject;
  /** The exact bytes that will be sent as arguments. */
  readonly argumentsText: string;
  /** Arguments that repeat what a server said earlier. */
  readonly from: readonly { readonly path: string; readonly connectorName: string; readonly host: string; readonly text: string }[];
  /** Arguments that the server also wants as request headers. */
  readonly headers: readonly { readonly header: string; readonly argument: string }[];
  /** Arguments that look like a password, key or token. */
  readonly secrets: readonly { readonly path: string; readonly looksLike: string }[];
  /** Invisible characters in arguments. */
  readonly hidden: readonly { readonly path: string; readonly count: number; readonly names: readonly string[] }[];
  /** The action's whole definition as received. */
  readonly definition: JsonObject;
  /** Why this asks. */
  readonly reasons: readonly string[];
}

/** The MCP result as received; unknown members are kept. */
export interface CallToolResult {
  readonly content: readonly JsonObject[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
  readonly [key: string]: unknown;
}
