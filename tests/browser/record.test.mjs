// The record: what is in it, whether it is whole, what goes out of it, and remembered answers.
import assert from "node:assert/strict";
import { verify } from "../../pkg/verify.js";
import { startModern } from "../servers/start.mjs";
import { PHONE, journey, site } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

/** What a press of a button saves. */
async function saved({ app, page }, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), app.button(name).click()]);
  return (await (await download.createReadStream()).toArray()).join("");
}

/** A write that is allowed, one that is denied, one that nobody answers, and one that a rule blocks. */
async function everyWay({ app, page }) {
  await app.chat();
  await app.propose("create a note", { Title: "Groceries", Text: "Milk" }, "Create a note");
  await app.answer("Allow once");
  await app.says("Create a note", "Done");
  await app.propose("create a note", { Title: "Secret plan", Text: "x" }, "Create a note");
  await app.answer("Deny");
  await app.says("Create a note", "You declined");
  await app.propose("create a note", { Title: "Left alone", Text: "x" }, "Create a note");
  await app.decision.waitFor();
  await page.reload();
  await app.says("Create a note", "Nobody answered");
  await app.propose("create a note", { Title: "Too late", Text: "x" }, "Create a note");
  await app.decision.waitFor();
  // The rule comes from another tab, while the question waits.
  const other = await page.context().newPage();
  await other.goto(`${site}/workspace/connectors/notebook/actions`);
  const control = other.getByRole("switch", { name: /^Create a note/ });
  await control.click();
  await assertSoon(async () => !(await control.isChecked()), "it is off");
  await other.close();
  await app.answer("Allow once");
  await app.says("Create a note", "Not allowed here");
}

const rows = (page) => page.getByRole("main").locator("tbody tr");

for (const colorScheme of ["light", "dark"]) {
  journey(`N16 every call is in the record with its decision, made or not, in ${colorScheme}`, { colorScheme }, async (stage) => {
    const { app, page } = stage;
    await everyWay(stage);
    await app.open("/workspace/audit");
    await assertSoon(async () => (await rows(page).count()) === 4, "four calls");
    const words = await rows(page).allInnerTexts();
    const decisions = ["blocked", "not answered", "denied", "allowed once"];
    decisions.forEach((decision, at) => assert.ok(words[at].includes(decision), `${decision}: ${words[at]}`));
    assert.match(words[3], /done/);
    assert.match(words[0], /switched off.*nothing was sent/is);
    assert.ok(!words.join().includes("Groceries"), "no arguments");
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`record-calls-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`record-calls-${colorScheme}-phone`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${sideways} px too wide for a phone`);
    await page.setViewportSize({ width: 1440, height: 900 });

    await app.openTab("Refusals");
    await assertSoon(async () => (await rows(page).count()) === 3, "three refusals");
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`record-refusals-${colorScheme}`);

    await app.openTab("Tool calls");
    await page.getByText("Filter", { exact: true }).click();
    await page.getByLabel("Decision").selectOption("denied");
    await assertSoon(async () => (await rows(page).count()) === 1, "one is denied");
    await page.getByRole("status").filter({ hasText: "1 call" }).waitFor();
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`record-filter-${colorScheme}`);
    await app.button("Clear filter").click();
    await assertSoon(async () => (await rows(page).count()) === 4, "all again");

    await app.openTab("Activity");
    await page.getByRole("main").getByText("action create_note changed").waitFor();
    const change = (await rows(page).allInnerTexts()).find((text) => text.includes("create_note"));
    assert.match(change, /connector Notebook[\s\S]*on, confirm writes[\s\S]*off, confirm writes/, "what it was and what it is");
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`record-activity-${colorScheme}`);

    await app.openTab("Integrity");
    await page.getByText("Whole", { exact: true }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), app.button("Sign and save checkpoint").click()]);
    assert.match(download.suggestedFilename(), /checkpoint/);
    await page.getByText(/The last one covers \d+ entries/).waitFor();
    await page.getByText("A checkpoint proves something only once it has been kept elsewhere").waitFor();
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`record-integrity-${colorScheme}`);
    await app.openTab("Export");
    await app.button("Export every entry").waitFor();
    await app.screenshot(`record-export-${colorScheme}`);
  });
}

