// The MCP client alone. There is no gate here: what you call is sent. Bring your own rules.

import type { CallToolResult, Fetch, Json, JsonObject, Wasm } from "./index.js";

export { CountersignError } from "./index.js";
export type { CallToolResult, Code, Fetch, Json, JsonObject, Wasm } from "./index.js";

/** A revision of the protocol. */
export type Protocol = "2024-11-05" | "2025-03-26" | "2025-06-18" | "2025-11-25" | "2026-07-28";

/** How important a log message is, the least important first. */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

export interface ConnectOptions {
  /** Headers for every request, for example an API key. For a sign-in use `auth`. */
  headers?: HeadersInit;
  /** What the client calls itself. Default: `countersign` and the version of this package. */
  name?: string;
  version?: string;
  /** Speak this revision only. Default: the newest one that the server speaks, found out while connecting. */
  protocol?: Protocol;
  /** What `server.protocol` was the last time: an older one now is told by `server.downgrade`. */
  lastProtocol?: Protocol;
  /** Signs in where the server asks for it (OAuth 2.1). Without it a server that asks for a sign-in rejects with `sign-in`. */
  auth?: Auth;
  /**
   * Answers a question of the server (elicitation). Without it servers are told that nobody here answers. The signal is
   * aborted when the server takes the question back; its `reason` is what the server says about that, if it says something. What throws or is no answer counts as `cancel`.
   */
  elicit?: (question: Question, options: { signal: AbortSignal }) => Answer | Promise<Answer>;
  /** From which level on the server is asked for log messages; they come to `onEvent`. Default: it is not asked. */
  logLevel?: LogLevel;
  /**
   * Whether the server may answer a call with a task that goes on by itself (the tasks extension). The call then ends when
   * the task does. Default: false.
   */
  tasks?: boolean;
  /**
   * After how many milliseconds without a sign of life a server whose stream is open is asked whether it is still there; 0 for
   * never. Revisions before 2026-07-28 only. Default: 300000. Without an answer the stream is opened anew, and `onEvent` hears
   * `stale`.
   */
  ping?: number;
  /** Extensions of the protocol that you handle, each with its settings. */
  extensions?: { readonly [id: string]: JsonObject };
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
    /**
     * The issuer that knows it, byte for byte. Its secret or key goes to no other. Default where a person signs in: the
     * first authorization server that it is used with. Needed without a person, unless `trustNamedIssuer` says otherwise.
     */
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
  /**
   * Whether a grant without a person may send its secret, key or ID token to whichever authorization server the MCP server
   * names. Default: false, which means only to `client.issuer`.
   */
  trustNamedIssuer?: boolean;
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
      /** What `elicitation-complete` will name, if the server tells when it is done. */
      readonly elicitation: string | null;
    };

/** What the person decided. `content` has the values of a form. */
export type Answer = { action: "accept"; content?: JsonObject } | { action: "decline" } | { action: "cancel" };

/** What the server or the connection says by itself. */
export type ClientEvent =
  | { readonly kind: "log"; readonly level: string; readonly logger: string | null; readonly data: Json }
  | { readonly kind: "list-changed"; readonly list: "tools" | "prompts" | "resources" }
  /** The server does not tell of changes of this list, although it says that it can. */
  | { readonly kind: "not-told"; readonly list: "tools" | "prompts" | "resources" }
  /** Entries of a list that cannot be used, each with the reason; the list comes without them. */
  | {
      readonly kind: "left-out";
      readonly list: "tools" | "prompts" | "resources" | "templates";
      readonly entries: readonly { readonly name: string; readonly reason: string }[];
    }
  /** A resource that is subscribed to is another one now. */
  | { readonly kind: "resource-updated"; readonly uri: string }
  /** The person has done what the server asked to open an address for. */
  | { readonly kind: "elicitation-complete"; readonly elicitation: string }
  /** A call became a task, or its task is in another state than before. */
  | { readonly kind: "task"; readonly task: string; readonly status: string; readonly message: string | null }
  /**
   * A request went out once more because the server had surely not run it (its session was new, it missed headers of
   * parameters, it had asked for input, it speaks another revision now), or because it only reads and its answer broke off.
   */
  | { readonly kind: "sent-again"; readonly why: "new-session" | "headers" | "input" | "version" | "read" }
  /** The server did not answer when it was asked whether it is still there, and its stream is opened anew. */
  | { readonly kind: "stale"; readonly message: string }
  | { readonly kind: "disconnected"; readonly message: string };

