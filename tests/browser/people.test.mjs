// People of the workspace: members, groups, roles, domains, requests, another person's view, and why.
import assert from "node:assert/strict";
import { READ, hostile, tool } from "../servers/hostile.mjs";
import { CLIENT, startGuarded } from "../servers/provider.mjs";
import { startArchive, startModern } from "../servers/start.mjs";
import { journey, site, siteBelowPath } from "./harness.mjs";
import { publish } from "./publishing.mjs";
import { assertSoon } from "./soon.mjs";

const item = (page, list, name) => page.getByRole("list", { name: list, exact: true }).getByRole("listitem").filter({ hasText: name });
const choose = async (page, group, name) => page.getByRole("radiogroup", { name: group, exact: true }).getByRole("radio", { name, exact: true }).check({ force: true });
/** A step of the chain: of the whole one, or of what counts most in it. */
const step = (page, label, list = "Why") => page.getByRole("list", { name: list, exact: true }).last().getByRole("listitem").filter({ has: page.locator("b", { hasText: new RegExp(`^${label}$`) }) });

async function addMember({ app, page }, name, { email = "", role = "Member" } = {}) {
  await app.open("/workspace/members");
  await app.button("Add member").first().click();
  const dialog = page.getByRole("dialog", { name: "Add member" });
  await dialog.getByLabel("Name").fill(name);
  if (email) await dialog.getByLabel(/^Mail address/).fill(email);
  await choose(page, "Role", role);
  await app.button("Add member", dialog).click();
  await item(page, "Members", name).waitFor();
}

async function more(app, page, name, what) {
  await app.button(`More for ${name}`).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
}

async function addGroup(app, page, name) {
  await app.open("/workspace/groups");
  await app.field("New group").fill(name);
  await app.button("Add group").click();
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

journey("S030 people are listed with their roles, and the last owner stays one", async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "Ada", { email: "ada@example.com", role: "Admin" });
  const lead = page.locator("main .lead");
  await assertSoon(async () => (await lead.textContent()) === "1 owner · 1 admin · 0 members", "the count of each role");
  await choose(page, "Show", "Owners");
  await assertSoon(async () => (await item(page, "Members", "Ada").count()) === 0, "filtered by role");
  await choose(page, "Show", "All");
  const mine = page.getByRole("combobox", { name: "Role of You" });
  await mine.selectOption("Admin");
  await app.button("Make yourself an admin").click();
  const question = page.getByRole("alertdialog", { name: "Make yourself an admin" });
  await question.getByText("You cannot give it back to yourself.").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("members-role");
  await app.button("Make yourself an admin", question).click();
  await page.getByText("A workspace needs an owner; make somebody else an owner first.").waitFor();
  await assertSoon(async () => (await mine.inputValue()) === "Owner", "what was refused does not look done");
  // A keyboard passes the roles between, and gives none of them.
  const hers = page.getByRole("combobox", { name: "Role of Ada" });
  await hers.selectOption("Member");
  await app.button("Make Ada a member").waitFor();
  await hers.selectOption("Owner");
  await app.button("Make Ada an owner").click();
  await app.button("Keep Admin", page.getByRole("alertdialog")).click();
  await assertSoon(async () => (await hers.inputValue()) === "Admin", "she is what she was");
  assert.equal(await lead.textContent(), "1 owner · 1 admin · 0 members", "nothing was given yet");
  await hers.selectOption("Owner");
  await app.button("Make Ada an owner").click();
  await app.button("Make Ada an owner", page.getByRole("alertdialog")).click();
  await assertSoon(async () => (await lead.textContent()) === "2 owners · 0 admins · 0 members", "two owners");
  await more(app, page, "Ada", "Remove member");
  await app.button("Remove member", page.getByRole("alertdialog")).click();
  await assertSoon(async () => (await lead.textContent()) === "1 owner · 0 admins · 0 members", "Ada is gone");
  assert.ok(!(await app.kept()).includes("ada@example.com\\\",\\\"role"), "no entry of hers is kept");
});

