// A portal's project with the package installed, and the places where it is tried: pages in Chromium, and Node 20.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
/** A page of a portal may be this strict. */
export const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*; style-src 'self'; img-src data:; base-uri 'none'; require-trusted-types-for 'script'";

/** The folder of the project. */
export let project;
/** The folder of the package in it. */
export let installed;
/** The Chromium of the run. */
export let browser;

/** Does something before the first test of a file and something after the last. Where no test of it is wanted, node calls the second hook while the first is still at work. */
export function around(begin, end) {
  let begun;
  before(() => (begun = begin()));
  after(async () => {
    await begun;
    await end();
  });
}

around(async () => {
  project = mkdtempSync(path.join(tmpdir(), "countersign-package-"));
  installed = path.join(project, "node_modules", "countersign");
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ name: "portal", private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", "--offline", process.env.COUNTERSIGN_PACKAGE], { cwd: project });
  browser = await chromium.connect(process.env.COUNTERSIGN_BROWSER);
}, async () => {
  await browser?.close();
  if (project) rmSync(project, { recursive: true, force: true });
});

/** What a host says that files are. */
export const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };

/** Serves a folder on loopback, as any static host would. */
export async function serve(folder, types = TYPES, csp = CSP) {
  const http = createServer((request, response) => {
    const file = path.join(folder, path.normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)));
    if (!file.startsWith(folder) || !existsSync(file) || !path.extname(file)) { response.writeHead(404).end(); return; }
    response.writeHead(200, { "Content-Type": types[path.extname(file)] ?? "application/octet-stream", "Content-Security-Policy": csp });
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { url: `http://localhost:${http.address().port}`, close: () => new Promise((resolve) => { http.closeAllConnections(); http.close(resolve); }) };
}

/**
 * Opens a page that leaves what it found in `globalThis.found`, and hands that back with the files it loaded.
 *   missing   a file that the page asks for on purpose although it is not there
 */
export async function foundBy(url, address, missing = null) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  const loaded = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  page.on("pageerror", (error) => errors.push(error.message));
  // What the browser says about a server that is refused on purpose is no error of the page.
  const expected = (at) => at.startsWith("http://127.0.0.1") || (missing !== null && at.endsWith(`/${missing}`));
  page.on("console", (message) => { if (message.type() === "error" && !expected(message.location().url)) errors.push(message.text()); });
  try {
    await page.goto(`${url}#${encodeURIComponent(address)}`);
    const handle = await page.waitForFunction(() => globalThis.found, null, { timeout: 90_000 });
    const found = await handle.jsonValue();
    assert.deepEqual(errors, []);
    return { ...found, loaded };
  } finally {
    await context.close();
  }
}

/** The text of a page that runs a script. */
export const page = (script) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>portal</title><link rel="icon" href="data:,"></head><body><script type="module" src="${script}"></script></body></html>`;
/** Runs a program on Node 20 in the project and reads the JSON it prints. */
export async function inNode(name, source, ...given) {
  const file = path.join(project, name);
  writeFileSync(file, source);
  const { stdout } = await run(process.env.COUNTERSIGN_NODE20, [file, ...given], { timeout: 90_000 });
  return JSON.parse(stdout);
}
