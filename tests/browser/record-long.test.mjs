// A long record: 100,000 rows are found, checked and taken along without the page standing still.
import assert from "node:assert/strict";
import { verify } from "../../pkg/verify.js";
import { journey, site } from "./harness.mjs";
import { callAt, seed } from "./seeded.mjs";
import { assertSoon } from "./soon.mjs";

const COUNT = 100_000;
const CALLS = Math.floor((COUNT - 1) / 3);
/** What a promise about time is worth in a debug build, whose code is many times as slow. */
const SLOWER = process.env.COUNTERSIGN_DEBUG_SITE ? 6 : 1;
/** The first page of a filter, in milliseconds. */
const PAGE = 200 * SLOWER;
/** The longest task while a filter is used; the best of some tries, because the machine does other things too. */
const TASK = 50 * SLOWER;
/** The longest task of a long piece of work, which is measured once. */
const ONCE = 200 * SLOWER;

const rows = (page) => page.getByRole("main").locator("tbody tr");

/** A page of the site's origin that opens no workspace, so that nothing holds the store. */
async function beside(page) {
  await page.route("**/seed", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>seed</title>" }));
  await page.goto(`${site}/seed`);
}

/** Starts to note how long tasks of the page take. */
async function watch(page) {
  await page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, entry.duration); }).observe({ type: "longtask" });
  });
}

/** The longest task since it was last asked, in milliseconds; 0 when none was longer than 50. */
const longest = (page) => page.evaluate(async () => {
  await new Promise((resolve) => setTimeout(resolve));
  const { longest } = globalThis;
  globalThis.longest = 0;
  return Math.round(longest);
});

async function saved({ app, page }, name) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 240_000 }), app.button(name).click()]);
  return (await (await download.createReadStream()).toArray()).join("");
}

/** Each filter a few times: how long until the first page is there, and the longest task meanwhile. */
const FILTERS = {
  person: [["Person", "me"]],
  connector: [["Connector", "notebook"]],
  action: [["Action", "action_7"]],
  decision: [["Decision", "denied"]],
  "rare decision": [["Decision", "by grant"]],
  class: [["Class", "write"]],
  time: [["From", "2026-01-02"]],
  "person and connector": [["Person", "me"], ["Connector", "guide"]],
  "class and decision, none": [["Class", "read"], ["Decision", "allowed once"]],
};

async function measure(filters) {
  const turn = () => new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = resolve; port2.postMessage(0); });
  const quiet = (wait) => new Promise((resolve) => setTimeout(resolve, wait));
  const field = (label) => document.getElementById([...document.querySelectorAll("label")].find((one) => one.textContent.startsWith(label)).htmlFor);
  const shown = () => document.querySelector(".record, .none");
  const choose = async (choices) => {
    const old = shown();
    globalThis.longest = 0;
    const start = performance.now();
    for (const [label, value] of choices) {
      field(label).value = value;
      field(label).dispatchEvent(new Event("change", { bubbles: true }));
    }
    while (shown() === old || shown() === null) await turn();
    const took = performance.now() - start;
    await quiet(300);
    return { took, longest: globalThis.longest };
  };
  const told = {};
  for (const [name, choices] of Object.entries(filters)) {
    const tries = [];
    for (let round = 0; round < 4; round += 1) {
      tries.push(await choose(choices));
      await choose(choices.map(([label]) => [label, ""]));
    }
    const best = (key) => Math.round(Math.min(...tries.slice(1).map((one) => one[key])));
    told[name] = { took: best("took"), longest: best("longest") };
  }
  return told;
}

journey("RE006 a long record: the first page of any filter is there at once, and checking and exporting do not block", { timeout: 900_000 }, async (stage) => {
  const { app, page } = stage;
  await app.open("/workspace/audit");
  await app.openTab("Activity");
  await page.getByText("Nothing was changed yet").waitFor();
  await beside(page);
  await seed(page, COUNT);

  await app.open("/workspace/audit");
  await rows(page).first().waitFor();
  await page.getByRole("status").filter({ hasText: `${CALLS} calls` }).waitFor();
  await watch(page);
  await page.getByText("Filter", { exact: true }).click();
  const found = await page.evaluate(measure, FILTERS);
  console.log(`first page of a filter over ${COUNT} rows, and the longest task: ${Object.entries(found).map(([name, { took, longest }]) => `${name} ${took} ms (${longest || "< 50"} ms)`).join(", ")}`);
  for (const [name, { took, longest }] of Object.entries(found)) {
    assert.ok(took < PAGE, `${name}: the first page took ${took} ms`);
    assert.ok(longest <= TASK, `${name}: the page was blocked for ${longest} ms`);
  }

  // What is found is what is there.
  await page.getByLabel("Decision").selectOption("denied");
  const denied = Array.from({ length: CALLS }, (_, n) => callAt(n)).filter((call) => call.decided === "denied").length;
  await page.getByRole("status").filter({ hasText: `${denied} calls` }).waitFor();

  const chosen = async (button) => {
    await longest(page);
    const begun = Date.now();
    const text = await saved(stage, button);
    return { text, took: Date.now() - begun, task: await longest(page) };
  };
  await app.openTab("Export");
  const table = await chosen("Export CSV");
  assert.equal(table.text.trimEnd().split("\r\n").length, denied + 1, "a head and each line");
  const lines = await chosen("Export JSONL");
  const some = await verify(lines.text);
  assert.deepEqual([some.ok, some.rows], [true, denied]);
  console.log(`${denied} of ${COUNT} rows exported: CSV in ${table.took} ms (longest task ${table.task} ms), JSONL in ${lines.took} ms (${lines.task} ms)`);

  // An export of everything says how far it is, can be cancelled, and then saves nothing.
  await app.button("Export every entry").click();
  await page.getByText(/Exporting every entry: [1-9]\d? %/).waitFor();
  await app.screenshot("record-exporting");
  assert.deepEqual(await app.violations(), []);
  await app.button("Cancel export").click();
  await assertSoon(async () => (await page.getByText(/Exporting every entry/).count()) === 0, "it is cancelled");
  const whole = await chosen("Export every entry");
  console.log(`${COUNT} rows exported as JSONL in ${whole.took} ms (longest task ${whole.task} ms)`);
  const checked = await verify(whole.text);
  assert.deepEqual([checked.findings, checked.rows > COUNT], [[], true]);

  await app.openTab("Integrity");
  await page.getByText(/Checking the chain: [1-9]\d? %/).waitFor();
  await app.button("End check").click();
  await page.getByText("The check was ended before it was through").waitFor();
  await longest(page);
  const begun = Date.now();
  await app.button("Verify now").click();
  await page.getByText("Whole", { exact: true }).waitFor({ timeout: 240_000 });
  const task = await longest(page);
  console.log(`${COUNT} rows verified in ${Date.now() - begun} ms (longest task ${task} ms)`);
  for (const [what, most] of [["the CSV", table.task], ["the JSONL", lines.task], ["the export", whole.task], ["the check", task]]) {
    assert.ok(most <= ONCE, `${what} blocked the page for ${most} ms`);
  }
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
