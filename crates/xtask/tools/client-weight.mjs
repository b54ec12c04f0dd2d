// What the client alone weighs beside the official TypeScript client, for the same job: connect, sign in with OAuth, list,
// call. node client-weight.mjs PACKAGE_FOLDER PLAYWRIGHT_FOLDER WORK_FOLDER; `esbuild` is in PATH. Both are bundled and
// minified by it; Brotli 11. Prints JSON: { ours: { js, wasm }, theirs: { js }, version } in bytes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const [pkg, tests, work] = process.argv.slice(2);
mkdirSync(work, { recursive: true });
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } }).length;

/** The weight of a bundle of some source that stands in `folder`, where its imports are found. */
function bundled(name, folder, source) {
  const entry = path.join(folder, `.${name}.entry.mjs`);
  const out = path.join(work, `${name}.js`);
  writeFileSync(entry, source);
  try {
    execFileSync("esbuild", [entry, "--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022", "--external:node:*", `--outfile=${out}`, "--log-level=error"], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    rmSync(entry, { force: true });
  }
  return brotli(readFileSync(out));
}

const ours = bundled("ours", pkg, `
import { connect } from "./mcp.js";
globalThis.job = async (url, redirectUri, authorize, store) => {
  const client = await connect(url, { auth: { redirectUri, authorize, store } });
  return [await client.listTools(), await client.callTool("echo", {})];
};`);
// The same job with theirs: the transport signs in through a provider object, which is the page's own code there too.
const theirs = bundled("theirs", tests, `
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
globalThis.job = async (url, authProvider, code) => {
  const client = new Client({ name: "job", version: "1" });
  let transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(await code());
    transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
    await client.connect(transport);
  }
  return [await client.listTools(), await client.callTool({ name: "echo", arguments: {} })];
};`);
const { version } = JSON.parse(readFileSync(path.join(tests, "node_modules/@modelcontextprotocol/client/package.json"), "utf8"));
console.log(JSON.stringify({ ours: { js: ours, wasm: brotli(readFileSync(path.join(pkg, "wasm/mcp/sdk_bg.wasm"))) }, theirs: { js: theirs }, version }));