journey("S016 S036 a group is given developer mode, and its people turn it on for themselves", async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "Ada");
  await addMember(stage, "Ben");
  await addGroup(app, page, "Builders");
  await page.getByRole("searchbox", { name: "Find people to put in" }).fill("ada");
  await app.switch("Ada is in this group").click();
  await assertSoon(() => app.switch("Ada is in this group").isChecked(), "she is in");
  await app.open("/workspace/permissions/connected-data");
  await choose(page, "Besides admins and owners, for", "Chosen people");
  await page.getByRole("checkbox", { name: "Builders" }).check();
  await assertSoon(async () => (await page.getByText("1 of 3 members").count()) === 1, "how many it reaches");
  await app.open("/workspace/members");
  await item(page, "Members", "Ada").filter({ hasText: "developer mode granted, off" }).waitFor();
  await item(page, "Members", "Ben").filter({ hasText: "developer mode not granted" }).waitFor();
  await page.reload();
  await item(page, "Members", "Ada").filter({ hasText: "Builders" }).waitFor();
});

journey("C8 a custom role says Default, On or Off, and what it gives is seen at once", async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "Ada");
  await app.open("/workspace/permissions/roles");
  await app.field("New role").fill("Publishers");
  await app.button("Add role").click();
  await page.getByRole("heading", { name: "Publishers" }).click();
  await choose(page, "Publish connectors to the workspace", "On");
  await choose(page, "Use published connectors", "Off");
  await page.getByText("gives 1 permission").waitFor();
  assert.ok((await page.getByRole("main").textContent()).includes("it takes nothing away that another role gives"), "what Off does");
  await app.open("/workspace/members");
  await more(app, page, "Ada", "Change member");
  await page.getByRole("checkbox", { name: "Publishers" }).check();
  await app.button("Close").click();
  await item(page, "Members", "Ada").filter({ hasText: "Publishers" }).waitFor();
  await more(app, page, "Ada", "View as this member");
  await app.open("/settings/connectors");
  // The view ends with the page: a new page is one's own again.
  await assertSoon(async () => (await page.getByText("Leave this view").count()) === 0, "a reload is one's own view");
});

journey("C8 whoever has a custom role is chosen at once, and the record says so", async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "Ada");
  await app.open("/workspace/permissions/roles");
  await app.field("New role").fill("Clerks");
  await app.button("Add role").click();
  await page.getByRole("heading", { name: "Clerks" }).waitFor();
  await app.open("/workspace/members");
  await more(app, page, "Ada", "Change member");
  await page.getByRole("checkbox", { name: "Clerks" }).check();
  // One rule for the whole dialog: what is changed is kept, the words too.
  await page.getByRole("dialog").getByLabel(/^Mail address/).fill("ada@example.com");
  await app.button("Close", page.getByRole("dialog")).click();
  await page.getByText("The member was changed.").waitFor();
  await item(page, "Members", "Ada").filter({ hasText: "Clerks" }).filter({ hasText: "ada@example.com" }).waitFor();
  await app.open("/workspace/permissions/connected-data");
  await choose(page, "Besides admins and owners, for", "Chosen people");
  await page.getByRole("group", { name: "Custom roles" }).getByRole("checkbox", { name: "Clerks" }).check();
  await page.getByText("1 of 2 members").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("access-by-custom-role");
  await app.open("/workspace/members");
  await item(page, "Members", "Ada").filter({ hasText: "developer mode granted, off" }).waitFor();
  await app.open("/workspace/audit/activity");
  await page.getByRole("main").getByText("developers changed").waitFor();
});

