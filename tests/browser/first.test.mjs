// The first minute, with nothing set up: Notebook in direct mode, every way a decision can go.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, journey, site, siteBelowPath, unwritten } from "./harness.mjs";
import { Keys } from "./keys.mjs";
import { assertSoon } from "./soon.mjs";

const CREATE = "Create a note";
const ask = (app, title = "Groceries", text = "Milk and bread") => app.propose(CREATE.toLowerCase(), { Title: title, Text: text }, CREATE);

journey("first run: Notebook asks, the person allows, the note is written and survives a reload", async ({ app, page }) => {
  await app.chat();
  await ask(app);
  await app.decision.waitFor();
  await assertSoon(async () => (await app.decision.textContent()).includes("Milk and bread"), "every argument is shown");
  await app.screenshot("decision");
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  await app.screenshot("chat-done");
  const address = page.url();
  await page.reload();
  await app.ready();
  assert.equal(page.url(), address);
  await app.says(CREATE, "Done");
  assert.ok((await app.log.textContent()).includes("Groceries"), "the conversation is still there");
  await app.propose("list my notes", {}, "List notes");
  await app.says("List notes", "Done");
  assert.ok((await app.card("List notes").textContent()).includes("Groceries"), "the note is still there");
});

journey("deny: nothing is written and the card says so", async ({ app }) => {
  await app.chat();
  await ask(app);
  await app.answer("Deny");
  await app.says(CREATE, "You declined. Nothing was sent.");
  assert.ok(!(await app.kept()).includes('"tables":{"notes":[{'), "no note was kept");
});

journey("deny with a reason: the reason stays with the card", async ({ app }) => {
  await app.chat();
  await ask(app);
  await app.answer("Deny with reason");
  await app.field("Reason", app.decision).fill("Wrong list");
  await app.button("Deny with reason", app.decision).click();
  await app.says(CREATE, "You declined. Nothing was sent.");
  await app.says(CREATE, "Wrong list");
});

journey("edit, then allow: what was edited is what is written", async ({ app }) => {
  await app.chat();
  await ask(app, "Groceries", "Milk");
  await app.answer("Edit");
  await app.fill(app.decision, "Text", "Milk, bread and salt");
  await app.button("Review changes", app.decision).click();
  await assertSoon(async () => (await app.decision.textContent()).includes("Milk, bread and salt"), "the decision shows the edit");
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  assert.ok((await app.card(CREATE).textContent()).includes("Milk, bread and salt"));
});

journey("a page that is left while a change is not written yet asks whether to leave, and the change is kept", async ({ app, page, context }) => {
  await app.open("/workspace/general");
  // Another tab holds the rules, so that the change has to wait.
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("heading", { level: 1 }).waitFor();
  await other.evaluate(() => {
    globalThis.held = new Promise((resolve) => { navigator.locks.request("countersign:countersign:rulebook", () => new Promise((release) => { globalThis.release = release; resolve(); })); });
    return globalThis.held;
  });
  await app.field("Workspace name").fill("Harbour office");
  await app.button("Rename workspace").click();
  const asked = page.waitForEvent("dialog");
  await assertSoon(() => unwritten(page), "the change is under way");
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await other.evaluate(() => globalThis.release());
  await assertSoon(async () => !(await unwritten(page)), "it is written, and nothing is asked any more");
  await page.reload();
  await assertSoon(async () => (await app.field("Workspace name").inputValue()) === "Harbour office", "the change was kept");
});

journey("X71 a decision that is pending when the page reloads counts as not answered", async ({ app, page }) => {
  await app.chat();
  await ask(app);
  await app.decision.waitFor();
  await page.reload();
  await app.ready();
  await app.says(CREATE, "Nobody answered. Nothing was sent.");
  assert.equal(await app.decision.count(), 0, "nothing waits any more");
});

journey("a destructive action repeats its verb on the button", async ({ app }) => {
  await app.chat();
  await ask(app);
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  await app.propose("delete a note", { Note: { pick: /note-/ } }, "Delete a note");
  await app.decision.waitFor();
  assert.ok((await app.decision.textContent()).includes("destructive"), "the class is shown");
  await app.answer(/^Delete/);
  await app.says("Delete a note", "Done");
});

journey("Notebook can ask back: the answer is looked at before it is sent", async ({ app }) => {
  await app.chat();
  await ask(app);
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  await app.propose("tidy notes", {}, "Tidy notes");
  await app.answer("Allow once");
  const question = app.ask("this page");
  await question.getByLabel("Groceries").check();
  await app.submit(question);
  await app.says("Tidy notes", "Done");
  assert.match(await app.card("Tidy notes").textContent(), /Archived/);
});

