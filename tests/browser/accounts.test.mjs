// Several accounts at one connector, and what asks: each account with a sign-in, a list and a permission of its own.
// The servers say whose token came with what.
import assert from "node:assert/strict";
import { startProtected } from "../servers/protected.mjs";
import { journey } from "./harness.mjs";
import { ANN, BOB, annAndBob, askToSignIn, createDraft, noSecrets, opens, section } from "./signing.mjs";
import { assertSoon } from "./soon.mjs";

const choose = (page, group, name) => page.getByRole("radiogroup", { name: group, exact: true }).getByRole("radio", { name, exact: true }).check({ force: true });
/** The workspace's choices as they are kept: a page that is left at once may not have kept the last one. */
const kept = async (app) => {
  const { settings } = JSON.parse(await app.kept()).databases.countersign;
  return JSON.parse(settings.find((text) => typeof text === "string" && text.includes('"rulebook":{'))).rulebook.workspace;
};

/** Chooses the account that acts in the chat on the screen. */
async function actAs({ app, page }, name, connector = "Guarded") {
  await app.button("Add").click();
  const choice = page.getByRole("combobox", { name: `Account for ${connector} in this chat` });
  await choice.selectOption({ label: `as ${name}` });
  await page.keyboard.press("Escape");
  await page.getByRole("list", { name: "Active connectors" }).getByText(`as ${name}`).waitFor();
}

async function lists(app, calls) {
  await app.propose("list tickets", {}, "List tickets");
  await assertSoon(async () => (await app.cards("List tickets").count()) === calls, "another card");
  await app.says("List tickets", "Done");
}

journey("AC05 accounts: two people at one connector; each chat has the one that was chosen, and the server sees whose token came", async (stage) => {
  const { app, page, network } = stage;
  const server = await annAndBob(stage);
  const asked = network.to(server.issuer).filter((request) => new URL(request.url).pathname === "/auth").map((request) => new URL(request.url).searchParams.get("prompt"));
  assert.deepEqual(asked.map((prompt) => prompt?.split(" ").includes("login") ?? false), [false, true], "the second one was asked which account is meant");
  await section(page, ANN).getByText("usual").waitFor();
  assert.deepEqual(await app.violations(), [], "axe finds nothing on the tab with two accounts");
  await app.screenshot("accounts-authentication");

  await app.chat();
  await lists(app, 1);
  assert.equal(server.calls.at(-1).who, "ann", "the usual account acts");
  await actAs(stage, BOB);
  await lists(app, 2);
  assert.equal(server.calls.at(-1).who, "bob", "in this chat it is Bob from now on");
  assert.equal(server.listed.at(-1), "bob", "and what he is offered was listed for him");
  await app.screenshot("accounts-chat");
  await app.propose("create a ticket", { title: "As Bob" }, "Create a ticket");
  await app.decision.waitFor();
  assert.ok((await app.decision.textContent()).includes(`as ${BOB}, signed in at ${server.issuer}`), "the decision names the account");
  await app.answer("Allow once");
  await app.says("Create a ticket", "Done");
  assert.ok((await app.card("Create a ticket").textContent()).includes(BOB), "so does the card");
  assert.equal(server.calls.at(-1).who, "bob");
  await page.reload();
  await app.ready();
  await lists(app, 3);
  assert.equal(server.calls.at(-1).who, "bob", "a reload changes nothing");

  // Named with a mark, before the first word.
  await app.chat();
  await app.message.fill("");
  await app.message.pressSequentially("@bob");
  await page.getByRole("option", { name: new RegExp(`Guarded as ${BOB}`) }).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await app.message.inputValue(), "@Guarded ");
  await page.getByRole("list", { name: "Active connectors" }).getByText(`as ${BOB}`).waitFor();
  await lists(app, 1);
  assert.equal(server.calls.at(-1).who, "bob", "chosen before the first word");
  await app.chat();
  await lists(app, 1);
  assert.equal(server.calls.at(-1).who, "ann", "another chat has the usual one");

  await app.open("/workspace/audit/calls");
  const row = page.getByRole("row").filter({ hasText: "create_ticket" });
  await row.getByText(`as ${BOB}`).waitFor();
  await app.open("/settings/connectors");
  const under = page.getByRole("list", { name: "Accounts" });
  await under.getByText(BOB).waitFor();
  await app.screenshot("accounts-connectors");
  await app.openConnector("Guarded", "Authentication");
  await app.button("Make usual", section(page, BOB)).click();
  await section(page, BOB).getByText("usual", { exact: true }).waitFor();
  await app.chat();
  await lists(app, 1);
  assert.equal(server.calls.at(-1).who, "bob", "the usual one is Bob now");
  await noSecrets(app, server);
});