journey("S026 C3 every path that was ever written down leads to its page", async ({ app, page }) => {
  const places = {
    "/workspace/roles/connected-data": "/workspace/permissions/connected-data",
    "/workspace/permissions/connected-data": "/workspace/permissions/connected-data",
    "/workspace/apps-connectors": "/workspace/connectors",
    "/workspace/apps-connectors/create": "/workspace/connectors/new",
    "/workspace/connectors/create": "/workspace/connectors/new",
    "/settings/apps-connectors": "/settings/connectors",
    "/settings/apps-connectors/create": "/workspace/connectors/new",
    "/settings/apps-connectors/advanced": "/settings/connectors/advanced",
    "/workspace/roles": "/workspace/permissions",
  };
  for (const [path, canonical] of Object.entries(places)) {
    await app.open(path);
    assert.equal(new URL(page.url()).pathname, canonical, path);
  }
  await app.open("/workspace/permissions/connected-data");
  await page.getByRole("heading", { name: "Developer mode / Create custom MCP connectors", exact: true }).waitFor();
  for (const [words, place] of [["connected data", "/workspace/permissions/connected-data"], ["create plugins with mcps", "/workspace/permissions/connected-data"], ["members", "/workspace/members"], ["advanced settings", "/settings/connectors/advanced"], ["user access", "/workspace/connectors"], ["remembering answers", "/workspace/permissions/connected-data"]]) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search commands" }).fill(words);
    await page.getByRole("listbox", { name: "Commands" }).getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await assertSoon(() => new URL(page.url()).pathname.startsWith(place), `"${words}" leads to ${place}`);
  }
});

journey("S028 S029 Business has members and gate 1, and neither groups, roles nor a grant for single people", async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "Ada");
  await app.open("/workspace/general");
  await choose(page, "Plan profile", "Business");
  await app.button("Switch to Business").click();
  const rail = page.getByRole("navigation", { name: "Settings" });
  await assertSoon(async () => (await rail.getByRole("link", { name: "Groups" }).count()) === 0, "no groups");
  await rail.getByRole("link", { name: "Permissions & roles" }).click();
  await page.getByRole("heading", { name: "Developer mode / Create custom MCP connectors", exact: true }).waitFor();
  await page.getByText("On this plan it is for admins and owners only.").waitFor();
  assert.deepEqual(await app.violations(), [], "axe finds nothing in Connected data of this plan");
  assert.equal(await page.getByRole("link", { name: "Custom roles" }).count(), 0);
  assert.equal(await page.getByRole("radiogroup", { name: /Besides admins/ }).count(), 0);
  await rail.getByRole("link", { name: "Members" }).click();
  await item(page, "Members", "Ada").filter({ hasText: "developer mode not granted" }).waitFor();
  // S028: what a member of this plan has of it: nothing to turn on, nothing to add, no drafts.
  await more(app, page, "Ada", "View as this member");
  await page.getByRole("status").filter({ hasText: "View as Ada" }).waitFor();
  await app.button(/Settings/).last().click();
  await page.getByRole("menuitem", { name: "Settings", exact: true }).click();
  await rail.getByRole("link", { name: "Advanced" }).click();
  await page.getByRole("heading", { name: "Advanced", level: 1 }).waitFor();
  await page.getByText("Ask one of: You.").waitFor();
  assert.ok(await app.switch("Developer mode").isDisabled());
  await rail.getByRole("link", { name: "Connectors", exact: true }).first().click();
  await page.getByRole("heading", { name: "Connectors", level: 1 }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Add connector" }).count(), 0);
  assert.equal(await rail.getByRole("link", { name: "General" }).count(), 0, "no settings of the workspace, and so no list of drafts");
  // Nor at the first page, in the + menu, in the palette: there they ask for a connector.
  await page.getByRole("link", { name: "Back to chat" }).click();
  const main = page.getByRole("main");
  await main.getByText("Nothing has been published for you yet.").waitFor();
  await main.getByRole("link", { name: "Request a connector" }).waitFor();
  assert.equal(await main.getByRole("link", { name: "Add connector" }).count(), 0);
  await app.screenshot("first-run-member");
  assert.deepEqual(await app.violations(), []);
  await app.button(/^Add/).first().click();
  const menu = page.getByRole("menu").or(page.getByRole("dialog")).last();
  await menu.getByRole("link", { name: "Request a connector" }).waitFor();
  assert.equal(await menu.getByRole("link", { name: "Add connector" }).count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  const commands = page.getByRole("listbox", { name: "Commands" });
  await page.getByRole("combobox", { name: "Search commands" }).fill("connector");
  await commands.getByRole("option", { name: /^Request a connector/ }).waitFor();
  assert.equal(await commands.getByRole("option", { name: /^Add connector/ }).count(), 0);
  await commands.getByRole("option", { name: /^Request a connector/ }).click();
  await app.button("Request a connector").waitFor();
});