journey("X123 what is done to an exported record is found without the page", async (stage) => {
  const { app } = stage;
  await everyWay(stage);
  await app.open("/workspace/audit/integrity");
  const checkpoint = await saved(stage, "Sign and save checkpoint");
  await app.openTab("Export");
  const text = await saved(stage, "Export every entry");
  const whole = await verify(text, { checkpoint });
  assert.deepEqual([whole.ok, whole.findings, whole.filter], [true, [], null]);
  assert.match(whole.leftOut, /arguments and results/);

  const kinds = async (changed, options) => (await verify(changed, options)).findings.map((one) => one.kind);
  const lines = text.trimEnd().split("\n");
  const denied = lines.findIndex((line) => line.includes('"denied"'));
  const edited = lines.with(denied, lines[denied].replace('"denied"', '"not_answered"').replace(',"reason":null', ""));
  assert.ok((await kinds(edited.join("\n"))).includes("changed"), "an edited row");
  assert.ok((await kinds(lines.toSpliced(denied, 1).join("\n"))).includes("missing"), "a removed row");
  const moved = lines.with(denied, lines[denied + 1]).with(denied + 1, lines[denied]);
  assert.ok((await kinds(moved.join("\n"))).includes("gap"), "a reordered row");
  // Cut, and the head made to fit: only the checkpoint that was kept elsewhere tells.
  const short = lines.slice(0, denied);
  const head = { ...JSON.parse(short[0]), rows: short.length - 1, checkpoint: null };
  const cut = [JSON.stringify(head), ...short.slice(1)].join("\n");
  assert.deepEqual(await kinds(cut), []);
  assert.deepEqual(await kinds(cut, { checkpoint }), ["cut-off"]);
  const forged = JSON.stringify({ ...JSON.parse(checkpoint), rows: short.length - 1 });
  assert.ok((await kinds(cut, { checkpoint: forged })).includes("signature"), "a forged checkpoint");

  const table = await saved(stage, "Export CSV");
  assert.equal(table.trimEnd().split("\r\n").length, 5, "a head and four calls");
  assert.match(table, /arguments and results are left out/);
  const chosen = await verify(await saved(stage, "Export JSONL"));
  assert.deepEqual([chosen.ok, chosen.filter], [true, "tool calls"]);
});

journey("X123 a record that was touched in the browser says which entries are missing", async (stage) => {
  const { app, page } = stage;
  await everyWay(stage);
  await app.open("/workspace/audit/integrity");
  await page.getByText("Whole", { exact: true }).waitFor();
  await page.evaluate(async () => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const store = database.transaction("audit", "readwrite").objectStore("audit");
    await done(store.delete(IDBKeyRange.bound("000000000002", "000000000004")));
    database.close();
  });
  await app.button("Verify now").click();
  await page.getByRole("alert").getByText(/3 entries are missing between .* and /).waitFor();
  await app.screenshot("record-broken");
  assert.deepEqual(await app.violations(), []);
});

journey("X129 a tab that hears nothing of the others reads the rules again before it acts, and a forged message is only a reason to read", async ({ app, page, network }) => {
  await app.chat();
  // This tab gets no news: what another tab changes, it can only know from the store.
  const deaf = await page.context().newPage();
  await deaf.addInitScript(() => { delete globalThis.BroadcastChannel; });
  const there = new app.constructor(deaf, network, app.base);
  await there.chat();
  await there.propose("create a note", { Title: "First", Text: "x" }, "Create a note");
  await there.decision.waitFor();
  const turn = async (on) => {
    await app.open("/workspace/connectors/notebook/actions");
    const control = page.getByRole("switch", { name: /^Create a note/ });
    await control.click();
    await assertSoon(async () => (await control.isChecked()) === on, `it is ${on ? "on" : "off"}`);
  };
  await turn(false);
  // Allowed by a person who sees the rules of before, and not sent.
  await there.answer("Allow once");
  await there.says("Create a note", "Not allowed here");
  await turn(true);
  // What is offered comes from the rules as the tab last read them: it reads them when it acts, or anew.
  await there.chat();
  await there.propose("create a note", { Title: "Second", Text: "x" }, "Create a note");
  await there.answer("Allow once");
  await there.says("Create a note", "Done");

  // What a message says is never taken over: it names what to read.
  await deaf.close();
  const hears = await page.context().newPage();
  const here = new app.constructor(hears, network, app.base);
  await here.chat();
  await page.evaluate(() => {
    const channel = new BroadcastChannel("countersign:countersign");
    for (const forged of [{ changed: "rulebook", id: "{\"schema\":1}" }, { changed: "rulebook", rulebook: { connectors: [] } }, { changed: "record" }, { changed: "no such news" }, "no JSON"]) {
      channel.postMessage(typeof forged === "string" ? forged : JSON.stringify(forged));
    }
  });
  await here.propose("create a note", { Title: "Third", Text: "x" }, "Create a note");
  await here.answer("Allow once");
  await here.says("Create a note", "Done");
});