/** Connects to a server over Streamable HTTP or HTTP+SSE, in whichever protocol revision both speak. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

export interface CallOptions {
  /** Cancels the request and tells the server. What was already sent may still happen. */
  signal?: AbortSignal;
  /** Hears of progress while the request runs; the latest one when they come fast. */
  onProgress?: (progress: Progress) => void;
  /**
   * For how long to wait, in milliseconds. When not said: 2 minutes without a sign of life and 10 minutes in all. A request
   * that takes longer rejects with `timeout`, or with `unknown-outcome` where it may have happened.
   */
  timeout?: number;
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
  /** Every prompt of the server, all pages, as received; none where the server has none. */
  listPrompts(options?: { signal?: AbortSignal }): Promise<readonly Prompt[]>;
  /** A prompt, filled in. Its arguments are texts. */
  getPrompt(name: string, args?: { readonly [name: string]: string }, options?: CallOptions): Promise<GetPromptResult>;
  /** Every resource of the server, all pages, as received; none where the server has none. */
  listResources(options?: { signal?: AbortSignal }): Promise<readonly Resource[]>;
  /** Every template of addresses of resources, all pages, as received; none where the server has none. */
  listResourceTemplates(options?: { signal?: AbortSignal }): Promise<readonly ResourceTemplate[]>;
  /** The contents of a resource. Its address goes to the server as it is, and nowhere else. */
  readResource(uri: string, options?: CallOptions): Promise<ReadResourceResult>;
  /** Hears of changes of a resource by the event `resource-updated`, for as long as the client lives. */
  subscribe(uri: string, options?: { signal?: AbortSignal }): Promise<void>;
  unsubscribe(uri: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** What may follow `value` in an argument of a prompt, or in a variable of a template. */
  complete(what: Completing, options?: CallOptions): Promise<Completion>;
  /** Chooses from which level on the server sends log messages. */
  setLogLevel(level: LogLevel, options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Sends any other request, for example one of an extension, and gives the whole result. What the protocol itself does by
   * several requests (lists, calls, subscriptions) is refused here. As with calls, nothing is sent again by itself.
   */
  request(method: string, params?: JsonObject, options?: CallOptions): Promise<JsonObject>;
  /**
   * Signs out: forgets tokens, registration and key, and has the authorization server revoke the tokens if it can.
   * `not-offered` and `failed` mean that they may stay valid there until they end.
   */
  signOut(options?: { signal?: AbortSignal }): Promise<"done" | "not-offered" | "failed" | "nothing">;
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
  /** Whether the protocol is older than `lastProtocol`, or than the one spoken earlier on this connection. */
  readonly downgrade: boolean;
}

/** The definition of a tool as received; unknown members are kept. */
export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly [key: string]: unknown;
}

/** A prompt as received; unknown members are kept. */
export interface Prompt {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments?: readonly { readonly name: string; readonly description?: string; readonly required?: boolean }[];
  readonly [key: string]: unknown;
}

/** A filled-in prompt as received. */
export interface GetPromptResult {
  readonly description?: string;
  readonly messages: readonly { readonly role: string; readonly content: JsonObject }[];
  readonly [key: string]: unknown;
}

/** A resource as received; unknown members are kept. */
export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly [key: string]: unknown;
}

/** A template of addresses (RFC 6570) as received; unknown members are kept. */
export interface ResourceTemplate {
  readonly uriTemplate: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

/** The contents of a resource as received: `text`, or `blob` in Base64. */
export interface ReadResourceResult {
  readonly contents: readonly { readonly uri: string; readonly mimeType?: string; readonly text?: string; readonly blob?: string }[];
  readonly [key: string]: unknown;
}

/** What is to be completed: an argument of a prompt, or a variable of a template. */
export type Completing = ({ prompt: string } | { template: string }) & {
  argument: string;
  /** What is there so far. */
  value: string;
  /** Arguments that are settled already. */
  settled?: { readonly [name: string]: string };
};

export interface Completion {
  readonly values: readonly string[];
  readonly total?: number;
  readonly hasMore?: boolean;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}
