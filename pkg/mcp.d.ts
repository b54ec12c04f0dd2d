// The MCP client alone. There is no gate here: what you call is sent. Bring your own rules.

import type { CallToolResult, Fetch, Json, JsonObject, Wasm } from "./index.js";

export { CountersignError } from "./index.js";
export type { CallToolResult, Code, Fetch, Json, JsonObject, Wasm } from "./index.js";

/** A revision of the protocol. */
export type Protocol = "2024-11-05" | "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28";

export interface ConnectOptions {
  /** Headers for every request, for example an API key. For a sign-in use `auth`. */
  headers?: HeadersInit;
  /** What the client calls itself. Default: `countersign` and the version of this package. */
  name?: string;
  version?: string;
  /** Speak this revision only. Default: the newest one that the server speaks, found out while connecting. */
  protocol?: Protocol;
  /** Signs in where the server asks for it (OAuth 2.1). Without it a server that asks for a sign-in rejects with `sign-in`. */
  auth?: Auth;
  /**
   * Answers a question of the server (elicitation). Without it servers are told that nobody here answers. The signal is
   * aborted when the server takes the question back. What throws or is no answer counts as `cancel`.
   */
  elicit?: (question: Question, options: { signal: AbortSignal }) => Answer | Promise<Answer>;
  /** Hears what the server or the connection says by itself. */
  onEvent?: (event: ClientEvent) => void;
  /** Used in the place of the global `fetch` for every request to a server. */
  fetch?: Fetch;
  /** The WebAssembly module, if not the one beside this file. Only the first `connect()` of a page reads it. */
  wasm?: Wasm;
  /** Cancels connecting, and closes the client when aborted later. */
  signal?: AbortSignal;
}

/**
 * How to sign in. The client finds the authorization server, registers, keeps tokens fresh and asks for more rights when
 * a call needs them. Time that a person needs for it does not count against a request.
 */
export interface Auth {
  /** Where the authorization server sends the person back to: a page of yours. Needed wherever a person signs in. */
  redirectUri?: string;
  /**
   * Has the person sign in at `url` and gives the whole address that they came back to, unchanged. In a page: open a
   * window, and let the page at `redirectUri` hand over its `location.href`.
   */
  authorize?: (url: string) => string | URL | Promise<string | URL>;
  /** What authorization servers show to the person. Default: the `name` of the client. */
  clientName?: string;
  /** The https address of your Client ID Metadata Document, used where the authorization server takes one. */
  clientMetadataUrl?: string;
  /** A client that was registered by hand. */
  client?: {
    id: string;
    secret?: string;
    /** The issuer that knows it, byte for byte. Default: the first authorization server that it is used with. */
    issuer?: string;
    /** How it shows who it is. Default: by what the authorization server takes. */
    method?: "none" | "client_secret_basic" | "client_secret_post" | "private_key_jwt";
    /** PKCS#8 PEM for `private_key_jwt`. */
    privateKey?: string;
    /** What the private key is for. Default: `ES256`. */
    algorithm?: "ES256" | "RS256";
    /** The key id by which the authorization server knows the key. */
    keyId?: string;
  };
  /** Scopes to ask for in any case, separated by spaces. Default: what the server asks for. */
  scope?: string;
  /** How the token is had. Default: `authorization_code`, a person signs in. */
  grant?:
    | "authorization_code"
    | "client_credentials"
    | { type: "jwt_bearer"; assertion: string }
    | { type: "enterprise"; issuer: string; clientId: string; clientSecret?: string; idToken: string; tokenEndpoint?: string };
  /** Bind tokens to a key that nobody can read (DPoP) where the authorization server can do that. Default: false. */
  dpop?: boolean;
  /**
   * Where tokens and the registration are kept. Default: in memory, for this client only. They are secrets: keep them where
   * only your page can read them. The values are texts and, with `dpop`, a `CryptoKeyPair` that a store of objects
   * (IndexedDB) can keep; a store of texts makes the person sign in again.
   */
  store?: Store;
}

/** A place for secrets; a `Map` is one. */
export interface Store {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  delete(key: string): unknown;
}

/** A question of the server to the person. The text is the server's, to be shown as text. */
export type Question =
  | {
      readonly mode: "form";
      readonly message: string;
      /** A flat JSON Schema object, as received. */
      readonly schema: JsonObject;
    }
  | {
      readonly mode: "url";
      readonly message: string;
      /** An address to open in a window of its own, if the person agrees. Show its host first. */
      readonly url: string;
    };

/** What the person decided. `content` has the values of a form. */
export type Answer = { action: "accept"; content?: JsonObject } | { action: "decline" } | { action: "cancel" };

/** What the server or the connection says by itself. */
export type ClientEvent =
  | { readonly kind: "log"; readonly level: string; readonly logger: string | null; readonly data: Json }
  | { readonly kind: "list-changed"; readonly list: "tools" | "prompts" | "resources" }
  /** A request went out once more because the server had surely not run it: its session was new, it missed headers of parameters, or it had asked for input. */
  | { readonly kind: "sent-again"; readonly why: "new-session" | "headers" | "input" }
  | { readonly kind: "disconnected"; readonly message: string };

/** Connects to a server over Streamable HTTP or HTTP+SSE, in whichever protocol revision both speak. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

export interface CallOptions {
  /** Cancels the request and tells the server. What was already sent may still happen. */
  signal?: AbortSignal;
  /** Hears of progress while the request runs; the latest one when they come fast. */
  onProgress?: (progress: Progress) => void;
}

/** One connection to one server. What it returns is frozen. */
export interface Client {
  /** What the server said about itself when it was connected. It proves nothing: a server's identity is its host. */
  readonly server: Server;
  /**
   * Every tool of the server, all pages, as received. A tool whose headers for parameters break the protocol's rules is
   * left out.
   */
  listTools(options?: { signal?: AbortSignal }): Promise<readonly Tool[]>;
  /**
   * Calls a tool once. A connection that breaks after the call was sent rejects with `unknown-outcome`: nothing is sent
   * again by itself.
   */
  callTool(name: string, args?: JsonObject, options?: CallOptions): Promise<CallToolResult>;
  /** Ends the connection and the server's session, if it has one. Running calls reject with `cancelled`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a server says about itself. */
export interface Server {
  /** The protocol revision in use, for example `2025-11-25`. */
  readonly protocol: string;
  readonly serverInfo: JsonObject | null;
  readonly capabilities: JsonObject;
  readonly instructions: string | null;
}

/** The definition of a tool as received; unknown members are kept. */
export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly [key: string]: unknown;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}