journey("S097 conversations are exported for compliance in Enterprise, and in Business there is nothing to see of it", async (stage) => {
  const { app, page } = stage;
  await everyWay(stage);
  await app.open("/workspace/audit/export");
  const lines = (await saved(stage, "Export conversations")).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.match(lines[0].left_out, /masked/);
  assert.deepEqual(lines[1].calls.map((call) => call.decision), ["allowed once", "denied", "not answered", "blocked"]);
  assert.equal(lines[1].calls[0].connector, "Notebook");
  assert.ok(lines[1].calls[0].provenance, "whose connector it was");
  await app.open("/workspace/general");
  await page.getByRole("radio", { name: /^Business/ }).first().check({ force: true });
  await app.button("Switch to Business").click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await app.open("/workspace/audit/export");
  await app.button("Export every entry").waitFor();
  assert.equal(await app.button("Export conversations").count(), 0);
});

journey("approvals say how often they were used, can be revoked, and are listed once when the action changed", async (stage) => {
  const { app, page } = stage;
  await app.chat();
  await app.propose("create a note", { Title: "First", Text: "x" }, "Create a note");
  await app.answer("Allow once");
  await app.says("Create a note", "Done");
  const conversation = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
  // Two answers that were remembered: one for the action as it is, one for an earlier definition of it.
  await page.evaluate(async (conversation) => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const rows = await done(database.transaction("audit").objectStore("audit").getAll());
    const allowed = rows.map((row) => JSON.parse(row.text).entry).find((entry) => entry.kind === "allowed" && entry.call.action === "create_note");
    const store = database.transaction("settings", "readwrite").objectStore("settings");
    const kept = JSON.parse(await done(store.get("rulebook")));
    kept.rulebook.workspace.remember = "conversation";
    const { address } = kept.rulebook.connectors.find((one) => one.id === "notebook");
    const grant = (id, definition) => ({ id, given_for: allowed.call.id, given_at: Date.now() - 1000, until: null, member: "me", connector: "notebook", address, connection: "notebook", action: "create_note", definition, conversation, arguments: null });
    kept.rulebook.grants = [grant("grant-now", allowed.call.definition), grant("grant-then", "0".repeat(64))];
    await done(store.put(JSON.stringify(kept), "rulebook"));
    database.close();
  }, conversation);
  await page.reload();
  await app.ready();
  await app.propose("create a note", { Title: "Second", Text: "x" }, "Create a note");
  await assertSoon(async () => (await app.cards("Create a note").count()) === 2, "a second card");
  await app.says("Create a note", "allowed by your answer that was remembered");

  await app.open("/workspace/audit");
  await assertSoon(async () => /by grant[\s\S]*grant-now/.test(await rows(page).first().innerText()), "the row names the grant");
  // From the call to the answer that allowed it, and back to the calls that this answer allowed.
  await app.button("See it among your approvals: grant grant-now").click();
  await page.getByRole("heading", { name: "Approvals", level: 1 }).waitFor();
  await page.getByText(/used once, last on/).waitFor();
  assert.equal(await page.getByText("Ended because the action changed").count(), 0, "only the one that was asked for");
  await app.button("Show calls it allowed by grant-now").click();
  await page.getByText("Filter · on").waitFor();
  await assertSoon(async () => (await rows(page).count()) === 1, "only the call that it allowed");
  assert.equal(await page.getByLabel("Grant", { exact: true }).inputValue(), "grant-now");
  await app.open("/settings/approvals");
  await page.getByRole("searchbox", { name: "Search approvals" }).fill("notebook");
  await page.getByText(/used once, last on/).waitFor();
  await page.getByText("Ended because the action changed").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("approvals");
  await app.button(/^Revoke create_note/).click();
  await assertSoon(async () => (await app.button(/^Revoke create_note/).count()) === 0, "it is gone");
  await app.button("Clear ended approvals").click();
  await page.getByText("Nothing is remembered.").waitFor();

  await app.open(`/c/${conversation}`);
  await app.ready();
  await app.propose("create a note", { Title: "Third", Text: "x" }, "Create a note");
  await app.decision.waitFor();
});

journey("the Data page says what is kept and until when, and erases results and conversations", async (stage) => {
  const { app, page } = stage;
  await everyWay(stage);
  await app.open("/settings/data");
  await page.getByText("The record: which calls were made and what was changed").waitFor();
  await page.getByText("until you close this tab").first().waitFor();
  await app.screenshot("data-filled");
  await app.button("Erase results").click();
  await app.button("Erase results", page.getByRole("alertdialog")).click();
  await page.getByText("1 result erased").waitFor();
  await app.button("Erase conversations").click();
  await app.button("Erase conversations", page.getByRole("alertdialog")).click();
  await page.getByText("1 conversation erased").waitFor();
  await app.open("/workspace/audit");
  await assertSoon(async () => (await rows(page).count()) === 4, "the record keeps which calls were made");
});