journey("S014 S025 an owner sees what a member sees, changes nothing meanwhile, and leaves with one click", async (stage) => {
  const { app, page, network } = stage;
  await app.chat();
  await app.propose("list my notes", {}, "List notes");
  await app.says("List notes", "Done");
  await addMember(stage, "Ada");
  await more(app, page, "Ada", "View as this member");
  const banner = page.getByRole("status").filter({ hasText: "View as Ada" });
  await banner.waitFor();
  await app.screenshot("view-as");
  assert.equal(await app.conversations.getByRole("link").count(), 0, "one's own conversations are not shown");
  await app.ready();
  await app.say("list my notes");
  await page.getByText("You are looking at the workspace as another person sees it.").first().waitFor();
  assert.equal(network.foreign().length, 0);
  await app.button(/Settings/).last().click();
  await page.getByRole("menuitem", { name: "Settings", exact: true }).click();
  const rail = page.getByRole("navigation", { name: "Settings" });
  await rail.getByRole("link", { name: "Advanced" }).click();
  await page.getByText("Your workspace has not given you developer mode").first().waitFor();
  assert.equal(await rail.getByRole("link", { name: "General" }).count(), 0, "nothing of the workspace's settings is hers");
  assert.ok(await app.switch("Developer mode").isDisabled());
  await page.getByText("Ask one of: You.").waitFor();
  await app.button("Leave this view").click();
  await page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
  assert.equal(await banner.count(), 0);
  await rail.getByRole("link", { name: "General" }).waitFor();
});

journey("X122 a list of members is looked at before anything of it is taken over", async (stage) => {
  const { app, page } = stage;
  await app.open("/workspace/members");
  await app.button("Import or export list").click();
  const dialog = page.getByRole("dialog", { name: "Import or export members" });
  const list = dialog.getByLabel("List to import");
  const apply = app.button("Import this list", dialog);
  await list.fill("name,token\nAda,x\n");
  await dialog.getByText("there is no column token").waitFor();
  assert.ok(await apply.isDisabled());
  await list.fill("name,email,role\nAda,ada@example.com,member\nBen,ben,member\n");
  await dialog.getByText("Line 3: ben is no mail address").waitFor();
  assert.ok(await apply.isDisabled(), "one bad line stops all");
  await list.fill("name,email,role\nAda,ada@example.com,admin\n");
  await dialog.getByRole("checkbox", { name: /^Remove people/ }).check();
  await dialog.getByText("A workspace needs an owner").or(dialog.getByText("a workspace needs an owner")).first().waitFor();
  await dialog.getByRole("checkbox", { name: /^Remove people/ }).uncheck();
  await dialog.getByRole("heading", { name: "Added: 1" }).waitFor();
  await app.screenshot("members-import");
  assert.deepEqual(await app.violations(), []);
  assert.ok(!(await app.kept()).includes("ada@example.com"), "nothing is kept before the click");
  await apply.click();
  await item(page, "Members", "Ada").filter({ hasText: "ada@example.com" }).waitFor();
  await app.button("Import or export list").click();
  const [download] = await Promise.all([page.waitForEvent("download"), app.button("Export members as CSV").click()]);
  const text = (await (await download.createReadStream()).toArray()).join("");
  assert.match(text, /^id,name,email,role,groups,roles\r\nme,You,,owner,,\r\n[^,]+,Ada,ada@example\.com,admin,,\r\n$/);
  await list.fill(text);
  await dialog.getByText("There is nothing to do").waitFor();
});

