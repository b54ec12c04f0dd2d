// The npm package as portals get it: packed, installed, and used from a plain page, from a Vite project and from Node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync, readdirSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { build } from "vite";
import { startModern } from "../servers/start.mjs";

const run = promisify(execFile);
const scenario = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "scenario.mjs"), "utf8");
// A page of a portal may be this strict.
const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*; style-src 'self'; base-uri 'none'";

let project;
let board;
let browser;

before(async () => {
  project = mkdtempSync(path.join(tmpdir(), "countersign-package-"));
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ name: "portal", private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", "--offline", process.env.COUNTERSIGN_PACKAGE], { cwd: project });
  writeFileSync(path.join(project, "scenario.mjs"), scenario);
  board = await startModern();
  browser = await chromium.connect(process.env.COUNTERSIGN_BROWSER);
});

after(async () => {
  await browser?.close();
  await board?.stop();
  if (project) rmSync(project, { recursive: true, force: true });
});

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };

/** Serves a folder on loopback, as any static host would. */
async function serve(folder) {
  const http = createServer((request, response) => {
    const file = path.join(folder, path.normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)));
    if (!file.startsWith(folder) || !existsSync(file) || !path.extname(file)) { response.writeHead(404).end(); return; }
    response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream", "Content-Security-Policy": CSP });
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { url: `http://localhost:${http.address().port}`, close: () => new Promise((resolve) => { http.closeAllConnections(); http.close(resolve); }) };
}

/** Opens a page that runs the scenario, and hands back what it found. */
async function findings(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => { if (message.type() === "error" && !message.location().url.startsWith("http://127.0.0.1")) errors.push(message.text()); });
  try {
    await page.goto(`${url}#${encodeURIComponent(board.url)}`);
    const handle = await page.waitForFunction(() => globalThis.found, null, { timeout: 60_000 });
    const found = await handle.jsonValue();
    assert.deepEqual(errors.filter((each) => !/favicon/.test(each)), []);
    return found;
  } finally {
    await context.close();
  }
}

/** What the scenario has to find, wherever it runs. */
async function proves(found, before) {
  assert.equal(found.error, undefined, found.error);
  assert.deepEqual(found.builtIn.sort(), ["Guide", "Notebook"]);
  assert.equal(found.added.host, board.origin.slice("http://".length));
  assert.equal(found.added.stage, "draft");
  assert.equal(found.frozen, true);
  assert.match(found.read, /Printer on floor 3/);
  assert.equal(found.withoutConfirm, "declined");
  assert.equal(found.saidNo, "declined");
  assert.deepEqual(found.asked, { action: "create_ticket", class: "write", arguments: { title: "From the package" } });
  assert.match(found.saidYes, /Created/);
  assert.equal(found.closed, "closed");
  assert.match(found.refused, /^address$/);
  assert.ok(found.tools.includes("delete_ticket"));
  assert.match(found.called, /Printer on floor 3/);
  const { seen } = await board.witness();
  const calls = seen.slice(before).filter((each) => each.message.method === "tools/call").map((each) => each.message.params.name);
  assert.deepEqual(calls.filter((name) => name !== "list_tickets"), ["create_ticket"], "the one allowed write is the only one that arrived");
}

const arrived = async () => (await board.witness()).seen.length;

test("the package holds what it needs and nothing else", () => {
  const installed = path.join(project, "node_modules", "countersign");
  const files = readdirSync(installed, { recursive: true }).map(String).filter((name) => path.extname(name) || /LICENSE/.test(name));
  for (const name of ["index.js", "index.d.ts", "mcp.js", "mcp.d.ts", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "package.json"]) assert.ok(files.includes(name), `${name} is in it`);
  assert.ok(files.some((name) => name.endsWith(".wasm")));
  const strange = files.filter((name) => !/\.(js|d\.ts|wasm|md|json)$|LICENSE-/.test(name));
  assert.deepEqual(strange, []);
  const about = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(about.scripts ?? {}).filter((name) => /install|prepare/.test(name)), [], "X128 nothing runs on install");
  assert.equal(about.dependencies, undefined);
});

test("the package works from a plain module page in Chromium", async () => {
  writeFileSync(path.join(project, "plain.html"), `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>plain</title><link rel="icon" href="data:,"></head><body><script type="module" src="plain.mjs"></script></body></html>`);
  // Without a bundler nobody resolves bare names: the page names the files.
  writeFileSync(path.join(project, "plain.mjs"), `${scenario.replaceAll('"countersign/mcp"', '"./node_modules/countersign/mcp.js"').replaceAll('"countersign"', '"./node_modules/countersign/index.js"')}\nglobalThis.found = await scenario(decodeURIComponent(location.hash.slice(1)));\n`);
  const host = await serve(project);
  try {
    const before = await arrived();
    await proves(await findings(`${host.url}/plain.html`), before);
  } finally {
    await host.close();
  }
});

test("the package works in a Vite project in Chromium", async () => {
  const source = path.join(project, "vite-app");
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, "index.html"), `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>vite</title><link rel="icon" href="data:,"></head><body><script type="module" src="/main.js"></script></body></html>`);
  writeFileSync(path.join(source, "main.js"), `import { scenario } from "../scenario.mjs";\nscenario(decodeURIComponent(location.hash.slice(1))).then((found) => { globalThis.found = found; });\n`);
  await build({ root: source, base: "./", logLevel: "error", configFile: false, build: { outDir: "dist", modulePreload: { polyfill: false } } });
  const host = await serve(path.join(source, "dist"));
  try {
    const before = await arrived();
    await proves(await findings(`${host.url}/index.html`), before);
  } finally {
    await host.close();
  }
});

test("the package works in Node 20", async () => {
  const node = process.env.COUNTERSIGN_NODE20;
  assert.match((await run(node, ["--version"])).stdout, /^v20\./);
  writeFileSync(path.join(project, "node.mjs"), 'import { scenario } from "./scenario.mjs";\nconsole.log(JSON.stringify(await scenario(process.argv[2])));\n');
  const before = await arrived();
  const { stdout } = await run(node, [path.join(project, "node.mjs"), board.url], { timeout: 60_000 });
  await proves(JSON.parse(stdout), before);
});
