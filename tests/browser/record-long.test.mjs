// A long record: what is in it is found, checked and taken along without the page standing still, also while the rows of
// an earlier version are prepared; and what is added to it is offered.
//
// It has 10,000 rows, because writing more takes longer than all that is done with them; `cargo xtask bench record` does
// the same with 100,000. What it measures is printed, times of work in the thread's own: a limit here stands above its
// budget by what other work on the same processor costs, so that a busy machine fails no test.
import assert from "node:assert/strict";
import { verify } from "../../pkg/verify.js";
import { journey, site } from "./harness.mjs";
import { callAt, seed } from "./seeded.mjs";
import { assertSoon } from "./soon.mjs";
import { tasksDuring } from "./tasks.mjs";

const WANTED = Number(process.env.COUNTERSIGN_RECORD_ROWS ?? 10_000);
/** Each call has three rows, and the chain has a first. */
const CALLS = Math.floor((WANTED - 1) / 3);
const COUNT = 1 + 3 * CALLS;
/** What a limit is worth in a debug build. */
const SLOWER = process.env.COUNTERSIGN_DEBUG_SITE ? 6 : 1;
/** How long one piece of work is waited for, in ms. */
const PATIENCE = 30_000 + COUNT * 3 * SLOWER;
/** Tracing needs a Chromium of its own. */
const alone = { chromium: async () => ({ args: [] }), timeout: WANTED > 10_000 ? 1_800_000 : 180_000 };

const rows = (page) => page.getByRole("main").locator("tbody tr");

/** A page of the site's origin that opens no workspace, so that nothing holds the store. */
async function beside(page) {
  await page.route("**/seed", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>seed</title>" }));
  await page.goto(`${site}/seed`);
}

/** Each is chosen a few times. What is shown for it is never what is shown without it. */
const FILTERS = {
  person: [["Person", "me"]],
  connector: [["Connector", "notebook"]],
  action: [["Action", "action_7"]],
  decision: [["Decision", "denied"]],
  "rare decision": [["Decision", "by grant"]],
  class: [["Class", "write"]],
  time: [["Until", "2026-01-01"]],
  "person and connector": [["Person", "me"], ["Connector", "guide"]],
  "class and decision, none": [["Class", "read"], ["Decision", "allowed once"]],
};

/** How many ms it takes until the first page of each filter is there, the best of some tries; runs in the page. */
async function measure(filters) {
  const field = (label) => document.getElementById([...document.querySelectorAll("label")].find((one) => one.textContent.startsWith(label)).htmlFor);
  const main = document.querySelector("main");
  const lines = () => main.querySelector(".record tbody, .none")?.textContent;
  const counted = () => [...main.querySelectorAll('[role="status"]')].map((one) => one.textContent).find((text) => /^\d+ calls?$/.test(text));
  /** Lets the page work until something in it is another. */
  const change = (what, of, old) => new Promise((resolve, reject) => {
    const look = () => of() !== undefined && of() !== old;
    if (look()) return resolve();
    const watcher = new MutationObserver(() => {
      if (!look()) return;
      watcher.disconnect();
      resolve();
    });
    setTimeout(() => reject(new Error(`${what} never changed`)), 30_000);
    watcher.observe(main, { subtree: true, childList: true, characterData: true });
  });
  const choose = async (name, choices) => {
    const old = { lines: lines(), counted: counted() };
    const start = performance.now();
    for (const [label, value] of choices) {
      field(label).value = value;
      field(label).dispatchEvent(new Event("change", { bubbles: true }));
    }
    await change(`the lines of ${name}`, lines, old.lines);
    const took = performance.now() - start;
    await change(`the count of ${name}`, counted, old.counted);
    return took;
  };
  const told = {};
  for (const [name, choices] of Object.entries(filters)) {
    const tries = [];
    for (let round = 0; round < 3; round += 1) {
      tries.push(await choose(name, choices));
      await choose(`all after ${name}`, choices.map(([label]) => [label, ""]));
    }
    told[name] = Math.round(Math.min(...tries.slice(1)));
  }
  return told;
}

/**
 * Begins long work and ends it as soon as the page says how far it is; gives those words. Runs in the page, where nothing
 * can come in between.
 */
function endSoon({ begin, said, end }) {
  const main = document.querySelector("main");
  const press = (words) => [...main.querySelectorAll("a, button")].find((one) => one.textContent.trim() === words).click();
  return new Promise((resolve) => {
    const watcher = new MutationObserver(() => {
      const words = new RegExp(`${said}: [1-9]\\d? %`).exec(main.textContent)?.[0];
      if (!words) return;
      watcher.disconnect();
      press(end);
      resolve(words);
    });
    watcher.observe(main, { subtree: true, childList: true, characterData: true });
    press(begin);
  });
}

async function saved({ app, page }, name) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: PATIENCE }), app.button(name).click()]);
  return (await (await download.createReadStream()).toArray()).join("");
}