journey("test access: the chain says what stands in the way and where it is set", async ({ app, page }) => {
  await app.open("/workspace/permissions/test-access");
  await page.getByLabel("Connector").selectOption({ label: "Notebook · this page" });
  await page.getByLabel("Action").selectOption({ label: "Create a note" });
  await page.getByRole("heading", { name: "It asks first, every time." }).waitFor();
  await step(page, "Answer").filter({ hasText: "asks:" }).waitFor();
  await app.screenshot("test-access");
  await page.getByLabel("Action").selectOption({ label: "List notes" });
  await page.getByRole("heading", { name: "It runs without asking." }).waitFor();
  await app.open("/workspace/permissions/connected-data");
  await app.switch("Lockdown").click();
  await assertSoon(() => app.switch("Lockdown").isChecked(), "lockdown is on");
  await app.open("/workspace/permissions/test-access");
  await page.getByRole("heading", { name: /^It is not allowed here/ }).waitFor();
  await step(page, "Lockdown").filter({ hasText: "stops:" }).getByRole("link", { name: "See where this is set" }).click();
  await page.getByRole("heading", { name: "General", level: 1 }).waitFor();
});

journey("why is this asking: the dialog shows the same chain", async ({ app, page }) => {
  await app.chat();
  await app.propose("create a note", { Title: "Groceries", Text: "Milk" }, "Create a note");
  await app.decision.waitFor();
  await app.button("Why is this asking?", app.decision).click();
  await step(page, "Answer", "What counts most").filter({ hasText: "No answer covers this call" }).waitFor();
  await app.decision.getByText(/^Every step/).click();
  await step(page, "Access").filter({ hasText: "passes:" }).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("why-asking");
  await app.answer("Deny");
});

journey("X131 a denied host is neither scanned nor called, and the page says why", async (stage) => {
  const { app, page, network, keep } = stage;
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  const host = new URL(server.url).hostname;
  await app.open("/workspace/domains");
  await app.field("Host for servers").fill("https://nonsense/");
  await page.getByText("is more than a host").first().waitFor();
  await app.field("Host for servers").fill(host);
  await choose(page, "List for servers", "Deny");
  await app.button("Add host").first().click();
  await page.getByText(`Board · ${new URL(server.url).host}`).waitFor();
  await app.screenshot("domains-denied");
  const before = network.to(server.origin).length;
  await page.goBack();
  await app.open("/settings/connectors");
  const row = page.getByRole("listitem").filter({ hasText: "Board" });
  await row.getByText("is not on your workspace's list").waitFor();
  await row.getByText("Why can't I use this?").click();
  await step(page, "Domain", "What counts most").filter({ hasText: "stops:" }).waitFor();
  await row.getByText(/^Every step/).click();
  await step(page, "Access").filter({ hasText: "It is their own draft." }).waitFor();
  await app.describe({ name: "Again", url: server.url });
  await app.button("Scan").click();
  await page.getByText("is not on your workspace's list").first().waitFor();
  assert.equal(network.to(server.origin).length, before, "nothing left for the denied host");
  await app.open("/workspace/domains");
  const remove = app.button(new RegExp(`^Remove ${host.replaceAll(".", "\\.")}`));
  await remove.click();
  await remove.waitFor({ state: "detached" });
  await app.open("/settings/connectors");
  await assertSoon(async () => (await page.getByText("is not on your workspace's list").count()) === 0, "it can be used again");
});

