// Runs the official suite's client scenarios with the built package (pkg/mcp.js and its WebAssembly) as the client: in a
// page, in a module worker and in Node.
//
//   node tests/conformance/run.mjs [--in page|worker|node] [--requirements REVISION] [--scenario NAME] [--unmodified]
//                                  [PART OF A TITLE]
//
// COUNTERSIGN_CHROMIUM    the browser, /usr/bin/chromium when not set
//
// A scenario passes when the suite's own strict mode says so (its command ends with 0: no FAILURE, no WARNING, no time-out),
// at least one check succeeded, and the client did what `scenarios.mjs` expects of it. In the page and the worker CORS is
// enforced: the suite's mock servers are taught to answer preflights (cors-preload.mjs). With --unmodified nothing is added
// to the suite, and the browser's web security is off instead.
//
// Prints a line per scenario with its checks and, last, `N passed, N failed`; leaves the titles in
// tests/out/conformance.json, and what the suite recorded below tests/out/conformance/.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "../runner.mjs";
import { Browser } from "./browser.mjs";
import { needsWindow } from "./scenarios.mjs";
import { requirements, runScenario } from "./suite.mjs";

const REVISIONS = ["2025-11-25", "2026-07-28"];
const PLACES = ["page", "worker", "node"];
const out = path.join(root, "out");

const { values: wanted, positionals: [part] } = parseArgs({
  allowPositionals: true,
  options: {
    in: { type: "string" },
    requirements: { type: "string" },
    scenario: { type: "string" },
    unmodified: { type: "boolean", default: false },
  },
});
const refuse = (words) => {
  console.error(words);
  process.exit(1);
};
if (wanted.in !== undefined && !PLACES.includes(wanted.in)) refuse(`\`${wanted.in}\` is no place: ${PLACES.join(", ")}`);
if (wanted.requirements !== undefined && !REVISIONS.includes(wanted.requirements)) refuse(`\`${wanted.requirements}\` has no requirements: ${REVISIONS.join(", ")}`);
if (wanted.unmodified && (wanted.in ?? "page") !== "page") refuse("--unmodified is for the page: elsewhere nothing is added to the suite, or nothing can be left out");

/** Everything that was asked for, in order. */
const cases = [];
for (const place of PLACES) {
  if (place !== (wanted.in ?? place) || (wanted.unmodified && place !== "page")) continue;
  for (const revision of REVISIONS) {
    if (revision !== (wanted.requirements ?? revision)) continue;
    for (const { scenario, scored } of await requirements(revision)) {
      if (scenario !== (wanted.scenario ?? scenario) || (place === "worker" && needsWindow(scenario))) continue;
      const title = `${wanted.unmodified ? "unmodified" : place} ${revision} ${scenario}`;
      if (part === undefined || title.includes(part)) cases.push({ title, place, revision, scenario, scored });
    }
  }
}

// Without this, a browser that enforces nothing would make every line above look just as green.
const CONTROL = "page: the same server without CORS is not reached";
const controlled = !wanted.unmodified && (wanted.in ?? "page") === "page" && wanted.scenario === undefined && (part === undefined || CONTROL.includes(part));

const passed = [];
const failed = [];
const sums = new Map();
const browser = controlled || cases.some(({ place }) => place !== "node") ? await Browser.start({ webSecurity: !wanted.unmodified }) : null;
rmSync(path.join(out, "conformance"), { recursive: true, force: true });

async function one({ title, place, revision, scenario, scored }) {
  const started = Date.now();
  const result = await runScenario({ place, revision, scenario, scored, browser, cors: place !== "node" && !wanted.unmodified, out: path.join(out, "conformance", place, revision) });
  (result.well ? passed : failed).push(title);
  const sum = `${wanted.unmodified ? "unmodified" : place} ${revision} ${scored ? "required" : "not scored"}`;
  const [well, all] = sums.get(sum) ?? [0, 0];
  sums.set(sum, [well + Number(result.well), all + 1]);
  const counts = ["SUCCESS", "WARNING", "FAILURE"].map((status) => `${result.counts[status] ?? 0} ${status.toLowerCase()}`).join(", ");
  console.log(`${result.well ? "ok      " : "FAILED  "}${title}${scored ? "" : " (not scored)"}: ${counts} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (!result.well) console.log(result.words.replaceAll(/^/gm, "        "));
}

/** The suite as it comes, in a browser that asks servers whether they let pages in: they say nothing, so nothing is read. */
async function control() {
  const result = await runScenario({ place: "page", revision: "2026-07-28", scenario: "tools_call", scored: true, browser, cors: false, out: path.join(out, "conformance", "control") });
  const well = !result.well && !(result.counts.SUCCESS > 0) && /the client failed: (network|cors): /.test(result.words);
  (well ? passed : failed).push(CONTROL);
  console.log(`${well ? "ok      " : "FAILED  "}${CONTROL}`);
  if (!well) console.log(result.words.replaceAll(/^/gm, "        "));
}

/** Runs cases `width` at a time. */
async function all(list, width) {
  const left = [...list];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await one(next);
  }));
}

// The page alone and one after the other: nothing shares the machine with what is measured strictly.
if (controlled) await control();
await all(cases.filter(({ place }) => place === "page"), 1);
await all(cases.filter(({ place }) => place !== "page"), 4);
await browser?.stop();

for (const [sum, [well, of]] of sums) console.log(`${sum}: ${well} of ${of}`);
if (passed.length + failed.length === 0) {
  failed.push("no scenario ran");
  console.log("FAILED  no scenario ran");
}
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, "conformance.json"), `${JSON.stringify({ suite: "conformance", passed, failed }, null, 2)}\n`);
console.log(`${passed.length} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
