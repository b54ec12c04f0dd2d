// The MCP client alone. There is no gate here: what you call is sent. Bring your own rules.

import type { CallToolResult, Fetch, JsonObject, Wasm } from "./index.js";

export { CountersignError } from "./index.js";
export type { CallToolResult, Code, Fetch, Json, JsonObject, Wasm } from "./index.js";

export interface ConnectOptions {
  /** Headers for every request, for example `Authorization`. */
  headers?: HeadersInit;
  /** What the client calls itself. Default: `countersign` and the version of this package. */
  name?: string;
  version?: string;
  /** Used in the place of the global `fetch` for every request to a server. */
  fetch?: Fetch;
  /** The WebAssembly module, if not the one beside this file. Only the first `connect()` of a page reads it. */
  wasm?: Wasm;
  /** Cancels connecting, and closes the client when aborted later. */
  signal?: AbortSignal;
}

/** Connects to a server over Streamable HTTP or HTTP+SSE, in whichever protocol revision both speak. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

/** One connection to one server. What it returns is frozen. */
export interface Client {
  /** What the server said about itself when it was connected. It proves nothing: a server's identity is its host. */
  readonly server: Server;
  /** Every tool of the server, all pages, as received. */
  listTools(options?: { signal?: AbortSignal }): Promise<readonly Tool[]>;
  /**
   * Calls a tool once. A connection that breaks after the call was sent rejects with `unknown-outcome`: nothing is sent
   * again by itself. The server is told that nobody here answers questions (elicitation).
   */
  callTool(name: string, args?: JsonObject, options?: {
    /** Cancels the call and tells the server. What was already sent may still happen. */
    signal?: AbortSignal;
    /** Hears of progress while the call runs; the latest one when they come fast. */
    onProgress?: (progress: Progress) => void;
  }): Promise<CallToolResult>;
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
