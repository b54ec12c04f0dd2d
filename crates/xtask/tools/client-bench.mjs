// How long one tools/call takes with the package's client and with the official TypeScript client, in one page of one
// Chromium, against one real server on this machine that is asked across origins.
//
//   node client-bench.mjs PACKAGE_FOLDER TESTS_FOLDER WORK_FOLDER PAIRS
//
// `esbuild` is in PATH; COUNTERSIGN_CHROMIUM names the browser. Each pair is one call with each, in an order that is drawn
// for every pair; the first hundred pairs are not counted. Prints JSON: { pairs: [[ours, theirs], …] } in milliseconds, and
// what ran.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pkg, tests, work, pairs] = process.argv.slice(2);
const WARM_UP = 100;
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm" };

const theirs = `
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
export async function theirs(url) {
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return {
    protocol: client.getNegotiatedProtocolVersion(),
    call: (message) => client.callTool({ name: "echo", arguments: { message } }),
    close: () => client.close(),
  };
}`;

const page = `
import { connect } from "/pkg/mcp.js";
import { theirs } from "/theirs.js";

async function ours(url) {
  const client = await connect(url, { name: "bench", version: "1" });
  return { protocol: client.server.protocol, call: (message) => client.callTool("echo", { message }), close: () => client.close() };
}

/** The milliseconds of one call, whose answer has to be the right one. */
async function timed(client, message) {
  const from = performance.now();
  const result = await client.call(message);
  const took = performance.now() - from;
  if (!result.content[0].text.includes(message)) throw new Error("the echo is another one");
  return took;
}

globalThis.bench = async (url, pairs, warmUp) => {
  const clients = [await ours(url), await theirs(url)];
  const took = [];
  for (let pair = -warmUp; pair < pairs; pair += 1) {
    const times = [0, 0];
    const first = Math.random() < 0.5 ? 0 : 1;
    for (const one of [first, 1 - first]) times[one] = await timed(clients[one], \`call \${pair}\`);
    if (pair >= 0) took.push(times);
  }
  const protocols = clients.map((client) => client.protocol);
  for (const client of clients) await client.close();
  return { pairs: took, protocols };
};`;

mkdirSync(work, { recursive: true });
const entry = path.join(tests, ".bench.entry.mjs");
writeFileSync(entry, theirs);
try {
  execFileSync("esbuild", [entry, "--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022", "--external:node:*", `--outfile=${path.join(work, "theirs.js")}`, "--log-level=error"], { stdio: ["ignore", "ignore", "inherit"] });
} finally {
  rmSync(entry, { force: true });
}
writeFileSync(path.join(work, "page.js"), page);
writeFileSync(path.join(work, "page.html"), '<!doctype html><html lang="en"><title>bench</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script></html>');

// Isolated from other origins, or the page's clock would tell no less than a tenth of a millisecond.
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const site = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const inside = !pathname.includes("..") && (pathname.startsWith("/pkg/") ? path.join(pkg, pathname.slice("/pkg/".length)) : path.join(work, pathname));
  const type = TYPES[path.extname(pathname)];
  if (!inside || type === undefined) return response.writeHead(404).end();
  try {
    const bytes = readFileSync(inside);
    response.writeHead(200, { "content-type": type, ...ISOLATED }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => site.listen(0, "localhost", resolve));

const { startEverything } = await import(pathToFileURL(path.join(tests, "servers/start.mjs")).href);
const require = createRequire(path.join(tests, "package.json"));
const { chromium } = require("playwright-core");
const version = (name) => JSON.parse(readFileSync(path.join(tests, "node_modules", name, "package.json"), "utf8")).version;
const server = await startEverything();
const browser = await chromium.launch({
  executablePath: process.env.COUNTERSIGN_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  const tab = await browser.newPage();
  await tab.goto(`http://localhost:${site.address().port}/page.html`);
  await tab.waitForFunction(() => globalThis.bench !== undefined);
  const found = await tab.evaluate(([url, pairs, warmUp]) => globalThis.bench(url, pairs, warmUp), [server.url, Number(pairs), WARM_UP]);
  console.log(JSON.stringify({
    ...found,
    chromium: browser.version(),
    client: version("@modelcontextprotocol/client"),
    server: `@modelcontextprotocol/server-everything ${version("@modelcontextprotocol/server-everything")}`,
  }));
} finally {
  await browser.close();
  await server.stop();
  site.closeAllConnections();
  site.close();
}