journey("RE006 RC001 a long record: any filter is answered at once, and checking and exporting go on in pieces, can be ended and do not block", alone, async (stage) => {
  const { app, page, t } = stage;
  const longest = {};
  const timed = async (what, work) => {
    let value;
    const begun = Date.now();
    const tasks = await tasksDuring(page, async () => { value = await work(); });
    longest[what] = tasks[0] ?? 0;
    t.diagnostic(`measured ${what} of ${COUNT} rows in ${Date.now() - begun} ms, longest task ${longest[what].toFixed(0)} ms`);
    return value;
  };
  await app.open("/workspace/audit");
  await app.openTab("Activity");
  await page.getByText("Nothing was changed yet").waitFor();
  await beside(page);
  await seed(page, COUNT);

  await app.open("/workspace/audit");
  await rows(page).first().waitFor();
  await page.getByRole("status").filter({ hasText: `${CALLS} calls` }).waitFor();
  await page.getByText("Filter", { exact: true }).click();
  const found = await timed("every filter", () => page.evaluate(measure, FILTERS));
  t.diagnostic(`measured until the first page is there (budget 200 ms): ${Object.entries(found).map(([name, took]) => `${name} ${took} ms`).join(", ")}`);

  // What is found is what is there.
  await page.getByLabel("Decision").selectOption("denied");
  const denied = Array.from({ length: CALLS }, (_, n) => callAt(n)).filter((call) => call.decided === "denied").length;
  await page.getByRole("status").filter({ hasText: `${denied} calls` }).waitFor();
  await assertSoon(async () => (await rows(page).filter({ hasText: "denied" }).count()) === Math.min(denied, 50), "denied calls alone");
  await page.getByLabel("Decision").selectOption("");

  // What a filter leaves, with the later entries of each call.
  await app.openTab("Export");
  await page.getByRole("status").filter({ hasText: `${CALLS} calls.` }).waitFor();
  const table = await timed("the export as CSV", () => saved(stage, "Export CSV"));
  assert.equal(table.trimEnd().split("\r\n").length, CALLS + 1, "a head and each line");
  const lines = await timed("the export as JSONL", () => saved(stage, "Export JSONL"));
  const some = await verify(lines);
  assert.deepEqual([some.ok, some.rows], [true, CALLS + 2 * Array.from({ length: CALLS }, (_, n) => callAt(n)).filter((call) => !["denied", "not answered"].includes(call.decided)).length]);

  // An export of everything says how far it is, can be cancelled, and then saves nothing.
  const downloads = [];
  page.on("download", (download) => downloads.push(download.suggestedFilename()));
  const far = await page.evaluate(endSoon, { begin: "Export every entry", said: "Exporting every entry", end: "Cancel export" });
  t.diagnostic(`cancelled at “${far}”`);
  await assertSoon(async () => (await page.getByText(/Exporting every entry/).count()) === 0, "it is cancelled");
  assert.deepEqual(await app.violations(), []);
  const whole = await timed("the export of every entry", () => saved(stage, "Export every entry"));
  const checked = await verify(whole);
  assert.deepEqual([checked.findings, checked.rows > COUNT], [[], true]);
  assert.deepEqual(downloads, ["countersign-audit.jsonl"], "what was cancelled saved nothing");

  // So does the check.
  await page.evaluate(endSoon, { begin: "Integrity", said: "Checking the chain", end: "End check" });
  await page.getByText("The check was ended before it was through").waitFor();
  await timed("the check", async () => {
    await app.button("Verify now").click();
    await page.getByText("Whole", { exact: true }).waitFor({ timeout: PATIENCE });
  });

  // And everything goes out the same way.
  await app.open("/settings/data");
  const everything = await timed("the export of everything", () => saved(stage, "Export everything"));
  assert.equal(JSON.parse(everything).audit.length, checked.rows, "every entry is in it");

  for (const [name, took] of Object.entries(found)) assert.ok(took < 2_000 * SLOWER, `${name}: the first page took ${took} ms`);
  for (const [what, most] of Object.entries(longest)) assert.ok(most <= 150 * SLOWER, `${what}: the page was blocked for ${most} ms`);
});

