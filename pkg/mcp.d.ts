import type { CallToolResult, CountersignError as Base, Json, JsonObject } from "./index.js";

/** The MCP client alone. There is no gate here: what you call is sent. Bring your own rules. */
export declare const CountersignError: typeof Base;

export interface ConnectOptions {
  /** Headers for every request, for example `Authorization`. */
  headers?: HeadersInit;
  /** What the client calls itself. Default: `countersign` and the version of this package. */
  name?: string;
  version?: string;
  /** Used in the place of the global `fetch` for every request to a server. */
  fetch?: typeof globalThis.fetch;
  /** Where to load the WebAssembly module from, if not from beside this file. */
  wasm?: URL | string | Request | Response | BufferSource | WebAssembly.Module;
  /** Closes the client when aborted. */
  signal?: AbortSignal;
}

/** Connects to a server over Streamable HTTP or HTTP+SSE, in whichever protocol revision both speak. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

/** One connection to one server. */
export interface Client {
  /** What the server said about itself when it was connected. It proves nothing: a server's identity is its host. */
  readonly server: JsonObject;
  /** Every tool of the server, all pages, as received. */
  listTools(): Promise<readonly JsonObject[]>;
  /** Calls a tool once. A stream that breaks rejects with `unknown-outcome`; nothing is ever sent again by itself. */
  callTool(name: string, args?: JsonObject, options?: {
    signal?: AbortSignal;
    onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
  }): Promise<CallToolResult>;
  /** Ends the connection and the server's session, if it has one. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type { CallToolResult, Json, JsonObject };
