/// <reference lib="esnext.disposable" />

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** How much an action can change. An action whose server says nothing counts as `write`. */
export type Class = "read" | "write" | "destructive";

/** Every code a `CountersignError` can carry; the package's README says what each means. */
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

/** Something that works as the global `fetch` does: it takes a URL and options, and answers with a `Response` whose body streams. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where a WebAssembly module comes from: where it is, an answer that brings it, its bytes, or the module itself. */
export type Wasm = string | URL | Response | Promise<Response> | ArrayBuffer | Uint8Array | WebAssembly.Module;

export interface OpenOptions {
  /**
   * Where things are kept: IndexedDB under a name (default `countersign`), or memory (default where there is no
   * IndexedDB). Where IndexedDB does not work, the workspace lives in memory and `storage()` says so.
   */
  store?: "memory" | { indexedDb: string };
  /** Who acts, for the audit log. */
  identity?: { name: string };
  /** Whether servers on this machine and network may be connected. Default false. Kept in the store, for every handle on it. */
  allowLoopback?: boolean;
  /**
   * `false` forbids servers of the person's own: none can be added, and drafts that are in the store do not run. What was
   * published, and the built-in connectors, go on. For this handle only; `true` allows nothing that the settings forbid.
   */
  customServers?: boolean;
  /** How people sign in (OAuth 2.1). Without it no connector can have a `signIn`. */
  auth?: OpenAuth;
  /**
   * Ties the workspace to signed settings. Then those count, what is set here can only be stricter, and with settings that
   * cannot be verified nothing but reading is possible: `policy()` says which it is.
   */
  policy?: OpenPolicy;
  /** Used in the place of the global `fetch` for every request to a server. */
  fetch?: Fetch;
  /** The WebAssembly module, if not the one beside this file. Only the first `open()` of a page reads it. */
  wasm?: Wasm;
  /** Closes the workspace when aborted. */
  signal?: AbortSignal;
}

/** How people sign in: the same names mean the same in `countersign/mcp`. */
export interface OpenAuth {
  /** Where authorization servers send the person back to: a page of yours. */
  redirectUri: string;
  /**
   * Has the person sign in at `url` and gives the whole address that they came back to, unchanged. Called while a
   * connector is added and by `signIn()`, never by a call.
   */
  authorize: (url: string) => string | URL | Promise<string | URL>;
  /** What authorization servers show to the person. Default: `countersign`. */
  clientName?: string;
  /** The https address of your Client ID Metadata Document. It is used if it is there and names itself. */
  clientMetadataUrl?: string;
  /**
   * Bind tokens to a key that nobody can read (DPoP) where the authorization server can do that. The key is kept beside the
   * tokens. Default: false, only where a server asks for it. Tokens from before are replaced by a sign-in.
   */
  dpop?: boolean;
}

/** What a workspace is tied to: an exported workspace, which its owners signed. One of `url` and `bundle`. */
export type OpenPolicy = {
  /** The ids of the keys that may sign, 64 hexadecimal digits each; one of them must have. */
  keys: readonly string[];
  /** The id of the person in the settings. Without it, who they were before; a workspace that is new has nobody then. */
  member?: string;
  /** Whom to ask when the settings cannot be verified. */
  contact?: string;
} & ({ url: string | URL; bundle?: undefined } | { url?: undefined; bundle: string | JsonObject });

/** Where the rules of a workspace come from. */
export type Policy =
  | { readonly state: "own" }
  | {
      readonly state: "signed";
      /** Counts up. A smaller one than was seen in this store is not taken any more. */
      readonly serial: number;
      /** Milliseconds since 1970. */
      readonly issuedAt: number;
      readonly signer: { readonly name: string; readonly key: string };
      readonly contact: string | null;
    }
  | { readonly state: "unverified"; readonly why: string; readonly contact: string | null };

/** Opens a workspace. Each call opens another handle; handles on one store see each other's changes. */
export function open(options?: OpenOptions): Promise<Workspace>;