journey("a long record of the first version can be used while its rows are prepared, and that goes on after a reload", { timeout: 300_000 }, async ({ app, page }) => {
  const count = 6_001;
  await beside(page);
  await seed(page, count, { firstVersion: true });
  await app.open("/workspace/audit");
  await page.getByText(/entries of an earlier version are being prepared/).waitFor();
  await rows(page).first().waitFor();
  const kept = () => page.evaluate(async () => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const text = await done(database.transaction("settings").objectStore("settings").get("audit-marked"));
    database.close();
    return text;
  });
  await assertSoon(async () => /^below \d+$/.test(await kept()) && Number((await kept()).slice(6)) < count, "a piece is done");
  const before = Number((await kept()).replace("all", "below 0").slice(6));
  await page.reload();
  await rows(page).first().waitFor();
  const after = Number((await kept()).replace("all", "below 0").slice(6));
  assert.ok(after <= before, `it does not begin again: ${before}, then ${after}`);
  await page.getByRole("status").filter({ hasText: "2000 calls" }).waitFor({ timeout: 120_000 });
  await assertSoon(async () => (await page.getByText(/being prepared/).count()) === 0, "it is said no more");
  assert.equal(await kept(), "all");
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("Decision").selectOption("by grant");
  await assertSoon(async () => (await rows(page).count()) === 2, "what is oldest is found too");
  await app.openTab("Integrity");
  await page.getByText("Whole", { exact: true }).waitFor({ timeout: 60_000 });
});

journey("a long look at the record: what is added is offered, and moves nothing until it is wanted", async ({ app, page }) => {
  await app.chat();
  await app.propose("list my notes", {}, "List notes");
  await app.says("List notes", "Done");
  await app.open("/workspace/audit");
  await assertSoon(async () => (await rows(page).count()) === 1, "one call");
  const other = await page.context().newPage();
  const elsewhere = new app.constructor(other, app.network, app.base);
  await elsewhere.chat();
  await elsewhere.propose("list my notes", {}, "List notes");
  await elsewhere.says("List notes", "Done");
  await page.getByRole("status").filter({ hasText: "1 new call" }).waitFor();
  assert.equal(await rows(page).count(), 1, "nothing moved");
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("record-news");
  await app.button("Show new call").click();
  await assertSoon(async () => (await rows(page).count()) === 2, "it is shown");
  assert.equal(await page.getByText("1 new call").count(), 0);
  // A message that nobody of us sent is only a reason to look.
  await other.evaluate(() => new BroadcastChannel("countersign:countersign").postMessage(JSON.stringify({ changed: "record" })));
  await elsewhere.propose("list my notes", {}, "List notes");
  await elsewhere.says("List notes", "Done");
  await page.getByRole("status").filter({ hasText: "1 new call" }).waitFor();
});