journey("S128 in knowledge mode the same access list decides: who is not in it finds nothing of the connector and sends it nothing", { timeout: 150_000 }, async (stage) => {
  const { app, page, keep } = stage;
  const archive = await keep(startArchive("north"));
  await app.connect({ name: "North", url: archive.url });
  await publish(app);
  await addMember(stage, "Ada");
  await addMember(stage, "Ben");
  await addGroup(app, page, "Readers");
  await page.getByRole("searchbox", { name: "Find people to put in" }).fill("ada");
  await app.switch("Ada is in this group").click();
  await assertSoon(() => app.switch("Ada is in this group").isChecked(), "she is in");
  await app.openConnector("North", "Access");
  await choose(page, "Who may use it", "Chosen people");
  await page.getByRole("checkbox", { name: "Readers" }).check();
  await page.getByText("1 of 3 members").waitFor();
  const knows = async (person, parts) => {
    await app.open("/settings/you");
    await page.getByRole("main").getByLabel(/^I am/).selectOption({ label: `${person} · Member` });
    await app.button("Use as this person").click();
    await page.getByText(/^You are somebody else now/).first().waitFor();
    await app.chat();
    await app.chooseMode("Knowledge");
    await page.getByText(parts).waitFor();
    await app.say("harvest report");
    await app.log.getByRole("group", { name: "What was found" }).last().waitFor();
  };
  await knows("Ada", /^\d of \d connectors take part$/);
  await app.log.getByText("Harvest report of north").first().waitFor();
  assert.deepEqual(await archive.witness(), ["search"]);
  await knows("Ben", /^\d of \d connectors take part$|^1 connector takes part$/);
  assert.equal(await app.log.getByText("Harvest report of north").count(), 0, "he finds nothing of it");
  assert.deepEqual(await archive.witness(), ["search"], "and it was not asked");
  await app.open("/settings/connectors");
  await item(page, "Not usable now", "North").or(page.getByRole("main").getByRole("listitem").filter({ hasText: "North" })).first()
    .filter({ hasText: "You are not among the people who may use this connector" }).waitFor();
});

journey("a request waits for an admin: approved it fills the form, declined it says why", async ({ app, page, network }) => {
  await app.open("/settings/connectors");
  const ask = async (url, reason) => {
    await app.button("Request a connector").first().click();
    const dialog = page.getByRole("dialog", { name: "Request a connector" });
    await dialog.getByLabel("Server URL").fill(url);
    await dialog.getByLabel(/^Reason/).fill(reason);
    await app.button("Send request", dialog).click();
    await item(page, "Your requests", url).filter({ hasText: "Waiting for an answer." }).filter({ hasText: "It waits for your own answer." }).waitFor();
  };
  await ask("https://mcp.example.com/mcp", "for tickets");
  await ask("https://other.example.com/mcp", "");
  await app.open("/workspace/connectors");
  const inbox = page.getByRole("region", { name: "Inbox" });
  await inbox.getByText("2 requests wait for an answer.").waitFor();
  await inbox.getByRole("link", { name: "Answer requests" }).click();
  await item(page, "Requests", "other.example.com").waitFor();
  assert.equal(await inbox.count(), 0, "what is on the screen is not said twice");
  await app.screenshot("requests");
  const second = item(page, "Requests", "other.example.com");
  await app.button("Decline request", second).click();
  const dialog = page.getByRole("dialog", { name: "Decline request" });
  await dialog.getByLabel(/^Reason/).fill("We have one already");
  assert.deepEqual(await app.violations(), []);
  await app.button("Decline request", dialog).click();
  await assertSoon(async () => (await item(page, "Requests", "other.example.com").count()) === 0, "it is decided");
  await app.button("Approve and add connector", item(page, "Requests", "mcp.example.com")).click();
  await page.getByRole("heading", { name: "Add connector", level: 1 }).waitFor();
  await assertSoon(async () => (await app.field("Server URL").inputValue()) === "https://mcp.example.com/mcp", "the address is filled in");
  assert.deepEqual(network.foreign(), [], "nothing was contacted");
  await app.open("/settings/connectors");
  await item(page, "Your requests", "mcp.example.com").filter({ hasText: "Approved by You." }).waitFor();
  await item(page, "Your requests", "other.example.com").filter({ hasText: "Declined by You: We have one already" }).waitFor();
});

