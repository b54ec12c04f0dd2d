// Small things that people trip over: pages that are wider than a phone, things that move by themselves, words for machines.
import assert from "node:assert/strict";
import { DESTROY, READ, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModern } from "../servers/start.mjs";
import { PHONE, journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const main = (page) => page.getByRole("main");

/** How many pixels the widest part of the page that scrolls as a whole is too wide. */
const tooWide = (page) => page.evaluate(() => Math.max(...[document.documentElement, ...document.querySelectorAll(".page, main")].map((each) => each.scrollWidth - each.clientWidth)));

/** A server whose names and texts are as long as it likes, in two directions, with rows to look at. */
const talkative = () => hostile({
  capabilities: { tools: {} },
  tools: [
    tool("long_name", DESTROY, { title: `Delete ${"everything that there is ".repeat(80)}`, description: "Describes itself at length. ".repeat(60), inputSchema: strings("the_argument_with_a_name_that_is_long_as_well") }),
    tool("customers", READ, { title: "قائمة العملاء", description: "List customers" }),
  ],
  call: (name) => name !== "customers" ? text("done") : {
    content: [{ type: "text", text: "two customers" }],
    structuredContent: { customers: [1, 2].map((id) => ({ id, name: "Shopping", mail: `somebody-${id}@customers.example.com`, note: "A note that says quite a lot about one customer and does not end soon" })), open: [] },
  },
});

journey("EY001 whatever a server calls its actions, a phone shows every page whole, and a name takes three lines at most", { viewport: PHONE }, async ({ app, page, keep }) => {
  const server = await keep(talkative());
  await app.connect({ name: "Talkative", url: server.url });
  const row = main(page).locator("li.row-card.action").filter({ hasText: "Delete everything" });
  await row.waitFor();
  assert.ok((await row.getByRole("heading").boundingBox()).height < 120, "the title of an action is cut");
  for (const tab of ["Overview", "Access", "Changes", "Model view", "History"]) {
    await app.openTab(tab);
    await main(page).getByRole("link", { name: tab, exact: true }).and(page.locator("[aria-current]")).waitFor();
    assert.ok((await tooWide(page)) <= 0, `${tab} is ${await tooWide(page)} px too wide`);
    // The tab that is open can be read whole.
    await assertSoon(() => page.evaluate(() => {
      const [tabs, here] = [document.querySelector(".tabs"), document.querySelector(".tabs [aria-current]")].map((each) => each.getBoundingClientRect());
      return here.left >= tabs.left - 1 && here.right <= tabs.right + 1;
    }), `${tab} is in sight`);
  }
  await app.openTab("Overview");
  await main(page).getByRole("link", { name: "Publish", exact: true }).click();
  await page.getByRole("heading", { name: "Configure actions" }).waitFor();
  assert.ok((await tooWide(page)) <= 0, `the review is ${await tooWide(page)} px too wide`);
  await app.chat();
  await app.propose("customers", {}, "قائمة العملاء");
  const card = app.log.getByRole("group", { name: /· Talkative ·/ }).last();
  await card.getByText("Shopping").first().waitFor();
  // No word is broken in a table, and an empty list is said in words.
  assert.ok((await card.getByRole("cell", { name: "Shopping" }).first().boundingBox()).height < 150);
  const lines = await card.getByRole("cell", { name: "Shopping" }).first().evaluate((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size;
  });
  assert.equal(lines, 1, "the word stands on one line");
  assert.match(await card.textContent(), /empty list/);
  await app.screenshot("care-table-phone");
  assert.ok((await tooWide(page)) <= 0, "the chat fits");
});

journey("EY002 a server that is gone is said in words for people, not in those of the browser", async ({ app, page, keep }) => {
  const board = await keep(startModern());
  await app.connect({ name: "Board", url: board.url });
  await board.kill();
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "could not be reached, or the connection broke · nothing was sent");
  assert.ok(!/TypeError|Failed to fetch/.test(await app.log.textContent()), "no words of a programming interface");
  await app.card("List tickets").getByRole("link", { name: "Examine the connection" }).waitFor();
  await app.openConnector("Board", "Overview");
  await main(page).getByText("could not be reached, or the connection broke").waitFor();
  assert.ok(!/TypeError|Failed to fetch/.test(await main(page).textContent()));
  await app.screenshot("care-gone");
});

journey("EY003 a model is removed after a question, because its key goes with it", async ({ app, page }) => {
  await app.describeModel({ name: "Mine", url: "https://api.example.com/v1" });
  await app.button("Save model").click();
  const mine = page.getByRole("radio", { name: /^Mine/ });
  await mine.waitFor();
  const dialog = page.getByRole("alertdialog", { name: "Remove Mine" });
  await app.button(/^Remove /).click();
  await app.button("Keep model", dialog).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await mine.count(), 1, "it is still there");
  await app.button(/^Remove /).click();
  assert.deepEqual(await app.violations(), []);
  await app.button("Remove model", dialog).click();
  await mine.waitFor({ state: "detached" });
  assert.ok(!(await app.kept()).includes("api.example.com"), "its address is erased");
});

journey("EY005 however many connectors a chat has, the words and Send keep their place", { viewport: PHONE }, async ({ app, page, keep }) => {
  const server = await keep(talkative());
  await app.connect({ name: "Talkative", url: server.url });
  // The rules hold as many of it as a large workspace has, each under a name and an id of its own.
  await page.evaluate(async () => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const store = database.transaction("settings", "readwrite").objectStore("settings");
    const kept = JSON.parse(await done(store.get("rulebook")));
    const one = kept.rulebook.connectors.find((each) => each.name === "Talkative");
    for (let n = 1; n <= 60; n += 1) kept.rulebook.connectors.push({ ...one, id: `${one.id}-${n}`, name: `Talkative ${n}` });
    await done(store.put(JSON.stringify(kept), "rulebook"));
    await done(store.delete("glance"));
    database.close();
  });
  await app.chat();
  await page.mouse.move(200, 200);
  const chips = page.getByRole("list", { name: "Active connectors" });
  await assertSoon(async () => (await chips.getByRole("listitem").count()) > 60, "all are in the chat");
  assert.ok((await chips.boundingBox()).height < 100, "they take a few lines");
  const send = await app.button("Send").boundingBox();
  assert.ok(send.y + send.height < PHONE.height, "Send is on the screen");
  await app.screenshot("care-many-phone");
  await chips.getByRole("button", { name: "Leave Talkative 60 out of this chat" }).click();
  await assertSoon(async () => (await chips.getByText("Talkative 60", { exact: true }).count()) === 0, "the last one can be reached");
});

journey("EY004 the composer stays where it is when the rest of the page arrives", async ({ app, page }) => {
  await app.open("/");
  await app.message.waitFor();
  assert.equal(await app.mode.count(), 0, "the later parts are not there yet");
  const before = await app.message.boundingBox();
  await page.mouse.move(300, 300);
  await app.mode.waitFor();
  assert.deepEqual(await app.message.boundingBox(), before);
});
