// Runs the test files of a suite two at a time, in one Chromium, and leaves their titles for the coverage check.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { launch } from "./browser/chromium.mjs";

/** The folder of the tests. */
export const root = path.dirname(fileURLToPath(import.meta.url));

const isFile = (data) => data.name.endsWith(".test.mjs");
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
  const pattern = byTitle ? { testNamePatterns: [new RegExp(wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))] } : {};

  const browser = await chromium.launchServer({ ...launch, headless: true });
  process.env.COUNTERSIGN_BROWSER = browser.wsEndpoint();
  const passed = [];
  const failed = [];
  for await (const { type, data } of run({ files: byTitle ? files : byFile, concurrency: 2, ...pattern })) {
    if (type === "test:diagnostic" && /^measured /.test(data.message)) console.log(`        ${data.message}`);
    if ((type !== "test:pass" && type !== "test:fail") || data.skip !== undefined) continue;
    const seconds = `${(data.details.duration_ms / 1000).toFixed(1)} s`;
    if (type === "test:fail") {
      // A file that dies as a whole is a failure of its own; one that only had failing tests has been counted by them.
      if (isFile(data) && data.details.error?.failureType === "subtestsFailed") continue;
      failed.push(data.name);
      console.log(`FAILED  ${data.name} (${seconds})\n${words(data.details.error).replaceAll(/^/gm, "        ")}`);
    } else if (!isFile(data)) {
      passed.push(data.name);
      console.log(`ok      ${data.name} (${seconds})`);
    }
  }
  await browser.close();

  const titles = [...passed, ...failed];
  for (const title of titles.filter((each, index) => titles.indexOf(each) !== index)) {
    failed.push(title);
    console.log(`FAILED  two tests are called: ${title}`);
  }
  if (titles.length === 0) {
    failed.push("no test ran");
    console.log("FAILED  no test ran");
  }
  mkdirSync(path.join(root, "out"), { recursive: true });
  writeFileSync(path.join(root, "out", `${suite}.json`), `${JSON.stringify({ suite, passed, failed }, null, 2)}\n`);
  console.log(`${passed.length} passed, ${failed.length} failed`);
  process.exit(failed.length > 0 ? 1 : 0);
}
