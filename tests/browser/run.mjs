// Runs the browser suite: one Chromium for all files, two files at a time.
//
//   node tests/browser/run.mjs [PART OF A FILE NAME OR TITLE]
//
// COUNTERSIGN_SITE        http://localhost:PORT that serves the built site (needed)
// COUNTERSIGN_SITE_BASE   the same site below a path, with a slash at the end (needed)
// COUNTERSIGN_PYTHON      a Python with tests/servers/requirements.txt installed (needed)
// COUNTERSIGN_CHROMIUM    the browser, /usr/bin/chromium when not set
//
// Prints a line per test and, last, `N passed, N failed`; leaves the titles in tests/out/browser.json.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { launch } from "./chromium.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const missing = ["COUNTERSIGN_SITE", "COUNTERSIGN_SITE_BASE", "COUNTERSIGN_PYTHON"].filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`not set: ${missing.join(", ")}; see the head of tests/browser/run.mjs`);
  process.exit(1);
}

const all = ["servers", "browser", "attacks"]
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name)))
  .filter((file) => file.endsWith(".test.mjs"));
const wanted = process.argv[2];
const byFile = wanted ? all.filter((file) => path.relative(root, file).includes(wanted)) : all;
const files = byFile.length > 0 ? byFile : all;
const byTitle = wanted && byFile.length === 0 ? { testNamePatterns: [new RegExp(wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))] } : {};

const server = await chromium.launchServer({ ...launch, headless: true });
process.env.COUNTERSIGN_BROWSER = server.wsEndpoint();

const passed = [];
const failed = [];
const isFile = (event) => event.name.endsWith(".test.mjs");
const first = (error) => String(error?.cause?.stack ?? error?.cause ?? error?.message ?? error);

for await (const { type, data } of run({ files, concurrency: 2, ...byTitle })) {
  if (type === "test:diagnostic" && /^measured /.test(data.message)) console.log(`  ${data.message}`);
  if (type !== "test:pass" && type !== "test:fail") continue;
  if (data.skip !== undefined) continue;
  const seconds = `${(data.details.duration_ms / 1000).toFixed(1)} s`;
  if (type === "test:fail") {
    // A file that dies as a whole is a failure of its own; one that only had failing tests has been counted by them.
    if (isFile(data) && data.details.error?.failureType === "subtestsFailed") continue;
    failed.push(data.name);
    console.log(`FAILED  ${data.name} (${seconds})\n${first(data.details.error).replaceAll(/^/gm, "        ")}`);
  } else if (!isFile(data)) {
    passed.push(data.name);
    console.log(`ok      ${data.name} (${seconds})`);
  }
}
await server.close();

const doubled = [...passed, ...failed].filter((title, index, titles) => titles.indexOf(title) !== index);
for (const title of doubled) { failed.push(`${title} (two tests have this title)`); console.log(`FAILED  two tests are called: ${title}`); }
mkdirSync(path.join(root, "out"), { recursive: true });
writeFileSync(path.join(root, "out", "browser.json"), `${JSON.stringify({ suite: "browser", passed, failed }, null, 2)}\n`);
if (passed.length + failed.length === 0) { console.log("no test ran"); failed.push("nothing ran"); }
console.log(`${passed.length} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