journey("AC06 accounts: signing one out leaves the other; one that was removed acts nowhere, and no other in its place", async (stage) => {
  const { app, page } = stage;
  const server = await annAndBob(stage);
  await app.button("Rename account", section(page, BOB)).click();
  await page.getByLabel("Name of the account").fill("Work");
  await app.button("Save name").click();
  await section(page, "Work").waitFor();
  await app.button("Sign out", section(page, ANN)).click();
  await section(page, ANN).getByText("Not signed in").waitFor();
  await assertSoon(() => server.asked.includes("/token/revocation"), "her tokens were revoked");
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Sign-in needed. Nothing was sent.");
  assert.equal(server.calls.length, 0);
  await actAs(stage, "Work");
  await lists(app, 2);
  assert.deepEqual(server.calls.map((call) => call.who), ["bob"], "the other one is as it was");
  const chat = page.url();

  await app.openConnector("Guarded", "Authentication");
  await app.button("Remove account", section(page, "Work")).click();
  await app.button("Remove account", page.getByRole("alertdialog")).click();
  await section(page, "Work").waitFor({ state: "detached" });
  await page.goto(chat);
  await app.ready();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "The account that was chosen here is gone");
  assert.deepEqual(server.calls.map((call) => call.who), ["bob"], "nothing was sent, as nobody");
  await noSecrets(app, server);
});

journey("X117 accounts: a list that everybody may keep is not shared between two of them, nor is a result", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startProtected({ ttl: 3_600_000, cacheScope: "public", several: true }));
  await app.turnOnDeveloperMode();
  await askToSignIn(app, "Guarded", server.url);
  await opens(stage, "Sign in");
  await createDraft(app);
  await app.openTab("Authentication");
  await opens(stage, "Add account");
  await section(page, "Account 2").getByText(`Signed in at ${server.origin}`).waitFor();
  await app.chat();
  await app.propose("whoami", {}, "whoami");
  await app.answer("Allow once");
  await app.says("whoami", "Ann");
  const first = server.asked.listed.filter((who) => who === 1).length;
  await actAs(stage, "Account 2");
  await app.propose("whoami", {}, "whoami");
  await app.answer("Allow once");
  await app.says("whoami", "Person 2");
  assert.ok(server.asked.listed.includes(2), "the list of the first was fresh and for everybody, and the second read its own");
  assert.equal(server.asked.listed.filter((who) => who === 1).length, first, "the first did not have to read again");
});

journey("AC07 accounts: the strictest of workspace, connector and account counts, and each says so", async (stage) => {
  const { app, page } = stage;
  const server = await annAndBob(stage);
  await choose(section(page, BOB), "When it asks as this account", "Before everything");
  await app.chat();
  await lists(app, 1);
  await actAs(stage, BOB);
  await app.propose("list tickets", {}, "List tickets");
  await app.decision.waitFor();
  assert.match(await app.decision.textContent(), /This account asks for everything\./);
  await app.button("Why is this asking?", app.decision).click();
  await app.decision.getByText(`the account ${BOB} for everything`).or(app.decision.getByText("this account asks for everything")).first().waitFor();
  assert.equal(await app.button("Allow and remember", app.decision).count(), 0, "no admin has let anybody remember");
  await app.answer("Deny");
  assert.equal(server.calls.filter((call) => call.who === "bob").length, 0);

  await app.open("/workspace/permissions/connected-data");
  await choose(page, "When it asks", "Ask for everything");
  await assertSoon(async () => (await kept(app)).confirm === "everything", "the ceiling is kept");
  await app.openConnector("Guarded", "Authentication");
  await section(page, ANN).getByText("The workspace asks before everything, so this account does too.").waitFor();
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.decision.waitFor();
  assert.match(await app.decision.textContent(), /The workspace asks for everything\./);
  await app.answer("Allow once");
  await app.says("List tickets", "Done");
  await app.open("/workspace/permissions/test-access");
  await page.getByRole("combobox", { name: "Connector" }).selectOption({ label: `Guarded · ${new URL(server.origin).host}` });
  await page.getByRole("heading", { name: "It asks first, every time." }).waitFor();
  await page.getByText(`It acts as ${ANN}`).waitFor();
});

