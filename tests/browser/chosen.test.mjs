// The single actions that a chat uses: chosen in the + menu, held to by the list that is offered and by the gate, kept with
// the conversation and with tool sets.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { startModern } from "../servers/start.mjs";
import { DESKTOP, PHONE, journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const menu = (app) => app.page.getByRole("dialog", { name: "Add to this chat" });
const actions = (app, connector) => menu(app).getByRole("group", { name: `Actions of ${connector} in this chat` });
const chip = (app, connector) => app.page.getByRole("list", { name: "Active connectors" }).getByRole("button", { name: new RegExp(`^${connector} .*actions$`) });

/** Opens the + menu at the actions of a connector, by its chip. */
async function unfold(app, connector) {
  await chip(app, connector).click();
  await actions(app, connector).waitFor();
}

/** Waits until a chip counts this many: all of them, where the words are a number alone. */
async function counts(app, connector, words) {
  await assertSoon(async () => {
    const said = await chip(app, connector).innerText();
    return said.includes(words) && (words.includes("of") || !said.includes(" of "));
  }, `the chip of ${connector} says ${words}`);
}

/** A desk with an action that reads, one that writes, and one that reads as well. */
const desk = (more = {}) => hostile({
  tools: [
    tool("list_tickets", READ, { title: "List tickets" }),
    tool("create_ticket", WRITE, { title: "Create ticket", inputSchema: strings("subject") }),
    tool("count_tickets", READ, { title: "Count tickets" }),
  ],
  call: () => text("done"),
  ...more,
});

for (const colorScheme of ["light", "dark"]) {
  journey(`chosen: U01 single actions are switched off in a chat by mouse and by keyboard, in ${colorScheme}`, { colorScheme }, async ({ app, page, keep }) => {
    const server = await keep(desk());
    await app.connect({ name: "Desk", url: server.url });
    await app.chat();
    await counts(app, "Desk", "3");
    await app.button("Add").click();
    await app.button("Actions of Desk", menu(app)).click();
    const list = actions(app, "Desk");
    await list.getByText("All 3 are used in this chat.").waitFor();
    await list.getByRole("checkbox", { name: /Create ticket/ }).uncheck();
    await list.getByText(/^2 of 3 are used in this chat\. What 127\.0\.0\.1:\d+ adds later stays off here\.$/).waitFor();
    await menu(app).getByText("2 of 3 actions").waitFor();
    await counts(app, "Desk", "2 of 3");
    await app.screenshot(`chosen-${colorScheme}`);
    assert.deepEqual(await app.violations(), []);
    // By keyboard: the chip opens the menu at its actions, and Escape brings back to it.
    await page.keyboard.press("Escape");
    await chip(app, "Desk").focus();
    await page.keyboard.press("Enter");
    await list.waitFor();
    await assertSoon(() => list.getByRole("checkbox", { name: /List tickets/ }).evaluate((box) => box === document.activeElement), "the first action has the focus");
    await page.keyboard.press("Space");
    await counts(app, "Desk", "1 of 3");
    await page.keyboard.press("Escape");
    await assertSoon(() => chip(app, "Desk").evaluate((button) => button === document.activeElement), "the focus is back");
    await page.setViewportSize(PHONE);
    await unfold(app, "Desk");
    await app.screenshot(`chosen-${colorScheme}-phone`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${sideways} px too wide for a phone`);
    assert.deepEqual(await app.violations(), []);
    await page.setViewportSize(DESKTOP);
    await app.button("Use no actions", list).click();
    await counts(app, "Desk", "0 of 3");
    await app.button("Use all actions", list).click();
    await list.getByText("All 3 are used in this chat.").waitFor();
    await counts(app, "Desk", "3");
    assert.ok(!(await chip(app, "Desk").innerText()).includes("of"), "nothing is chosen any more");
  });
}

journey("chosen: what is off in a chat is offered to no model, and what a model makes up is refused and recorded", async ({ app, page, network, keep }) => {
  const server = await keep(desk());
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["create_ticket", { subject: "Printer" }]] } : { say: "I could not." })));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await unfold(app, "Desk");
  await actions(app, "Desk").getByRole("checkbox", { name: /Create ticket/ }).uncheck();
  await counts(app, "Desk", "2 of 3");
  await page.keyboard.press("Escape");
  await app.say("write a ticket about the printer");
  await app.log.getByText("I could not.").first().waitFor();
  const offered = model.asked[0].offered;
  assert.ok(offered.some((name) => name.endsWith("list_tickets")) && !offered.some((name) => name.endsWith("create_ticket")), offered.join());
  await app.log.getByText(/The model asked for create_ticket, which was not done/).waitFor();
  assert.equal(network.calls(server.origin).length, 0);
  assert.match(await app.kept(), /refused[^]*create_ticket/);
});

journey("chosen: X76 an action that is switched off while a turn runs is refused at the gate, with its reason and the way to switch it on", async ({ app, page, network, keep }) => {
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  const server = await keep(desk({ call: async () => { await held; return text("3 tickets"); } }));
  const model = await keep(startModel(({ results }) => {
    if (results.length === 0) return { calls: [["list_tickets", {}]] };
    if (results.length === 1) return { calls: [["create_ticket", { subject: "Printer" }]] };
    return { say: results.at(-1).includes("switched off in this conversation") ? "It is off here." : "It went through." };
  }));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("write a ticket about the printer");
  await app.says("List tickets", "Running");
  await unfold(app, "Desk");
  await actions(app, "Desk").getByRole("checkbox", { name: /Create ticket/ }).uncheck();
  await counts(app, "Desk", "2 of 3");
  await page.keyboard.press("Escape");
  goOn();
  await app.says("Create ticket", "Not allowed here: this action is switched off in this conversation");
  await app.log.getByText("It is off here.").first().waitFor();
  assert.ok(model.asked[1].offered.some((name) => name.endsWith("create_ticket")), "the turn had begun with it");
  assert.deepEqual(network.calls(server.origin).map((call) => call.name), ["list_tickets"]);
  await app.card("Create ticket").getByText("Why can't I use this?").click();
  await app.card("Create ticket").getByText(/switch it on under its connector in the \+ menu/).last().waitFor();
  await app.screenshot("chosen-refused");
  assert.deepEqual(await app.violations(), []);
  await app.button("Send").waitFor();
  await app.open("/workspace/audit");
  await page.getByText(/^This action is switched off in this conversation/).first().waitFor();
});

journey("chosen: direct mode suggests nothing that is off here, and does not run what it suggested before", async ({ app, page, network, keep }) => {
  const board = await keep(startModern());
  await app.connect({ name: "Board", url: board.url });
  await app.chat();
  await app.say("list tickets");
  await app.suggestion.waitFor();
  await app.button("Send").waitFor();
  await unfold(app, "Board");
  await actions(app, "Board").getByRole("checkbox", { name: /List tickets/ }).uncheck();
  await counts(app, "Board", " of ");
  await page.keyboard.press("Escape");
  await app.runSuggestion({}, "List tickets");
  await app.says("List tickets", "Not allowed here: this action is switched off in this conversation");
  assert.equal(network.calls(board.origin).length, 0);
  await app.say("list the tickets again");
  await app.log.getByRole("radio", { name: /^Create a ticket/ }).waitFor();
  assert.equal(await app.log.getByRole("radio", { name: /^List tickets/ }).count(), 0, "it is not among what is suggested");
});

journey("chosen: S084 a tool set keeps single actions; a chat has them after a reload, in another tab, in a branch and from a file", async ({ app, page, context, keep }) => {
  const server = await keep(desk());
  await app.connect({ name: "Desk", url: server.url });
  await app.chat();
  await unfold(app, "Desk");
  const only = async (name) => {
    await app.button("Use no actions", actions(app, "Desk")).click();
    await counts(app, "Desk", "0 of 3");
    await actions(app, "Desk").getByRole("checkbox", { name }).check();
    await counts(app, "Desk", "1 of 3");
  };
  await only(/Count tickets/);
  await app.field("Name of a new tool set", menu(app)).fill("Counting");
  await page.keyboard.press("Enter");
  await menu(app).getByRole("button", { name: /^Counting 3 connectors, single actions$/ }).waitFor();
  await app.button("Use all actions", actions(app, "Desk")).click();
  await counts(app, "Desk", "3");
  // Chosen before anything is said, and again in the chat that this begins.
  await menu(app).getByRole("button", { name: /^Counting/ }).click();
  await counts(app, "Desk", "1 of 3");
  await page.keyboard.press("Escape");
  await app.say("hello");
  await app.log.getByRole("article", { name: "You" }).first().waitFor();
  await app.button("Send").waitFor();
  await counts(app, "Desk", "1 of 3");
  await page.reload();
  await counts(app, "Desk", "1 of 3");
  const other = await context.newPage();
  const there = new app.constructor(other, app.network, app.base);
  await other.goto(page.url());
  await counts(there, "Desk", "1 of 3");
  await unfold(there, "Desk");
  await actions(there, "Desk").getByRole("checkbox", { name: /List tickets/ }).check();
  await counts(there, "Desk", "2 of 3");
  await counts(app, "Desk", "2 of 3");
  await other.close();
  const address = page.url();
  await app.button("Conversation menu").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export conversation" }).click()]);
  const file = path.join(await mkdtemp(path.join(tmpdir(), "chosen-")), "conversation.json");
  await download.saveAs(file);
  let whole = "";
  for await (const piece of createReadStream(file)) whole += piece;
  assert.deepEqual(Object.values(JSON.parse(whole).conversations[0].chosen), [["count_tickets", "list_tickets"]]);
  await app.button("More for this message", app.log.getByRole("article", { name: "You" }).first()).click();
  await page.getByRole("menuitem", { name: "Branch from here" }).click();
  await assertSoon(() => page.url() !== address, "the branch is a conversation of its own");
  await page.getByRole("heading", { name: "hello (branch)" }).waitFor();
  await counts(app, "Desk", "2 of 3");
  await app.open("/settings/data");
  await page.getByLabel("File with conversations").setInputFiles(file);
  await app.button("Import 1 conversation").click();
  await page.getByText("1 conversation imported.").first().waitFor();
  await app.open("/");
  await app.conversations.getByRole("link", { name: "hello", exact: true }).first().click();
  await app.log.getByText("This conversation was imported from a file.").first().waitFor();
  await app.button("Add").click();
  await menu(app).getByRole("checkbox", { name: /Desk/ }).check();
  await counts(app, "Desk", "2 of 3");
});

journey("chosen: CT001 while another tab runs a turn, a choice for its chat is refused in words and shows what is kept", async ({ app, page, context, keep }) => {
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  const server = await keep(desk({ call: async () => { await held; return text("3 tickets"); } }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["list_tickets", {}]] } : { say: "There are three." })));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("which tickets are there?");
  await app.card("List tickets").waitFor();
  const other = await context.newPage();
  const there = new app.constructor(other, app.network, app.base);
  await other.goto(page.url());
  await there.card("List tickets").waitFor();
  const refused = other.getByText("This conversation is running in another tab. Go on there, or try again in a moment.").first();
  await there.button("Add").click();
  const tick = menu(there).getByRole("checkbox", { name: /^Desk/ });
  await tick.waitFor();
  await tick.click();
  await refused.waitFor();
  await assertSoon(() => tick.isChecked(), "the tick says what is kept");
  await there.screenshot("chosen-elsewhere");
  assert.deepEqual(await there.violations(), []);
  await other.keyboard.press("Escape");
  await there.mode.click();
  await there.modeChoice("Research").click();
  await there.button("Mode: Chat").waitFor();
  goOn();
  await app.log.getByText("There are three.").first().waitFor();
  await app.button("Send").waitFor();
  await there.log.getByText("There are three.").first().waitFor();
  // It is over there, and what is chosen here is known in both.
  await assertSoon(async () => {
    await there.mode.click();
    await there.modeChoice("Research").click();
    return (await there.mode.innerText()).includes("Research");
  }, "the mode is chosen");
  await app.button("Mode: Research").waitFor();
});

journey("chosen: an action that is switched on at the connector later stays off in a chat with a choice", async ({ app, page, keep }) => {
  const server = await keep(desk());
  const model = await keep(startModel(() => ({ say: "Seen." })));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.openConnector("Desk", "Actions");
  const create = app.switch("Create ticket");
  await create.click();
  await assertSoon(async () => !(await create.isChecked()), "it is off at the connector");
  await app.chat();
  await unfold(app, "Desk");
  await actions(app, "Desk").getByRole("checkbox", { name: /Count tickets/ }).uncheck();
  await counts(app, "Desk", "1 of 2");
  await page.keyboard.press("Escape");
  await app.say("hello");
  await app.log.getByText("Seen.").first().waitFor();
  await app.button("Send").waitFor();
  const chat = page.url();
  await app.openConnector("Desk", "Actions");
  await create.click();
  await assertSoon(() => create.isChecked(), "it is on at the connector");
  await page.goto(chat);
  await counts(app, "Desk", "1 of 3");
  await app.say("and now?");
  await assertSoon(() => model.asked.length === 2, "asked again");
  const of = (request) => request.offered.filter((name) => name.includes("desk")).map((name) => name.replace(/^.*desk_+/, ""));
  assert.deepEqual(of(model.asked[1]), ["list_tickets"], "what came later is off here");
  await app.button("Send").waitFor();
  // A chat without a choice has it.
  await app.chat();
  await counts(app, "Desk", "3");
});