journey("people, groups and roles are managed by keyboard and on a phone", { viewport: { width: 390, height: 844 } }, async (stage) => {
  const { app, page } = stage;
  await addMember(stage, "A person with quite a long name indeed", { email: "a.very.long.address@subdomain.example.com" });
  await addGroup(app, page, "Support");
  await app.screenshot("group-phone");
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok((await sideways()) <= 0, "the group's page fits");
  await app.open("/workspace/members");
  await app.button("More for A person with quite a long name indeed").focus();
  await page.keyboard.press("Enter");
  await page.locator("[role=menuitem]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: /^Change A person/ }).waitFor();
  await page.getByRole("checkbox", { name: "Support" }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await item(page, "Members", "A person").filter({ hasText: "Support" }).waitFor();
  assert.ok((await sideways()) <= 0, "the list of members fits");
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("members-phone");
});

journey("S031 S033 S034 S035 S091 S103 developer mode is turned on in both places, after its risks were acknowledged, and nothing typed is lost", async ({ app, page }) => {
  const turnOn = async () => {
    const dialog = page.getByRole("dialog", { name: "Turn on developer mode" });
    await dialog.getByText("prompt injection").waitFor();
    const on = app.button("Turn on developer mode", dialog);
    assert.ok(await on.isDisabled(), "not before it is acknowledged");
    await dialog.getByRole("checkbox", { name: "I understand the risks" }).check();
    await on.click();
  };
  await app.open("/workspace/connectors/create");
  await page.getByText("What it does and how it looks may still change.").waitFor();
  await app.field("Name").fill("Tickets");
  await app.field("Server URL").fill("https://mcp.example.com/mcp");
  await app.button("Turn on developer mode").click();
  await turnOn();
  await assertSoon(async () => (await app.button("Turn on developer mode").count()) === 0, "it is on");
  assert.equal(await app.field("Name").inputValue(), "Tickets");
  assert.equal(await app.field("Server URL").inputValue(), "https://mcp.example.com/mcp");
  await app.open("/settings/apps-connectors/advanced");
  await assertSoon(() => app.switch("Developer mode").isChecked(), "the same switch");
  await page.getByText("What it does and how it looks may still change.").waitFor();
  await app.switch("Developer mode").click();
  await assertSoon(async () => !(await app.switch("Developer mode").isChecked()), "off at once");
  await app.switch("Developer mode").click();
  await turnOn();
  await assertSoon(() => app.switch("Developer mode").isChecked(), "and on again");
  await app.open("/workspace/permissions/connected-data");
  await page.getByText("On now for: You.").waitFor();
});

journey("X131 nobody is sent to an authorization server that the workspace denies", async ({ app, page, network, context, keep }) => {
  const server = await keep(startGuarded({ redirects: [`${site}/oauth/callback`, `${siteBelowPath}oauth/callback`] }));
  await app.open("/workspace/domains");
  await app.field("Host for sign-in").fill(new URL(server.issuer).hostname);
  await choose(page, "List for sign-in", "Deny");
  await app.button("Add host").nth(1).click();
  await app.button(/^Remove /).waitFor();
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Guarded", url: server.url });
  await page.getByRole("radio", { name: "OAuth", exact: true }).check();
  await page.getByText("The operator gave you a client id").click();
  await app.field("Client id").or(page.getByLabel(/^Client id/)).first().fill(CLIENT);
  await app.button("Scan").click();
  await app.button("Sign in").click();
  await page.getByText("is not on your workspace's list").first().waitFor();
  assert.deepEqual(server.asked, [], "the authorization server was never asked");
  assert.equal(network.to(server.issuer).length, 0, "and nothing left for it");
  await assertSoon(() => context.pages().length === 1, "no window stays open");
});

journey("S006 S028 a member does not learn of other people's drafts, in no list and at no address", async (stage) => {
  const { app, page, keep } = stage;
  let description = "Finds a ticket.";
  const server = await keep(hostile({ tools: () => [tool("find_ticket", READ, { title: "Find a ticket", description })] }));
  await app.connect({ name: "Zephyr", url: server.url });
  const draft = new URL(page.url()).pathname;
  // The draft changes, which waits in the inbox of whoever may know of it.
  description = "Finds a ticket by its number.";
  await app.chat();
  await app.say("find a ticket");
  await page.getByText("changed 1 action since it was approved").first().waitFor();
  // Ada looks after the actions of what is published, and not after drafts.
  await app.open("/workspace/permissions/roles");
  await app.field("New role").fill("Keepers");
  await app.button("Add role").click();
  await page.getByRole("heading", { name: "Keepers" }).click();
  await choose(page, "Control actions and refresh connectors", "On");
  await page.getByText("gives 1 permission").waitFor();
  await app.open("/workspace/connectors");
  await page.getByRole("region", { name: "Inbox" }).getByText(/You saw 1 change/).waitFor();
  await addMember(stage, "Ada");
  await more(app, page, "Ada", "View as this member");
  await page.getByRole("status").filter({ hasText: "View as Ada" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search commands" }).fill("zephyr");
  await page.getByText("Nothing has this name.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Connectors", exact: true }).first().click();
  await page.getByRole("heading", { name: "Connectors", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Notebook", exact: true }).waitFor();
  assert.equal(await page.getByText("Zephyr").count(), 0);
  // The draft's own page, without loading anything anew: a new page is one's own view.
  const go = (path) => page.evaluate((path) => { history.pushState(null, "", path); dispatchEvent(new PopStateEvent("popstate")); }, path);
  await go(draft);
  await page.getByRole("heading", { name: "There is no such connector" }).waitFor();
  // The pages of whoever runs the workspace are not hers either, and say so; taking over a workspace's file stays.
  await go("/workspace/connectors");
  await page.getByRole("heading", { name: "Workspace connectors", level: 1 }).waitFor();
  await page.getByText("Only admins and owners may look after the workspace's connectors").waitFor();
  assert.equal(await page.getByText("Zephyr").count(), 0);
  await go("/workspace/general");
  await page.getByText("Only admins and owners may change the workspace's settings").waitFor();
  assert.equal(await app.field("Workspace name").count(), 0);
  assert.equal(await app.switch("Lockdown").count(), 0);
  await page.getByLabel(/^Import workspace/).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("general-member");
  await app.button("Leave this view").click();
  await page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
  await more(app, page, "Ada", "Change member");
  await page.getByRole("checkbox", { name: "Keepers" }).check();
  await app.button("Close", page.getByRole("dialog")).click();
  await item(page, "Members", "Ada").filter({ hasText: "Keepers" }).waitFor();
  await more(app, page, "Ada", "View as this member");
  await page.getByRole("status").filter({ hasText: "View as Ada" }).waitFor();
  await go("/workspace/connectors?tab=drafts");
  await page.getByText(/^No drafts\./).waitFor();
  assert.equal(await page.getByRole("region", { name: "Inbox" }).count(), 0, "what waits is not hers to know");
  assert.equal(await page.getByText("Zephyr").count(), 0);
  await app.button("Leave this view").click();
  await go(draft);
  await page.getByRole("heading", { name: "Zephyr", level: 1 }).waitFor();
});

journey("why can't I use this: a blocked call says which rule stopped it", async ({ app, page, context }) => {
  await app.chat();
  await app.propose("create a note", { Title: "Groceries", Text: "Milk" }, "Create a note");
  await app.decision.waitFor();
  const other = await context.newPage();
  await other.goto(`${site}/workspace/permissions/connected-data`);
  await other.getByRole("switch", { name: "Lockdown" }).click();
  await assertSoon(() => other.getByRole("switch", { name: "Lockdown" }).isChecked(), "lockdown is on");
  await other.close();
  await app.answer("Allow once");
  await app.says("Create a note", "Not allowed here");
  await app.decision.getByRole("button", { name: "Close" }).click();
  await app.card("Create a note").getByText("Why can't I use this?").click();
  await step(page, "Lockdown", "What counts most").filter({ hasText: "stops:" }).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("why-blocked");
});
