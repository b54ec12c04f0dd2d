// Runs the test files of a suite two at a time, in one Chromium, and leaves their titles for the coverage check.
//
// Where one or two tests fail beside others, each is run once more, alone, and both outcomes are told. What then passes is
// called unsteady and named in the sum, so that somebody looks at it; where more fail, none gets a second try.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { launch } from "./browser/chromium.mjs";

/** The folder of the tests. */
export const root = path.dirname(fileURLToPath(import.meta.url));

/** How many tests of a run may get a second try. */
const SECOND_TRIES = 2;

const isFile = (data) => data.name.endsWith(".test.mjs");
const literally = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const words = (error) => String(error?.cause?.stack ?? error?.cause ?? error?.message ?? error);

/**
 * Runs `files`, or of them what `wanted` picks: a part of a path, else a part of a title. Ends the process.
 * Without one of the environment's `needed` variables nothing runs, and that is a failure.
 */
export async function runSuite(suite, files, needed, wanted) {
  const missing = needed.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    console.error(`not set: ${missing.join(", ")}; see the head of tests/${suite}/run.mjs`);
    process.exit(1);
  }
  const byFile = wanted ? files.filter((file) => path.relative(root, file).includes(wanted)) : files;
  const byTitle = wanted && byFile.length === 0;
  const pattern = byTitle ? { testNamePatterns: [new RegExp(literally(wanted))] } : {};

  const browser = await chromium.launchServer({ ...launch, headless: true });
  process.env.COUNTERSIGN_BROWSER = browser.wsEndpoint();
  const first = await runFiles({ files: byTitle ? files : byFile, concurrency: 2, ...pattern });
  const { passed } = first;
  let { failed } = first;
  const steadied = new Set();
  if (failed.length <= SECOND_TRIES && failed.every((each) => each.file)) {
    for (const each of failed) {
      const { name, file } = each;
      console.log(`once more, alone: ${name}`);
      // A test that a helper makes is said to be in the helper's file: then each file is asked for it.
      const again = await runFiles({ files: files.includes(file) ? [file] : files, concurrency: 1, testNamePatterns: [new RegExp(`^${literally(name)}$`)] });
      if (again.failed.length === 0 && again.passed.includes(name)) steadied.add(each);
    }
    failed = failed.filter((each) => !steadied.has(each));
  }
  const unsteady = [...steadied].map((each) => each.name);
  await browser.close();
  failed = failed.map((each) => each.name);
  passed.push(...unsteady);

  const titles = [...passed, ...failed];
  for (const title of titles.filter((each, index) => titles.indexOf(each) !== index)) {
    failed.push(title);
    console.log(`FAILED  two tests are called: ${title}`);
  }
  if (titles.length === 0) {
    failed.push("no test ran");
    console.log("FAILED  no test ran");
  }
  for (const title of unsteady) console.log(`UNSTEADY  failed beside another test and passed alone: ${title}`);
  mkdirSync(path.join(root, "out"), { recursive: true });
  writeFileSync(path.join(root, "out", `${suite}.json`), `${JSON.stringify({ suite, passed, failed, unsteady }, null, 2)}\n`);
  console.log(`${passed.length} passed, ${failed.length} failed${unsteady.length > 0 ? `, ${unsteady.length} unsteady` : ""}`);
  process.exit(failed.length > 0 ? 1 : 0);
}

/** Runs files as node's runner is told, prints a line for each test, and gives the titles that passed and the failures. */
async function runFiles(how) {
  const passed = [];
  const failed = [];
  for await (const { type, data } of run(how)) {
    if (type === "test:diagnostic" && /^measured /.test(data.message)) console.log(`        ${data.message}`);
    if ((type !== "test:pass" && type !== "test:fail") || data.skip !== undefined) continue;
    const seconds = `${(data.details.duration_ms / 1000).toFixed(1)} s`;
    if (type === "test:fail") {
      // A file that dies as a whole is a failure of its own; one that only had failing tests has been counted by them.
      if (isFile(data) && data.details.error?.failureType === "subtestsFailed") continue;
      failed.push({ name: data.name, file: isFile(data) ? null : data.file });
      console.log(`FAILED  ${data.name} (${seconds})\n${words(data.details.error).replaceAll(/^/gm, "        ")}`);
    } else if (!isFile(data)) {
      passed.push(data.name);
      console.log(`ok      ${data.name} (${seconds})`);
    }
  }
  return { passed, failed };
}