journey("what servers asked is in the record: who, which host, which fields and what came of it, and never the values", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  const question = app.ask(server.origin.slice("http://".length));
  const book = async () => {
    await app.propose("book a room", { day: "Monday" }, "Book a room");
    await app.answer("Allow once");
    await question.waitFor();
  };
  await book();
  await app.fill(question, "room", "Periwinkle");
  await app.submit(question);
  await app.says("Book a room", "Done");
  await book();
  await app.button("Decline", question).click();
  await assertSoon(async () => (await question.count()) === 0, "the question is gone");
  await app.open("/workspace/audit/questions");
  const line = (words) => rows(page).filter({ hasText: "Board" }).filter({ hasText: words });
  await line("submitted").waitFor();
  await line("declined").waitFor();
  assert.match(await line("submitted").innerText(), /room/);
  assert.ok((await line("submitted").innerText()).includes(server.origin.slice("http://".length)));
  assert.ok(!(await page.content()).includes("Periwinkle"), "no value is in the record");
  await app.screenshot("record-questions");
  assert.deepEqual(await app.violations(), []);
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("Connector", { exact: true }).selectOption({ label: await page.getByLabel("Connector", { exact: true }).locator("option", { hasText: "Notebook" }).textContent() });
  await page.getByText("Nothing fits this filter.").waitFor();
  await app.button("Clear filter").click();
  await line("declined").waitFor();
  // It goes out with the rest, and is verified without the page.
  await app.openTab("Export");
  const text = await saved(stage, "Export every entry");
  const whole = await verify(text);
  assert.deepEqual([whole.ok, whole.findings], [true, []]);
  const asked = text.trimEnd().split("\n").slice(1).map((each) => JSON.parse(each).entry).filter((entry) => entry.kind === "asked");
  assert.deepEqual(asked.map((entry) => [entry.came, entry.fields.includes("room"), entry.connector.length > 0]), [["submitted", true, true], ["declined", true, true]]);
  assert.ok(!text.includes("Periwinkle"));
  const touched = await verify(text.replace('"came":"declined"', '"came":"submitted"'));
  assert.ok(touched.findings.some((one) => one.kind === "changed"), "an edited answer is found");
  await page.getByRole("radiogroup", { name: "Entries" }).getByRole("radio", { name: "Questions" }).check({ force: true });
  await page.getByText("2 questions.").waitFor();
  assert.match(await saved(stage, "Export CSV"), /question of .*room.*,,submitted/);
});

/** How many questions of servers are kept as open. */
const openQuestions = (page) => page.evaluate(async () => {
  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  let count = 0;
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const table of database.objectStoreNames) {
      const keys = await done(database.transaction(table).objectStore(table).getAllKeys());
      count += keys.filter((key) => String(key).startsWith("open-ask:")).length;
    }
    database.close();
  }
  return count;
});

journey("a question of a server that is open when its page goes away is in the record as not answered, once, and no sooner", async ({ app, page, context, keep }) => {
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  await app.propose("book a room", { day: "Monday" }, "Book a room");
  await app.answer("Allow once");
  await app.ask(server.origin.slice("http://".length)).waitFor();
  const asked = (other) => rows(other).filter({ hasText: "Board" });
  // Another tab is there and sees no end of it, as long as somebody can answer.
  const other = await context.newPage();
  const there = new app.constructor(other, app.network, app.base);
  await there.open("/workspace/audit/questions");
  await other.mouse.move(200, 200);
  await other.getByText("No server has asked you anything yet.").waitFor();
  await assertSoon(async () => (await openQuestions(page)) === 1, "it is kept as open");
  assert.equal(await asked(other).count(), 0);
  await page.close();
  await other.reload();
  await asked(other).filter({ hasText: "not answered, because the page was closed" }).waitFor();
  assert.equal(await asked(other).count(), 1);
  await there.screenshot("record-question-left");
  assert.deepEqual(await there.violations(), []);
  await other.reload();
  await asked(other).first().waitFor();
  assert.equal(await asked(other).count(), 1, "it is noted once");
  assert.equal(await openQuestions(other), 0);
  // One that is answered leaves nothing behind.
  await there.chat();
  await there.propose("book a room", { day: "Monday" }, "Book a room");
  await there.answer("Allow once");
  const question = there.ask(server.origin.slice("http://".length));
  await question.waitFor();
  await assertSoon(async () => (await openQuestions(other)) === 1, "it is kept as open");
  await there.button("Decline", question).click();
  await assertSoon(async () => (await openQuestions(other)) === 0, "it is over");
  await there.open("/workspace/audit/questions");
  await asked(other).filter({ hasText: "declined" }).waitFor();
  assert.equal(await asked(other).count(), 2);
});
