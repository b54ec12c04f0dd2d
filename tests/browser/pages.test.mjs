// Rooms of the workspace that people keep in order: where a thing is set, long lists, names, and what a form keeps.
import assert from "node:assert/strict";
import { READ, WRITE, hostile, strings, tool } from "../servers/hostile.mjs";
import { startProtected } from "../servers/protected.mjs";
import { PHONE, journey } from "./harness.mjs";
import { askToSignIn, createDraft } from "./signing.mjs";
import { looksWell } from "./seen.mjs";
import { assertSoon } from "./soon.mjs";

const main = (page) => page.getByRole("main");
const item = (page, list, name) => page.getByRole("list", { name: list, exact: true }).getByRole("listitem").filter({ hasText: name });
const choose = async (page, group, name) => page.getByRole("radiogroup", { name: group, exact: true }).getByRole("radio", { name, exact: true }).check({ force: true });
const has = (page, test, what) => assertSoon(async () => page.evaluate(test), what);

/** Puts people into the workspace by a list. */
async function addPeople({ app, page }, names) {
  await app.open("/workspace/members");
  await app.button("Import or export list").click();
  const dialog = page.getByRole("dialog", { name: "Import or export members" });
  await dialog.getByLabel("List to import").fill(`name,role\n${names.map((name) => `${name},member`).join("\n")}\n`);
  await dialog.getByRole("heading", { name: `Added: ${names.length}` }).waitFor();
  await app.button("Import this list", dialog).click();
  await item(page, "Members", names[0]).first().waitFor();
}

const tickets = (options = {}) => hostile({
  tools: [tool("find_ticket", READ, { title: "Find a ticket" }), tool("create_ticket", WRITE, { title: "Create a ticket", inputSchema: strings("title") })],
  ...options,
});

journey("PQ003 an explanation leads to where the connector was told to ask", async ({ app, page, keep }) => {
  const server = await keep(tickets());
  await app.connect({ name: "Tickets", url: server.url });
  await app.openTab("Access");
  await choose(page, "When it asks", "Before everything");
  await assertSoon(() => page.getByRole("radiogroup", { name: "When it asks", exact: true }).getByRole("radio", { name: "Before everything", exact: true }).isChecked(), "it asks for everything");
  await app.chat();
  await app.propose("find a ticket", {}, "Find a ticket");
  await app.decision.waitFor();
  await app.button("Why is this asking?", app.decision).click();
  const step = page.getByRole("list", { name: "What counts most" }).getByRole("listitem").filter({ hasText: "this connector asks for everything" });
  const href = await step.getByRole("link", { name: "See where this is set" }).getAttribute("href");
  assert.match(href, /\/workspace\/connectors\/[^/]+\/access$/);
});

journey("PQ004 a group says what its roles give and who manages it, and long lists have a way to the rest", { timeout: 120_000 }, async (stage) => {
  const { app, page } = stage;
  await addPeople(stage, Array.from({ length: 60 }, (_, at) => `Person ${String(at + 1).padStart(2, "0")}`));
  await app.open("/workspace/permissions/roles");
  await app.field("New role").fill("Clerks");
  await app.button("Add role").click();
  await page.getByRole("heading", { name: "Clerks" }).waitFor();
  await app.open("/workspace/permissions/connected-data");
  await choose(page, "Besides admins and owners, for", "Chosen people");
  await page.getByRole("group", { name: "Custom roles" }).getByRole("checkbox", { name: "Clerks" }).check();
  await page.getByRole("searchbox", { name: "Find people" }).fill("person");
  const people = page.getByRole("group", { name: "People" });
  await assertSoon(async () => (await people.getByRole("checkbox").count()) === 20, "a part of them");
  await app.button("Show 20 more of 60 people").click();
  await app.button("Show 20 more of 60 people").click();
  await assertSoon(async () => (await people.getByRole("checkbox").count()) === 60, "all of them");
  await app.open("/workspace/groups");
  await app.field("New group").fill("Support");
  await app.button("Add group").click();
  await page.getByRole("link", { name: "Support", exact: true }).click();
  await main(page).getByText("Not given by this group.").waitFor();
  await page.getByRole("checkbox", { name: "Clerks" }).check();
  await main(page).getByText("Given by the role Clerks; each person turns it on for themselves.").waitFor();
  await main(page).getByText("Admins and owners", { exact: true }).waitFor();
  await page.getByRole("searchbox", { name: "Find people to put in" }).fill("person");
  const inside = page.getByRole("list", { name: "People" }).getByRole("switch");
  await assertSoon(async () => (await inside.count()) === 50, "a part of them");
  await app.screenshot("group-more");
  assert.deepEqual(await app.violations(), []);
  await app.button("Show 10 more of 60 people").focus();
  await page.keyboard.press("Enter");
  await assertSoon(async () => (await inside.count()) === 60, "all of them");
  await has(page, () => document.activeElement.matches(".more-of"), "the focus stays where the button was");
  await item(page, "People", "Person 07").getByRole("checkbox", { name: "Manages this group" }).check();
  await main(page).getByText("Person 07", { exact: true }).first().waitFor();
  await assertSoon(async () => (await main(page).locator("dl").innerText()).includes("Person 07"), "who manages it");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize(PHONE);
  await app.screenshot("group-more-phone-dark");
  assert.deepEqual(await app.violations(), []);
});

