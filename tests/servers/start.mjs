// Starts the real servers that the suites talk to, each as its own process on a free loopback port.
import { spawn } from "node:child_process";
import net from "node:net";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
/** Where the packages from npm are. */
export const modules = path.join(here, "..", "node_modules");
/** `@modelcontextprotocol/server-everything`, the program. */
export const everything = path.join(modules, "@modelcontextprotocol", "server-everything", "dist", "index.js");
/** The preload that keeps a server on loopback. */
export const loopback = pathToFileURL(path.join(here, "loopback.mjs")).href;
const running = new Set();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A port that nobody listens on right now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => { socket.destroy(); resolve(true); });
    socket.once("error", () => resolve(false));
  });
}

/**
 * Starts a program and waits until its port accepts connections.
 * `path` is what follows the origin in the address that a person would paste.
 */
export async function start(name, command, args, { port, path: suffix = "/mcp", env = {}, wait = 30_000 }) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let output = "";
  let ended = null;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => { output = (output + chunk).slice(-4000); });
  }
  child.once("error", (error) => { ended = error.message; });
  child.once("exit", (code, signal) => { ended ??= `exit ${code ?? signal}`; running.delete(child); });
  const until = Date.now() + wait;
  while (!(await accepts(port))) {
    if (ended !== null) throw new Error(`${name} did not start (${ended}):\n${output}`);
    if (Date.now() > until) { child.kill("SIGKILL"); throw new Error(`${name} did not listen within ${wait / 1000} s:\n${output}`); }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const origin = `http://127.0.0.1:${port}`;
  return {
    name,
    port,
    origin,
    url: origin + suffix,
    output: () => output,
    /** Ends the process at once, as a crash would. */
    kill: () => new Promise((resolve) => {
      if (ended !== null) { resolve(); return; }
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    }),
    stop: () => new Promise((resolve) => {
      if (ended !== null) { resolve(); return; }
      child.once("exit", () => resolve());
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 2000).unref();
    }),
  };
}

/** `@modelcontextprotocol/server-everything`, over streamable HTTP. */
export async function startEverything() {
  const port = await freePort();
  return start("server-everything", process.execPath, ["--import", loopback, everything, "streamableHttp"], { port, env: { PORT: String(port) } });
}

/** The same server over the transport of 2024-11-05. */
export async function startEverythingSse() {
  const port = await freePort();
  return start("server-everything (SSE)", process.execPath, ["--import", loopback, everything, "sse"], { port, path: "/sse", env: { PORT: String(port) } });
}

/** The board of `modern.mjs`; `witness()` tells what it saw, `pull()` changes its definitions. */
export async function startModern(...options) {
  const port = await freePort();
  const server = await start("board", process.execPath, [path.join(here, "modern.mjs"), String(port), ...options], { port });
  return { ...server, witness: async () => (await fetch(`${server.origin}/witness`)).json(), pull: async () => { await fetch(`${server.origin}/pull`, { method: "POST" }); } };
}

/** The archive of `archive.mjs` under a name; `witness()` tells which tools were called. */
export async function startArchive(name) {
  const port = await freePort();
  const server = await start(`archive ${name}`, process.execPath, [path.join(here, "archive.mjs"), String(port), name], { port });
  return { ...server, host: `127.0.0.1:${port}`, witness: async () => (await fetch(`${server.origin}/witness`)).json() };
}

/** The errands of `errands.mjs`: `finish()` has them end, `witness()` tells the methods of what came. */
export async function startErrands() {
  const port = await freePort();
  const server = await start("errands", process.execPath, [path.join(here, "errands.mjs"), String(port)], { port });
  return { ...server, witness: async () => (await fetch(`${server.origin}/witness`)).json(), finish: async () => { await fetch(`${server.origin}/finish`, { method: "POST" }); } };
}

/** A server of Python, on the Python that COUNTERSIGN_PYTHON names. */
async function startOnPython(name, file, options) {
  const python = process.env.COUNTERSIGN_PYTHON;
  if (!python) throw new Error("COUNTERSIGN_PYTHON is not set: it names a Python with tests/servers/requirements.txt installed");
  const port = await freePort();
  return start(name, python, [path.join(here, file), String(port), ...options], { port, wait: 60_000 });
}

/** The library of `python_server.py`, on the official SDK. */
export const startPython = (...options) => startOnPython("library", "python_server.py", options);

/** The weather station of `fastmcp_server.py`, on FastMCP. */
export const startFastmcp = () => startOnPython("weather", "fastmcp_server.py", []);

/** A server that speaks over standard input and output, reached through `mcp-proxy`: two revisions, a fixed list of headers. */
export async function startMcpProxy() {
  const port = await freePort();
  const bridge = path.join(modules, "mcp-proxy", "dist", "bin", "mcp-proxy.mjs");
  const args = ["--import", loopback, bridge, "--host", "127.0.0.1", "--port", String(port), "--server", "stream"];
  return start("mcp-proxy", process.execPath, [...args, "--", process.execPath, everything, "stdio"], { port });
}

/** `@modelcontextprotocol/server-memory` behind `supergateway`, which answers 404 to a revision that it does not know. */
export async function startSupergateway(folder) {
  const port = await freePort();
  const bridge = path.join(modules, "supergateway", "dist", "index.js");
  const memory = path.join(modules, "@modelcontextprotocol", "server-memory", "dist", "index.js");
  const args = ["--stdio", `"${process.execPath}" "${memory}"`, "--outputTransport", "streamableHttp", "--port", String(port), "--cors"];
  const env = { MEMORY_FILE_PATH: path.join(folder, "memory.jsonl") };
  return start("supergateway", process.execPath, ["--import", loopback, bridge, ...args], { port, env });
}

/**
 * The OAuth example of the TypeScript SDK 1: a server and its authorization server, neither of which lets web pages in.
 * `issuer` is the second one's origin.
 */
export async function startSdk1() {
  const [port, own] = [await freePort(), await freePort()];
  const example = path.join(modules, "@modelcontextprotocol", "sdk", "dist", "esm", "examples", "server", "simpleStreamableHttp.js");
  const server = await start("SDK 1 with OAuth", process.execPath, ["--import", loopback, example, "--oauth"], {
    port,
    env: { MCP_PORT: String(port), MCP_AUTH_PORT: String(own) },
  });
  // It calls itself by this name, and compares.
  const origin = `http://localhost:${port}`;
  return { ...server, origin, url: `${origin}/mcp`, issuer: `http://localhost:${own}` };
}