journey("AC08 accounts: an answer about reading is remembered until its date, is in the ledger, and is taken back; a write is not", async (stage) => {
  const { app, page } = stage;
  await app.open("/workspace/permissions/connected-data");
  await choose(page, "When it asks", "Ask for everything");
  await choose(page, "Remembering answers", "Reading also longer");
  await assertSoon(async () => (await kept(app)).remember === "longer", "the choice is kept");
  await app.open("/workspace/permissions/test-access");
  await page.getByRole("combobox", { name: "Connector" }).selectOption({ label: "Notebook · this page" });
  await page.getByRole("combobox", { name: "Action" }).selectOption({ label: "List notes" });
  await page.getByRole("heading", { name: "It asks first, unless an answer was remembered." }).waitFor();
  await page.getByRole("combobox", { name: "Action" }).selectOption({ label: "Delete a note" });
  await page.getByRole("heading", { name: "It asks first, every time." }).waitFor();
  const reads = async () => { await app.chat(); await app.propose("list notes", {}, "List notes"); };
  await reads();
  await app.decision.waitFor();
  await app.button("Allow and remember", app.decision).click();
  await app.button("Allow for 7 days", app.decision).waitFor();
  await app.screenshot("accounts-remember");
  assert.deepEqual(await app.violations(), [], "axe finds nothing in the choice");
  await app.answer("Allow for 7 days");
  await app.says("List notes", "Done");
  await reads();
  await app.says("List notes", "Done");
  assert.match(await app.card("List notes").textContent(), /allowed by your answer that was remembered/);
  await app.propose("create a note", { Title: "One", Text: "x" }, "Create a note");
  await app.decision.waitFor();
  assert.equal(await app.button("Allow and remember", app.decision).count(), 0, "what writes asks every time");
  await app.answer("Deny");

  await app.open("/settings/approvals");
  await page.getByText(/With any arguments, in every conversation, until /).waitFor();
  await page.getByText(/used once, last on/).waitFor();
  await app.screenshot("accounts-approvals");
  await app.button(/^Revoke list_notes/).click();
  await page.getByText("Nothing is remembered.").waitFor();
  await reads();
  await app.decision.waitFor();
  await app.button("Allow and remember", app.decision).click();
  await app.answer("Allow in this conversation");
  await app.says("List notes", "Done");
  await app.propose("list notes", {}, "List notes");
  await assertSoon(async () => (await app.cards("List notes").count()) === 2, "another card");
  await app.says("List notes", "Done");
  await reads();
  await app.decision.waitFor();
  await app.answer("Deny");

  await app.open("/workspace/permissions/connected-data");
  await choose(page, "Remembering answers", "Never");
  await assertSoon(async () => (await kept(app)).remember === "never", "the choice is kept");
  await app.open("/settings/approvals");
  await page.getByText("Nothing is remembered.").waitFor();
});

journey("AC09 accounts: when a member was last active is what the record knows, and a dash where it knows nothing", async (stage) => {
  const { app, page } = stage;
  await app.open("/workspace/members");
  await app.button("Add member").first().click();
  const dialog = page.getByRole("dialog", { name: "Add member" });
  await dialog.getByLabel("Name").fill("Ada");
  await app.button("Add member", dialog).click();
  const of = (name) => page.getByRole("list", { name: "Members", exact: true }).getByRole("listitem").filter({ hasText: name });
  await of("Ada").getByText("last active").waitFor();
  assert.match(await of("Ada").textContent(), /last active –never/);
  await of("You").getByText(/last active (just now|.* ago)/).waitFor();
  await app.screenshot("accounts-members");
});

for (const [width, colorScheme] of [[390, "dark"], [390, "light"], [1440, "dark"]]) {
  journey(`accounts look right at ${width} px in ${colorScheme}`, { viewport: { width, height: 860 }, colorScheme }, async (stage) => {
    const { app, page } = stage;
    await annAndBob(stage);
    assert.deepEqual(await app.violations(), [], "axe finds nothing on the tab");
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
    await app.screenshot(`accounts-authentication-${width}-${colorScheme}`);
    await app.chat();
    await actAs(stage, BOB);
    await app.button("Add").click();
    await page.getByRole("combobox", { name: "Account for Guarded in this chat" }).waitFor();
    assert.deepEqual(await app.violations(), [], "axe finds nothing in the menu");
    await app.screenshot(`accounts-menu-${width}-${colorScheme}`);
  });
}