journey("the whole way to a confirmed write goes by keyboard alone", async ({ app, page }) => {
  const keys = new Keys(page);
  await app.chat();
  await app.message.focus();
  await page.keyboard.type(CREATE.toLowerCase());
  await page.keyboard.press("Enter");
  const field = (name) => app.suggestion.getByRole("textbox", { name: new RegExp(`^${name}`) });
  await keys.to(field("Title"), "Shift+Tab");
  await keys.type("By hand");
  await keys.to(field("Text"));
  await keys.type("No mouse was used");
  await keys.on(app.button("Run action"));
  await app.decision.waitFor();
  await assertSoon(() => app.button("Allow once", app.decision).isEnabled(), "the button is armed");
  // Enter never approves; Space is the key that means it (X68).
  await keys.on(app.button("Allow once", app.decision), "Space");
  await app.says(CREATE, "Done");
});

journey("two tabs: a conversation of one appears in the other, and its end too", async ({ app, page, context }) => {
  await app.chat();
  const second = await context.newPage();
  await second.goto(`${site}/`);
  await second.getByRole("textbox", { name: "Message", exact: true }).waitFor();
  await ask(app, "From tab one");
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  const entry = second.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name: /[Cc]reate a note/ });
  await entry.waitFor();
  await entry.click();
  await second.getByRole("log", { name: "Conversation" }).getByText("From tab one").first().waitFor();
  assert.equal(second.url(), page.url());
});

journey("conversations can be searched, renamed and deleted", async ({ app, page }) => {
  await app.chat();
  await app.say("hello first");
  await app.log.getByText("hello first").first().waitFor();
  await app.button("New chat").click();
  await app.say("hello second");
  await app.log.getByText("hello second").first().waitFor();
  const link = (name) => app.conversations.getByRole("link", { name });
  await link(/hello first/).waitFor();
  await link(/hello second/).waitFor();
  const search = page.getByLabel("Search conversations");
  await search.fill("first");
  await assertSoon(async () => (await link(/hello second/).count()) === 0 && (await link(/hello first/).count()) === 1, "the list shows what was searched for");
  await search.fill("");
  await app.button("More for hello first").click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await app.field("Title", app.conversations).fill("Renamed by hand");
  await page.keyboard.press("Enter");
  await link("Renamed by hand").waitFor();
  await app.deleteConversation("Renamed by hand");
  await assertSoon(async () => (await link("Renamed by hand").count()) === 0, "the conversation is gone");
  await page.reload();
  await app.ready();
  await link(/hello second/).waitFor();
  assert.equal(await link("Renamed by hand").count(), 0);
});

journey("the site works below a sub-path, deep links included", { base: siteBelowPath }, async ({ app, page, network }) => {
  assert.notEqual(new URL(siteBelowPath).pathname, "/", "COUNTERSIGN_SITE_BASE has to be below a path, or this proves nothing");
  await app.chat();
  await app.say("hello below");
  await app.log.getByText("hello below").first().waitFor();
  assert.ok(page.url().startsWith(siteBelowPath), page.url());
  await page.reload();
  await app.ready();
  await app.log.getByText("hello below").first().waitFor();
  await app.open("/settings/models");
  await page.getByRole("heading", { name: /[Mm]odels/ }).first().waitFor();
  const outside = network.requests.map((request) => request.url).filter((url) => url.startsWith("http") && !url.startsWith(siteBelowPath));
  assert.deepEqual(outside, [], "everything was loaded from below the path");
});

journey("on a phone's width the first write can be made and nothing is cut off sideways", { viewport: PHONE }, async ({ app, page }) => {
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await app.chat();
  assert.ok((await sideways()) <= 0, "the chat fits");
  await ask(app);
  await app.decision.waitFor();
  assert.ok((await sideways()) <= 0, "the decision fits");
  await app.screenshot("decision-phone");
  await app.answer("Allow once");
  await app.says(CREATE, "Done");
  // Now a field can take something from an earlier result, out of a list whose lines are long.
  await app.say(CREATE.toLowerCase());
  const next = app.suggestion.last();
  await next.getByRole("combobox").first().waitFor();
  const cut = await next.evaluate((card) => [...card.querySelectorAll("input, textarea, select")].filter((field) => field.getBoundingClientRect().right > card.getBoundingClientRect().right).length);
  assert.equal(cut, 0, "the next form fits");
});

journey("the time to a usable composer is measured, cold and warm", async ({ app, t }) => {
  const once = async () => {
    const from = performance.now();
    await app.chat();
    return Math.round(performance.now() - from);
  };
  const cold = await once();
  const warm = await once();
  t.diagnostic(`measured navigation to usable composer at ${DESKTOP.width} px: cold ${cold} ms, warm ${warm} ms`);
  assert.ok(cold < 30_000 && warm < 30_000);
});
