// A long record: it is found, and what is added to it is offered, while its rows are prepared.
import assert from "node:assert/strict";
import { journey, site } from "./harness.mjs";
import { seed } from "./seeded.mjs";
import { assertSoon } from "./soon.mjs";

const rows = (page) => page.getByRole("main").locator("tbody tr");

/** A page of the site's origin that opens no workspace, so that nothing holds the store. */
async function beside(page) {
  await page.route("**/seed", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>seed</title>" }));
  await page.goto(`${site}/seed`);
}

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
