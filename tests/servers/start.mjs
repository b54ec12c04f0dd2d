// Starts the real servers that the suites talk to, each as its own process on a free loopback port.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "..", "node_modules");
const everything = path.join(modules, "@modelcontextprotocol", "server-everything", "dist", "index.js");
const loopback = pathToFileURL(path.join(here, "loopback.mjs")).href;
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
async function start(name, command, args, { port, path: suffix = "/mcp", env = {}, wait = 30_000 }) {
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

/**
 * The real nginx with the ready file `site/deploy/mcp-proxy.nginx.conf`, its marked places filled in: the origins of the
 * pages, and `servers`, an object of names and origins.
 */
export async function startNginxProxy(pages, servers) {
  const nginx = process.env.COUNTERSIGN_NGINX;
  if (!nginx) throw new Error("COUNTERSIGN_NGINX is not set: it names an nginx");
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-nginx-"));
  const lines = (entries) => entries.map(([from, to]) => `    ${from} ${to};`).join("\n");
  const replaced = (text, from, to) => {
    if (!text.includes(from)) throw new Error(`site/deploy/mcp-proxy.nginx.conf has no \`${from}\``);
    return text.replace(from, to);
  };
  let proxy = readFileSync(path.join(here, "../../site/deploy/mcp-proxy.nginx.conf"), "utf8");
  proxy = replaced(proxy, '    "https://chat.example.com" $http_origin;', lines(pages.map((page) => [`"${page}"`, "$http_origin"])));
  proxy = replaced(proxy, '    "example" https://mcp.example.com;', lines(Object.entries(servers).map(([name, origin]) => [`"${name}"`, origin])));
  proxy = replaced(proxy, "listen 127.0.0.1:8091;", `listen 127.0.0.1:${port};`);
  writeFileSync(path.join(folder, "proxy.conf"), proxy);
  const own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  writeFileSync(path.join(folder, "nginx.conf"), `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n${own}\n  include ${folder}/proxy.conf;\n}\n`);
  const server = await start("nginx", nginx, ["-p", folder, "-c", path.join(folder, "nginx.conf"), "-e", "stderr"], { port, path: "" });
  return { ...server, stop: async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); } };
}

/** The library of `python_server.py`, on the Python that COUNTERSIGN_PYTHON names. */
export async function startPython(...options) {
  const python = process.env.COUNTERSIGN_PYTHON;
  if (!python) throw new Error("COUNTERSIGN_PYTHON is not set: it names a Python with tests/servers/requirements.txt installed");
  const port = await freePort();
  return start("library", python, [path.join(here, "python_server.py"), String(port), ...options], { port, wait: 60_000 });
}