journey("PQ005 a connector and a custom role are renamed on their own pages", async ({ app, page, keep }) => {
  const server = await keep(tickets());
  await app.connect({ name: "Tickets", url: server.url });
  await app.openTab("Overview");
  const save = app.button("Save name and description");
  await save.waitFor();
  assert.ok(await save.isDisabled(), "nothing to save yet");
  await app.field("Connector name").fill("Help desk");
  await page.getByLabel(/^Description/).fill("Where people ask for help.");
  await save.click();
  await page.getByText("Name and description were saved.").waitFor();
  await page.getByRole("heading", { name: "Help desk", level: 1 }).waitFor();
  await main(page).getByText("Where people ask for help.", { exact: true }).waitFor();
  await app.screenshot("connector-naming");
  assert.deepEqual(await app.violations(), []);
  // The name of a part of the product is nobody else's (X26).
  await app.field("Connector name").fill("Notebook");
  await save.click();
  await page.getByText(/Notebook/).last().waitFor();
  await page.getByRole("heading", { name: "Help desk", level: 1 }).waitFor();
  await app.open("/workspace/permissions/roles");
  await app.field("New role").fill("Clerks");
  await app.button("Add role").click();
  await page.getByRole("heading", { name: "Clerks" }).click();
  await app.field("Role name").fill("Desk clerks");
  await app.button("Rename role").click();
  await page.getByRole("heading", { name: "Desk clerks" }).waitFor();
  await app.screenshot("role-open");
  assert.deepEqual(await app.violations(), []);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await app.violations(), []);
});

journey("PQ006 the form of a new connector keeps what was chosen over a reload, and no secret", async ({ app, page }) => {
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Tickets", url: "https://mcp.example.com/mcp" });
  await choose(page, "Who built the server", "A vendor");
  await page.getByRole("radio", { name: "OAuth", exact: true }).check();
  await page.getByText("The operator gave you a client id").click();
  await page.getByLabel(/^Client id/).fill("client-of-ours");
  await page.getByLabel(/^Client secret/).fill("canary-secret");
  await page.getByLabel(/^Scopes/).fill("tickets.read");
  await page.reload();
  await page.getByRole("heading", { name: "Add connector", level: 1 }).waitFor();
  await assertSoon(async () => (await app.field("Name").inputValue()) === "Tickets", "the name");
  assert.ok(await page.getByRole("radiogroup", { name: "Who built the server" }).getByRole("radio", { name: "A vendor" }).isChecked());
  assert.ok(await page.getByRole("radio", { name: "OAuth", exact: true }).isChecked());
  assert.equal(await page.getByLabel(/^Client id/).inputValue(), "client-of-ours");
  assert.equal(await page.getByLabel(/^Scopes/).inputValue(), "tickets.read");
  assert.equal(await page.getByLabel(/^Client secret/).inputValue(), "", "a secret is kept nowhere");
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes("canary-secret"));
});

journey("PQ007 every action of a long list can be read as a model is told it", async ({ app, page, keep }) => {
  const server = await keep(hostile({ tools: Array.from({ length: 60 }, (_, at) => tool(`read_${at}`, READ, { title: `Read ${at}` })) }));
  await app.connect({ name: "Library", url: server.url });
  await app.openTab("Model view");
  const views = page.locator(".model-view");
  await assertSoon(async () => (await views.count()) === 50, "a part of them");
  await app.button("Show 10 more of 60 actions").click();
  await assertSoon(async () => (await views.count()) === 60, "all of them");
});

journey("PQ008 the menu of a connector leads to permission, pause and archive", async ({ app, page, keep }) => {
  const server = await keep(tickets());
  await app.connect({ name: "Tickets", url: server.url });
  const opens = async (entry, heading) => {
    await app.open("/workspace/connectors?tab=drafts");
    await app.button("Menu of Tickets").click();
    await page.getByRole("menuitem", { name: entry, exact: true }).click();
    await heading.waitFor();
  };
  await opens("Permission", page.getByRole("heading", { name: "Permission: when it asks" }));
  await opens("Pause", app.button("Pause connector"));
  await opens("Archive", app.button("Archive connector"));
});

journey("PQ009 a sign-in that ends soon and cannot be renewed says so in the list of connectors", async (stage) => {
  const { app, page, context, keep } = stage;
  const server = await keep(startProtected({ renews: false }));
  await app.turnOnDeveloperMode();
  await askToSignIn(app, "Guarded", server.url);
  await Promise.all([context.waitForEvent("page"), app.button("Sign in").click()]);
  await createDraft(app);
  await app.open("/settings/connectors");
  const row = main(page).getByRole("listitem").filter({ hasText: "Guarded" });
  await row.getByText(/^Expiring: the sign-in ends on .* and is not renewed by itself\./).waitFor();
  await app.screenshot("expiring");
  assert.deepEqual(await app.violations(), []);
  await row.getByRole("link", { name: "Sign in again" }).click();
  await page.getByText(/^Will need you again at/).waitFor();
  await page.getByText("Sign in again before then, so that no call has to wait for you.").waitFor();
});

journey("PQ011 axe finds nothing on lists of domains with entries and on an archived connector, in both themes and on a phone", async ({ app, page, keep }) => {
  await app.open("/workspace/domains");
  for (const [use, host] of [["servers", "*.example.com"], ["models", "api.example.com"]]) {
    await page.getByLabel(`Host for ${use}`, { exact: true }).fill(host);
    await page.getByLabel(`Host for ${use}`, { exact: true }).press("Enter");
    await app.button(`Remove ${host}`).waitFor();
  }
  await looksWell({ app, page }, "domains-listed");
  await app.button("Remove *.example.com").click();
  await assertSoon(async () => (await app.button("Remove *.example.com").count()) === 0, "it is off the list");
  const server = await keep(tickets());
  await app.connect({ name: "Tickets", url: server.url });
  await app.openTab("Overview");
  await app.button("Archive connector").click();
  await app.button("Archive connector", page.getByRole("alertdialog")).click();
  await main(page).getByRole("link", { name: "Tickets", exact: true }).waitFor();
  await looksWell({ app, page }, "archived-listed");
});