/** A workspace: its connectors, its rules and the one way to a tool. */
export interface Workspace extends EventTarget {
  /** The connectors and their actions. */
  connectors(): Promise<readonly Connector[]>;
  /** Where things are kept right now. */
  storage(): Promise<Storage>;
  /** Where the rules come from: this browser, or signed settings, which may not have been verified. */
  policy(): Promise<Policy>;
  /**
   * The whole record as JSON lines: every call that ran and every one that did not, and every change, with a checkpoint
   * signed now. Arguments and results are not in it, only their SHA-256. `countersign/verify` checks it.
   */
  exportAudit(): Promise<string>;
  /**
   * Scans a server and adds it as a draft, which only this person can use; turns developer mode on for that. Only
   * connect servers you trust: a server's text reaches the model and the person. With `signIn`, a server that asks for it
   * has the person sign in on the way.
   * Fails with `address`, `network`, `cors`, `sign-in` or `protocol`, and a `hint` that says what to do.
   */
  addConnector(connector: NewConnector, options?: { signal?: AbortSignal }): Promise<Connector>;
  /** Has the person sign in to a connector once more, kept as before. Needed when a call rejects with `sign-in`. */
  signIn(connector: string, options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Signs out of a connector: forgets its tokens and has the authorization server revoke them if it can. `not-offered` and
   * `failed` mean that they may stay valid there until they end.
   */
  signOut(connector: string, options?: { signal?: AbortSignal }): Promise<"done" | "not-offered" | "failed" | "nothing">;
  /**
   * Reads a connector's list again with the connection of the person, and compares it with what is approved: for a script
   * that watches a server. Nothing is taken over; an action that differs stays held until somebody accepts it. Rejects
   * with `blocked` where the person may not refresh it.
   */
  refresh(connector: string, options?: { signal?: AbortSignal }): Promise<Refreshed>;
  /**
   * Calls one action through the gate. A call that needs a decision goes to `confirm`; without it, it is declined.
   * The result is the server's as received; a result with `isError` resolves, it does not reject. Questions that
   * the server asks during the call are declined.
   */
  call(call: Call, options?: CallOptions): Promise<CallToolResult>;
  /** Ends every connection and every running call; an open question is not answered any more. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  addEventListener(type: "change", listener: (event: CustomEvent<Change>) => void, options?: AddEventListenerOptions | boolean): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

/** What a server lists, compared with what is approved. */
export interface Refreshed {
  /**
   * SHA-256 of what the server lists now: of its instructions, of every definition and of every page of an app. A page
   * that was not read counts as it was approved.
   */
  readonly digest: string;
  /** The same of what is approved. It is `digest` where all of that is what was approved. */
  readonly approved: string;
  /** Everything that differs, the heaviest first; empty where nothing does. */
  readonly changes: readonly {
    /** The action; none for a page and for what is about the server. */
    readonly action: string | null;
    /**
     * `page` is a page of an app that is another one, or that nobody has approved yet. `about` is what the server says
     * about itself: its name, its version, its protocol.
     */
    readonly change: "added" | "removed" | "renamed" | "changed" | "page" | "instructions" | "about";
    /** The name that a renamed action had. */
    readonly was: string | null;
    /** The address of a page, `ui://...`; none for anything else. */
    readonly page: string | null;
    /** `risk` reaches further or claims less, `text` is what a model reads, `cosmetic` is neither. */
    readonly weight: "cosmetic" | "text" | "risk";
  }[];
  /** The page that shows and decides it, below a Countersign site that shares this store: a relative address. */
  readonly link: string;
}

/** What changed; dispatched in a microtask of its own. */
export type Change =
  | { readonly kind: "connectors" }
  | {
      readonly kind: "connection";
      readonly connector: string;
      /** `changed` means that what the server offers is not what was approved: those actions are held. */
      readonly state: "idle" | "connecting" | "connected" | "changed" | "sign-in" | "failed";
      readonly why: string | null;
    }
  /**
   * The server does not tell of changes of this list, although it says that it can: what is known of it may be old until
   * `refresh()`.
   */
  | { readonly kind: "not-told"; readonly connector: string; readonly list: "tools" | "prompts" | "resources" }
  | ({ readonly kind: "storage" } & Storage)
  | { readonly kind: "dead" };

/** Where things are kept: in the browser, in memory as asked, in memory because nothing else works, or no longer because it is full. */
export interface Storage {
  readonly state: "kept" | "memory" | "unavailable" | "full";
  readonly why: string | null;
}

/** A connector: a frozen plain object, a picture of one moment. */
export interface Connector {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly address: string;
  /** The server's identity. Show it wherever you show the name. */
  readonly host: string;
  /** `Dev`, `custom`, `demo`, or none. Show it beside the name. */
  readonly badge: string | null;
  /** Whether the server runs on this machine or network. */
  readonly local: boolean;
  readonly provider: "first-party" | "demo" | "custom";
  readonly stage: "draft" | "published";
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
  /** Whether the person signs in (OAuth 2.1) by the `auth` of `open()`, and what is known about it. Default: false. */
  signIn?: boolean | SignInTerms;
}

/** What is known about the sign-in of a connector. */
export interface SignInTerms {
  /** The client that was registered by hand at the authorization server, and its secret where it has one. */
  clientId?: string;
  clientSecret?: string;
  /** Scopes to ask for in any case, separated by spaces. Default: what the server asks for. */
  scope?: string;
  /** How long tokens are kept: in memory (default), until the tab closes, or on this device; the last two encrypted. */
  keep?: "memory" | "tab" | "device";
}

export interface Call {
  /** The connector's id. */
  connector: string;
  /** The action's name. */
  action: string;
  /** Sent as this JSON; a `Map`, a `BigInt`, `NaN` or `Infinity` anywhere in it is refused as `invalid`. */
  arguments?: JsonObject;
}

export interface CallOptions {
  /** Cancels the call. What was already sent may still happen on the server. */
  signal?: AbortSignal;
  /** Decides. Anything but `true` or `{ allow: true }` declines; so does throwing, and what was thrown is the error's `cause`. */
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
  /** Whether the server runs on this machine or network. */
  readonly local: boolean;
  readonly account: string;
  readonly action: string;
  readonly title: string;
  /** What will happen, in a few words. */
  readonly sentence: string;
  readonly class: Class;
  readonly openWorld: boolean;
  readonly arguments: JsonObject;
  /** The exact text that will be sent as arguments. */
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

/** The MCP result as received, frozen; unknown members are kept. Integers beyond 2^53 are rounded, as everywhere in JavaScript. */
export interface CallToolResult {
  readonly content: readonly JsonObject[];
  readonly structuredContent?: Json;
  readonly isError?: boolean;
  readonly [key: string]: unknown;
}
