// A workspace as one signed file: export, import, and a site that is tied to one.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Ajv from "ajv/dist/2020.js";
import { App } from "./app.mjs";
import { keyId, newKey, payload, sealed, spoken, verified } from "./bundles.mjs";
import { READ, WRITE, hostile, strings, tool } from "../servers/hostile.mjs";
import { PHONE, journey, leaveWhenWritten, site } from "./harness.mjs";
import { publish } from "./publishing.mjs";
import { assertSoon } from "./soon.mjs";

const PASSPHRASE = "correct horse battery staple";
const schema = JSON.parse(readFileSync(new URL("../../docs/policy-bundle.schema.json", import.meta.url), "utf8"));
const fits = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);

const main = (app) => app.page.getByRole("main");
const dialog = (app) => app.page.getByRole("dialog");
const file = (text, name = "workspace.json") => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });

/** Another browser profile: nothing of the first one is in it. */
async function profile(app, keep, options = {}) {
  const context = await app.page.context().browser().newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  await keep({ close: () => context.close() });
  const errors = [];
  context.on("page", leaveWhenWritten);
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  return { app: new App(page, app.network, app.base), context, page, errors };
}

/** Presses a button and gives the text of the file that it saves. */
async function saved(app, press) {
  const [download] = await Promise.all([app.page.waitForEvent("download"), press()]);
  const place = path.join(mkdtempSync(path.join(tmpdir(), "bundle-")), "saved.json");
  await download.saveAs(place);
  return readFileSync(place, "utf8");
}

const general = (app) => app.open("/workspace/general");
const choose = (app, text) => main(app).getByLabel(/^Import workspace/).setInputFiles(file(text));

/** Chooses a file and waits for the look at it. */
async function preview(app, text) {
  await general(app);
  await choose(app, text);
  await dialog(app).getByRole("heading", { name: "What it changes" }).waitFor();
}

/** Takes a bundle over as a person of it. */
async function take(app, text, person) {
  await preview(app, text);
  const compared = dialog(app).getByRole("checkbox", { name: "I compared the key with the sender" });
  if (await compared.count()) await compared.check();
  await dialog(app).getByLabel(/^I am/).selectOption({ label: person });
  await app.button("Import workspace", dialog(app)).click();
  await app.page.getByText("The workspace was imported.").waitFor();
}

/** Tries a file that is not taken, and gives the reason. */
async function refused(app, text) {
  await general(app);
  await choose(app, text);
  const alert = main(app).getByRole("alert").filter({ hasText: /\S/ });
  await alert.first().waitFor();
  assert.equal(await dialog(app).count(), 0, "nothing is offered");
  return alert.first().textContent();
}

async function makeKey(app) {
  await general(app);
  await app.button("Make signing key").click();
  await dialog(app).getByLabel(/^Passphrase/).first().fill(PASSPHRASE);
  await dialog(app).getByLabel(/^Passphrase again/).fill(PASSPHRASE);
  const text = await saved(app, () => app.button("Make key and save file", dialog(app)).click());
  await main(app).getByText("(this browser)").waitFor();
  return text;
}

const exported = (app) => saved(app, () => app.button("Export workspace").click());
const tampered = (text) => text.replace("Acme", "Evil");

journey("an exported workspace is signed, fits its schema, and another profile takes it over", async ({ app, keep }) => {
  await general(app);
  await app.field("Workspace name").fill("Acme");
  await app.button("Rename workspace").click();
  await app.page.getByText("Workspace renamed.").waitFor();
  assert.ok(await app.button("Export workspace").isDisabled(), "nothing is exported without a key");
  const keyFile = await makeKey(app);
  assert.ok(!keyFile.includes(PASSPHRASE));
  const first = await exported(app);
  const bundle = JSON.parse(first);
  assert.equal(bundle.signed.serial, 1);
  assert.ok(await verified(first), "other code finds the signature right");
  assert.ok(fits(bundle), JSON.stringify(fits.errors));
  // What the browser keeps of the key cannot be read out.
  assert.match(await app.kept(), /\(key, extractable: false\)/);
  assert.doesNotMatch(await app.kept(), /extractable: true/);

  const other = await profile(app, keep);
  await preview(other.app, first);
  assert.ok((await dialog(other.app).textContent()).includes(spoken(bundle.signatures[0].key)), "the key is shown to be compared");
  assert.ok(await other.app.button("Import workspace", dialog(other.app)).isDisabled(), "the key is compared first");
  await other.app.button("Change nothing", dialog(other.app)).click();
  assert.equal(await other.app.field("Workspace name").inputValue(), "My workspace");
  await take(other.app, first, "You");
  await general(other.app);
  assert.equal(await other.app.field("Workspace name").inputValue(), "Acme");

  // The next one is known by its key, and the one before is refused from then on.
  await general(app);
  await app.field("Workspace name").fill("Acme Two");
  await app.button("Rename workspace").click();
  await main(app).getByText("The workspace has changed since").waitFor();
  const second = await exported(app);
  await preview(other.app, second);
  await dialog(other.app).getByText("The key is one that this workspace trusts.").waitFor();
  const told = await dialog(other.app).textContent();
  assert.ok(told.includes("Acme → Acme Two"), told);
  await other.app.button("Import workspace", dialog(other.app)).click();
  await other.page.getByText("The workspace was imported.").waitFor();
  assert.match(await refused(other.app, first), /number 1, and number 2 was seen/);
  assert.match(await other.app.kept(), /number 2 imported, signed by/, "the import is in the audit log");
  assert.deepEqual(other.errors, []);
});

journey("GV001 GV002 a whole workspace moves: a draft comes as a draft that nobody is signed in to, built-in connectors as they were decided, and nothing is switched on", { timeout: 150_000 }, async ({ app, page, keep }) => {
  const server = await keep(hostile({ tools: [tool("find_ticket", READ, { title: "Find a ticket" })] }));
  await app.connect({ name: "Tickets", url: server.url });
  await app.openConnector("Notebook");
  await app.switch("Delete a note").click();
  await assertSoon(async () => !(await app.switch("Delete a note").isChecked()), "deleting is off");
  await makeKey(app);
  await app.screenshot("bundle-export-light");
  const text = await exported(app);
  const bundle = JSON.parse(text);
  assert.ok(fits(bundle), JSON.stringify(fits.errors));
  const of = (name) => bundle.signed.rules.connectors.find((one) => one.name === name);
  assert.deepEqual([of("Tickets").stage, of("Tickets").snapshot.actions.length], ["draft", 1]);
  assert.equal(of("Notebook").snapshot, null, "what a built-in connector is, each product says itself");
  const read = server.requests.length;

  const other = await profile(app, keep);
  await preview(other.app, text);
  const told = await dialog(other.app).textContent();
  assert.match(told, /Tickets · .* added.*draft of You.*1 of 1 actions on/);
  assert.match(told, /Notebook · this page changed.*delete_note off/);
  await other.app.button("Change nothing", dialog(other.app)).click();
  await take(other.app, text, "You");
  await other.app.open("/workspace/connectors?tab=drafts");
  await main(other.app).getByRole("listitem").filter({ hasText: "Tickets" }).filter({ hasText: "Added by You" }).waitFor();
  await other.app.openConnector("Notebook");
  await assertSoon(async () => !(await other.app.switch("Delete a note").isChecked()), "it is off here, too");
  assert.ok(await other.app.switch("Create a note").isChecked());
  await other.app.open("/settings/connectors");
  const row = main(other.app).getByRole("listitem").filter({ hasText: "Tickets" });
  await row.getByText(/Developer mode is off for you/).waitFor();
  await other.app.open("/settings/connectors/advanced");
  await other.app.switch("Developer mode").waitFor();
  assert.equal(await other.app.switch("Developer mode").isChecked(), false);
  assert.doesNotMatch(await other.app.kept(), /allow_loopback\\+":true/, "servers on this machine stay forbidden");
  assert.equal(server.requests.length, read, "the server heard nothing of it");
  // Its developer connects it.
  await other.app.turnOnDeveloperMode();
  await other.app.chat();
  await other.app.propose("find a ticket", {}, "Find a ticket");
  await other.app.says("Find a ticket", "Done");

  // A file for everybody has no drafts, and takes none away.
  await general(app);
  await main(app).getByRole("checkbox", { name: "Include drafts and archived connectors" }).uncheck();
  const shared = await exported(app);
  assert.ok(!shared.includes("Tickets") && fits(JSON.parse(shared)));
  await preview(other.app, shared);
  await dialog(other.app).getByText("Nothing: what is here is the same.").waitFor();
  assert.deepEqual(other.errors, []);
});

journey("RQ006 a draft that came in a file and was never read says so, and its list is read from there", { timeout: 150_000 }, async ({ app, keep }) => {
  const server = await keep(hostile({ tools: [tool("find_ticket", READ, { title: "Find a ticket" })] }));
  await app.connect({ name: "Tickets", url: server.url });
  await makeKey(app);
  const bundle = JSON.parse(await exported(app));
  const key = await newKey("Desk");
  Object.assign(bundle.signed.rules.connectors.find((one) => one.name === "Tickets"), { snapshot: null, controls: {} });
  bundle.signed.keys = [key.public];
  const { signatures } = JSON.parse(await sealed(bundle.signed, key));

  const other = await profile(app, keep);
  await take(other.app, JSON.stringify({ ...bundle, signatures }), "You");
  await other.app.turnOnDeveloperMode();
  await other.app.open("/workspace/connectors?tab=drafts");
  await main(other.app).getByRole("link", { name: "Tickets", exact: true }).click();
  await other.app.openTab("Actions");
  await main(other.app).getByText(/^Nobody has read the list of this connector yet/).waitFor();
  assert.equal(await other.page.getByRole("radio", { name: "Read only" }).count(), 0, "there is nothing to switch");
  assert.deepEqual(await other.app.violations(), []);
  await other.app.screenshot("never-read");
  await other.app.button("Read the list").click();
  await other.app.switch("Find a ticket").waitFor();
  assert.deepEqual(other.errors, []);
});

journey("a signing key comes back from its file and its passphrase, and from nothing else", async ({ app, keep }) => {
  const keyFile = await makeKey(app);
  const bundle = await exported(app);
  const other = await profile(app, keep);
  await take(other.app, bundle, "You");
  await general(other.app);
  await other.app.button("Open key file").click();
  const asked = dialog(other.app);
  await asked.getByLabel(/^Key file/).setInputFiles(file(keyFile, "key.json"));
  await asked.getByText("The file was read.").waitFor();
  await asked.getByLabel(/^Passphrase/).fill("another passphrase");
  await other.app.button("Open key", asked).click();
  await asked.getByText("The passphrase does not open this key.").waitFor();
  await asked.getByLabel(/^Passphrase/).fill(PASSPHRASE);
  await other.app.button("Open key", asked).click();
  await main(other.app).getByText("(this browser)").waitFor();
  const next = await exported(other.app);
  assert.equal(JSON.parse(next).signed.serial, 2);
  assert.ok(await verified(next));
  // The first owner takes what the second browser signed.
  await preview(app, next);
  await dialog(app).getByText("The key is one that this workspace trusts.").waitFor();
});

journey("x121 x122 a bundle that was changed, is unsigned, is by a stranger or is no bundle changes nothing", async ({ app }) => {
  const [key, stranger] = [await newKey("Ada"), await newKey("Eve")];
  const good = await sealed(payload(key), key);
  assert.ok(fits(JSON.parse(good)), JSON.stringify(fits.errors));
  assert.match(await refused(app, tampered(good)), /signature of the policy bundle is not valid/);
  assert.match(await refused(app, "<script>alert(1)</script>"), /not a policy bundle/);
  const unsigned = JSON.stringify({ ...JSON.parse(good), signatures: [] });
  assert.match(await refused(app, unsigned), /not signed/);
  const newer = JSON.stringify({ ...JSON.parse(good), schema: 3 });
  assert.match(await refused(app, newer), /newer than this page/);
  const twice = await sealed(payload(key, { change: (signed) => signed.rules.members.push(signed.rules.members[1]) }), key);
  assert.match(await refused(app, twice), /person `bob` twice/);
  const masked = await sealed(payload(key, { change: (signed) => { signed.rules.connectors[0].address = "https://evil.example/mcp"; } }), key);
  assert.match(await refused(app, masked), /does not lead to/);
  await take(app, good, "Ada");
  assert.match(await refused(app, await sealed(payload(stranger, { serial: 2 }), stranger)), /key that is not trusted here/);
  assert.match(await refused(app, await sealed(payload(key, { change: (signed) => { signed.rules.workspace.name = "Other"; } }), key)), /another policy bundle with the number 1/i);
  for (const [what, change] of Object.entries({
    "a token": (it) => { it.signed.rules.connectors[0].sign_in.token = "x"; },
    "a draft": (it) => { it.signed.rules.connectors[0].stage = "draft"; },
    "a grant": (it) => { it.signed.rules.grants = []; },
    "a developer mode that is on": (it) => { it.signed.rules.members[0].developer = { on: true }; },
    "an unknown member": (it) => { it.signed.tokens = {}; },
    "no signature": (it) => { it.signatures = []; },
    "number 0": (it) => { it.signed.serial = 0; },
  })) {
    const file = JSON.parse(good);
    change(file);
    assert.ok(!fits(file), `the schema refuses ${what}`);
  }
});

for (const colorScheme of ["light", "dark"]) {
  journey(`two profiles act as two people on one exported workspace, in ${colorScheme}`, { colorScheme }, async ({ app, page, keep }) => {
    const key = await newKey("Ada");
    const text = await sealed(payload(key), key);
    await preview(app, text);
    assert.deepEqual(await app.violations(), [], "the look at an import");
    await app.screenshot(`import-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`import-${colorScheme}-phone`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await app.button("Change nothing", dialog(app)).click();
    await take(app, text, "Ada");
    const bob = await profile(app, keep, { colorScheme });
    await take(bob.app, text, "Bob");

    // Ada runs the workspace and is not in Support; Bob is the other way round.
    const offers = async (one) => {
      await one.chat();
      await one.page.mouse.move(200, 200);
      await one.button(/^Add/).first().click();
      const listed = one.page.getByRole("menu").or(one.page.getByRole("dialog")).last();
      await listed.getByText("Notebook").first().waitFor();
      return listed;
    };
    // She reads why it is not hers to use, and cannot choose it; he can.
    const hers = await offers(app);
    const closed = hers.getByRole("list", { name: "Not usable now" }).getByRole("listitem").filter({ hasText: "Tracker" });
    assert.match(await closed.textContent(), /You are not in a group that can use this\./);
    assert.equal(await closed.getByRole("checkbox").count(), 0);
    assert.equal(await hers.getByRole("checkbox", { name: /Tracker/ }).count(), 0);
    const his = await offers(bob.app);
    const row = his.getByRole("listitem").filter({ hasText: "Tracker" });
    assert.doesNotMatch(await row.textContent(), /not in a group/);
    await bob.app.open("/settings/you");
    assert.equal(await bob.page.getByRole("link", { name: "General" }).count(), 0, "Bob sees no workspace settings");
    assert.equal(await main(bob.app).getByLabel(/^I am/).locator("option:checked").textContent(), "Bob · Member");
    assert.deepEqual(await bob.app.violations(), [], "You");
    await bob.app.screenshot(`you-${colorScheme}`);
    await general(app);
    assert.equal(await app.field("Workspace name").inputValue(), "Acme");
    assert.deepEqual(await app.violations(), [], "General");
    await page.getByRole("heading", { name: "Signing keys" }).scrollIntoViewIfNeeded();
    await app.screenshot(`general-signed-${colorScheme}`);
    // Who somebody is, they say themselves, and may say otherwise.
    await main(bob.app).getByLabel(/^I am/).selectOption({ label: "Ada · Owner" });
    await bob.app.button("Use as this person").click();
    await bob.page.getByRole("link", { name: "General" }).waitFor();
    assert.deepEqual(bob.errors, []);
  });
}

/** Puts elements into the head of every page of the site: what a host does by editing its HTML. */
async function tagged(context, tags) {
  const isPage = (url) => url.origin === site && !/\.[a-z0-9]+$/i.test(url.pathname);
  await context.route(isPage, async (route) => {
    if (route.request().resourceType() !== "document") return route.fallback();
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: (await answer.text()).replace("</title>", `</title>${tags}`) });
  });
}

/** Ties the site of a context to a bundle, which is a file beside its pages. */
async function tied(context, { key, bundle }) {
  await tagged(context, `<meta name="countersign-policy" content="policy.json"><meta name="countersign-policy-key" content="${keyId(key.public)}"><meta name="countersign-policy-contact" content="help@example.com">`);
  await context.route(`${site}/policy.json`, (route) => {
    const body = bundle();
    return body === null ? route.fulfill({ status: 404, body: "" }) : route.fulfill({ status: 200, contentType: "application/json", body });
  });
}

journey("a site that is tied to signed settings: two people, and this browser can only tighten", async ({ app, page, context, keep }) => {
  const key = await newKey("Ada");
  const text = await sealed(payload(key), key);
  await tied(context, { key, bundle: () => text });
  await app.open("/");
  await page.getByText("Say who you are to use this workspace.").waitFor();
  await app.screenshot("tied-who");
  assert.deepEqual(await app.violations(), []);
  await page.getByRole("link", { name: "Choose who you are" }).click();
  await main(app).getByLabel(/^I am/).selectOption({ label: "Ada · Owner" });
  await app.button("Use as this person").click();
  await assertSoon(async () => (await page.getByText("Say who you are to use this workspace.").count()) === 0, "the banner goes");
  await general(app);
  await main(app).getByText("This site uses the signed settings number 1, signed by Ada").waitFor();
  assert.equal(await app.field("Workspace name").inputValue(), "Acme", "kept over the reload");
  await app.field("Workspace name").fill("Mine");
  await app.button("Rename workspace").click();
  await page.getByText("they can only be made stricter here").first().waitFor();
  await app.switchOn("Lockdown");
  await app.open("/workspace/general");
  await assertSoon(() => app.switch("Lockdown").isChecked(), "lockdown is stricter, so it is kept");
  assert.equal(await app.field("Workspace name").inputValue(), "Acme");

  // What somebody writes into the browser's storage does not count.
  await page.evaluate(async () => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const store = database.transaction("settings", "readwrite").objectStore("settings");
    const kept = JSON.parse(await done(store.get("rulebook")));
    kept.rulebook.workspace.name = "Forged";
    kept.rulebook.members.find((one) => one.id === "bob").role = "owner";
    kept.rulebook.connectors.find((one) => one.id === "tracker").access = { kind: "everyone" };
    await done(store.put(JSON.stringify(kept), "rulebook"));
    database.close();
  });
  await app.open("/workspace/general");
  assert.equal(await app.field("Workspace name").inputValue(), "Acme");
  await app.open("/settings/you");
  await assertSoon(async () => (await main(app).getByLabel(/^I am/).textContent()).includes("Bob · Member"), "Bob is a member still");

  const bob = await profile(app, keep);
  await tied(bob.context, { key, bundle: () => text });
  await bob.app.open("/settings/you");
  await main(bob.app).getByLabel(/^I am/).selectOption({ label: "Bob · Member" });
  await bob.app.button("Use as this person").click();
  await assertSoon(async () => (await bob.page.getByText("Say who you are to use this workspace.").count()) === 0, "Bob is Bob");
  assert.equal(await bob.page.getByRole("link", { name: "General" }).count(), 0);
  // What he asks for stays in his browser, so he is told whom to send it to, and gets it as a text.
  await bob.app.open("/settings/connectors");
  await bob.app.button("Request a connector").click();
  const asking = bob.page.getByRole("dialog", { name: "Request a connector" });
  await asking.getByLabel("Server URL").fill("https://board.example.com/mcp");
  await asking.getByLabel(/^Reason/).fill("for tickets");
  await bob.app.button("Send request", asking).click();
  const request = bob.page.getByRole("list", { name: "Your requests" }).getByRole("listitem");
  await request.getByText(/^Only this browser knows of it\. Send it to one of: Ada\./).waitFor();
  await request.getByText("it@example.com").waitFor();
  await bob.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await bob.app.button("Copy request", request).click();
  await bob.app.button("Copied", request).waitFor();
  assert.match(await bob.page.evaluate(() => navigator.clipboard.readText()), /^Request in the workspace Acme\nA connector for https:\/\/board\.example\.com\/mcp\nAsked for by: Bob.*\nReason: for tickets\n$/);
  await bob.app.screenshot("request-elsewhere");
  assert.deepEqual(await bob.app.violations(), []);
  assert.deepEqual(bob.errors, []);
});

journey("RO006 a demo that signed settings name is there while they name it, as they decided it, and nobody removes it here", { timeout: 120_000 }, async ({ app, page, context }) => {
  const key = await newKey("Ada");
  const workbench = (on) => ({
    id: "workbench", name: "Workbench", address: "in-page:workbench", host: "this page", reach: "in_page", provider: "demo",
    stage: "published", owner: "ada", created_at: 0, updated_at: 0, snapshot: null,
    controls: { list_customers: { on: true }, start_workflow: { on } }, access: { kind: "everyone" },
  });
  // What was decided about the parts of the product is in the newer form only.
  const signed = async (serial, demos) => {
    const file = await sealed(payload(key, { serial, change: (it) => { it.rules.connectors.push(...demos); } }), key);
    return JSON.stringify({ ...JSON.parse(file), schema: 2 });
  };
  let text = await signed(1, [workbench(false)]);
  await tied(context, { key, bundle: () => text });
  await app.open("/settings/you");
  await main(app).getByLabel(/^I am/).selectOption({ label: "Ada · Owner" });
  await app.button("Use as this person").click();
  await assertSoon(async () => (await page.getByText("Say who you are to use this workspace.").count()) === 0, "Ada is Ada");
  const demos = main(app).getByRole("list", { name: "Demos" });
  const row = demos.getByRole("listitem").filter({ hasText: "Workbench" });
  await app.open("/settings/connectors");
  await row.getByText("The signed settings of this site put it here. To have it removed, ask it@example.com.").waitFor();
  assert.equal(await row.getByRole("button").count(), 0, "nobody removes it here");
  await app.screenshot("tied-demo-light");
  await page.setViewportSize(PHONE);
  await app.screenshot("tied-demo-light-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
  assert.deepEqual(await app.violations(), []);
  // It is used as those who signed decided, and made stricter here.
  await app.open("/workspace/connectors/workbench/actions");
  const customers = app.switch("List customers");
  await customers.waitFor();
  assert.equal(await app.switch("Start a workflow").isChecked(), false);
  await customers.click();
  await assertSoon(async () => !(await customers.isChecked()), "stricter here");
  await page.getByRole("status").getByText("In this browser some settings are stricter than what was signed.").waitFor();
  await page.getByRole("link", { name: "See what is stricter" }).click();
  await page.getByRole("heading", { name: "General", level: 1 }).waitFor();
  const standing = main(app).locator(".note").filter({ hasText: "signed settings number 1" });
  await standing.getByText("In this browser they are stricter than what was signed:").waitFor();
  assert.deepEqual(await standing.getByRole("listitem").allInnerTexts(), ["Workbench · this page changed: list_customers off"], "and in what");
  await app.screenshot("tied-stricter-light");
  assert.deepEqual(await app.violations(), []);

  // The next settings switch an action on: here, too. What was switched off here stays off.
  text = await signed(2, [workbench(true)]);
  await app.open("/workspace/connectors/workbench/actions");
  await customers.waitFor();
  assert.equal(await app.switch("Start a workflow").isChecked(), true, "as the next settings decided it");
  assert.equal(await customers.isChecked(), false, "as it was decided here");

  // Named no more, it is gone, and can be added by whoever wants it.
  text = await signed(3, []);
  await app.open("/settings/connectors");
  await app.button("Add Workbench").click();
  await app.button("Remove Workbench").waitFor();
  await app.open("/settings/connectors");
  await app.button("Remove Workbench").click();
  await app.button("Add Workbench").waitFor();
});

journey("a demo that was added comes with an import as it was decided, and the look at it promises nothing that an import does not do", { timeout: 120_000 }, async ({ app, keep }) => {
  await app.open("/settings/connectors");
  await app.button("Add Workbench").click();
  await app.button("Remove Workbench").waitFor();
  await app.open("/workspace/connectors/workbench/actions");
  const workflow = app.switch("Start a workflow");
  await workflow.click();
  await assertSoon(async () => !(await workflow.isChecked()), "an action of it is off");
  await app.turnOnDeveloperMode();
  await app.open("/settings/connectors/advanced");
  const local = app.switch("Servers on this machine");
  await local.waitFor();
  if (!(await local.isChecked())) await local.click();
  await assertSoon(() => local.isChecked(), "servers on this machine are allowed here");
  await makeKey(app);
  const text = await exported(app);
  assert.equal(JSON.parse(text).signed.rules.workspace.allow_loopback, true);

  const other = await profile(app, keep);
  await preview(other.app, text);
  const told = await dialog(other.app).textContent();
  assert.match(told, /Workbench · this page added/);
  assert.doesNotMatch(told, /allow loopback/i, "an import does not allow it");
  assert.match(told, /servers on this machine stay forbidden where they are/);
  await other.app.screenshot("bundle-import-demo");
  await other.app.button("Change nothing", dialog(other.app)).click();
  await take(other.app, text, "You");
  await other.app.open("/workspace/connectors/workbench/actions");
  const theirs = other.app.switch("Start a workflow");
  await theirs.waitFor();
  assert.equal(await theirs.isChecked(), false, "off, as it was decided");
  assert.equal(await other.app.switch("Create a project task").isChecked(), true, "on, as it was decided");
  await other.app.chat();
  await other.app.propose("list customers", {}, "List customers");
  await other.app.says("List customers", "Done");
  assert.deepEqual(other.errors, []);
});

journey("X131 a site that lets nobody add servers of their own: a draft does not run, none is added, and the page says why", async ({ app, page, context, keep }) => {
  const server = await keep(hostile({ tools: [tool("find_ticket", READ, { title: "Find a ticket" })] }));
  await app.connect({ name: "Tickets", url: server.url });
  await app.chat();
  await app.propose("find a ticket", {}, "Find a ticket");
  await app.says("Find a ticket", "Done");
  await tagged(context, '<meta name="countersign-policy-custom-servers" content="no">');
  const heard = server.requests.length;
  await app.open("/settings/connectors");
  const row = main(app).getByRole("listitem").filter({ hasText: "Tickets" });
  await row.getByText(/^Servers of your own cannot be used on this site/).waitFor();
  assert.equal(await main(app).getByRole("link", { name: "Add connector" }).count(), 0);
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("no-custom-servers");
  // What would add or bring a server is not offered, and who forbids it is said there.
  for (const route of ["/workspace/connectors", "/workspace/general"]) {
    await app.open(route);
    await main(app).getByText(/Servers of your own cannot be used on this site/).first().waitFor();
    assert.equal(await main(app).getByRole("link", { name: "Add connector" }).count(), 0);
    assert.equal(await main(app).getByLabel(/^Import workspace/).count(), 0);
  }
  await app.open("/settings/connectors/advanced");
  await main(app).getByText(/Servers of your own cannot be used on this site/).first().waitFor();
  await app.open("/workspace/connectors/new");
  await main(app).getByText(/Servers of your own cannot be used on this site/).first().waitFor();
  await app.chat();
  await app.say("find a ticket");
  await app.log.getByRole("article").last().waitFor();
  await page.reload();
  await app.ready();
  assert.equal(server.requests.length, heard, "its server heard nothing");
});

for (const colorScheme of ["light", "dark"]) {
  journey(`x121 a site whose settings cannot be verified only reads, in ${colorScheme}`, { colorScheme, expected: [/status of 404/] }, async ({ app, page, context }) => {
    const key = await newKey("Ada");
    const good = await sealed(payload(key, { serial: 5 }), key);
    let bundle = good;
    await tied(context, { key, bundle: () => bundle });
    await app.open("/settings/you");
    await main(app).getByLabel(/^I am/).selectOption({ label: "Ada · Owner" });
    await app.button("Use as this person").click();
    await assertSoon(async () => (await page.getByText("Say who you are to use this workspace.").count()) === 0, "Ada is Ada");
    const banner = page.getByRole("status").filter({ hasText: "Settings could not be verified. Running read-only." });
    const stranger = await newKey("Eve");
    for (const [what, text, why] of [
      ["changed", tampered(good), /was changed after it was signed/],
      ["unsigned", JSON.stringify({ ...JSON.parse(good), signatures: [] }), /not signed/],
      ["older", await sealed(payload(key, { serial: 4 }), key), /number 4, and number 5 was seen/],
      ["by a stranger", await sealed(payload(stranger, { serial: 6 }), stranger), /not trusted here/],
      ["gone", null, /answered with 404/],
    ]) {
      bundle = text;
      await app.open("/");
      await banner.waitFor();
      await banner.getByText("Show details").click();
      assert.match(await banner.textContent(), why, what);
      assert.match(await banner.textContent(), /Contact: /, what);
    }
    assert.deepEqual(await app.violations(), []);
    await app.screenshot(`unverified-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`unverified-${colorScheme}-phone`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, "it fits a phone");
    await page.setViewportSize({ width: 1440, height: 900 });

    await app.ready();
    await app.propose("create a note", { Title: "Groceries", Text: "Milk" }, "Create a note");
    await app.says("Create a note", "could not be verified");
    await app.propose("list my notes", {}, "List notes");
    await app.says("List notes", "Done");
    await general(app);
    await app.field("Workspace name").fill("Mine");
    await app.button("Rename workspace").click();
    await page.getByText("so nothing can be changed").first().waitFor();

    bundle = good;
    await app.open("/");
    await page.mouse.move(100, 100);
    await app.ready();
    await app.propose("create a note", { Title: "Bread", Text: "Rye" }, "Create a note");
    await app.decision.waitFor();
    assert.equal(await banner.count(), 0, "verified again, it runs again");
  });
}

journey("rows: an admin publishes while a member chats: the next turn follows what is approved now, and a waiting decision is decided again at the click", { timeout: 150_000 }, async ({ app, page, network, keep }) => {
  let description = "Finds a ticket.";
  const server = await keep(hostile({ tools: () => [
    tool("find_ticket", READ, { title: "Find a ticket", description }),
    tool("create_ticket", WRITE, { title: "Create a ticket", inputSchema: strings("title") }),
  ] }));
  // Ada publishes, and gives out the settings as a signed file.
  await app.connect({ name: "Tickets", url: server.url });
  await publish(app);
  await app.open("/workspace/members");
  await app.button("Add member").first().click();
  await dialog(app).getByLabel("Name").fill("Bob");
  await app.button("Add member", dialog(app)).click();
  await page.getByRole("list", { name: "Members", exact: true }).getByRole("listitem").filter({ hasText: "Bob" }).waitFor();
  await makeKey(app);
  let text = await exported(app);
  const key = { public: JSON.parse(text).signatures[0].key };

  // Bob is another person in another browser, on a site that is tied to those settings.
  const bob = await profile(app, keep);
  await bob.app.turnOnDeveloperMode();
  await tied(bob.context, { key, bundle: () => text });
  // A page that the test hands out itself comes from no network, so that this machine is another one to it.
  await bob.context.grantPermissions(["local-network-access"], { origin: site });
  await bob.app.open("/settings/you");
  await main(bob.app).getByLabel(/^I am/).selectOption({ label: "Bob · Member" });
  await bob.app.button("Use as this person").click();
  await assertSoon(async () => (await bob.page.getByText("Say who you are to use this workspace.").count()) === 0, "Bob is Bob");
  await bob.app.chat();
  await bob.app.propose("find a ticket", {}, "Find a ticket");
  await bob.app.says("Find a ticket", "Done");
  const calls = () => server.calls.map((call) => call.name);

  // The server changes. Until Ada has looked at it, it is held for Bob.
  description = "Finds a ticket by its number.";
  await bob.page.reload();
  await bob.app.ready();
  await bob.app.say("find a ticket");
  await main(bob.app).locator(".drift .note").filter({ hasText: "changed 1 action since it was approved" }).waitFor();
  assert.deepEqual(calls(), ["find_ticket"], "nothing more was sent");
  await app.openConnector("Tickets", "Changes");
  await app.button("Read the list again").click();
  await page.getByRole("heading", { name: "find_ticket" }).waitFor();
  await app.button(/^Accept/).first().click();
  await page.getByText("Accepted. What was not accepted stays held.").waitFor();
  await general(app);
  text = await exported(app);
  // Bob's page was open all the time. Settings that were read count for five seconds.
  await page.waitForTimeout(5_500);
  await bob.app.say("find a ticket");
  // What was suggested while it was held stands there still.
  await bob.app.suggestion.getByRole("heading", { name: "Find a ticket", exact: true }).waitFor();
  await bob.app.runSuggestion({}, "Find a ticket");
  await assertSoon(() => calls().length === 2, "the next turn follows what is approved now");

  // A decision waits while Ada switches its action off.
  await bob.app.propose("create a ticket", { title: "The door squeaks" }, "Create a ticket");
  await bob.app.decision.waitFor();
  await app.openConnector("Tickets", "Actions");
  await app.switch("Create a ticket").click();
  await assertSoon(async () => !(await app.switch("Create a ticket").isChecked()), "it is off");
  await general(app);
  text = await exported(app);
  const serial = JSON.parse(text).signed.serial;
  await assertSoon(async () => JSON.parse(await bob.app.kept()).databases.countersign.settings.some((one) => typeof one === "string" && one.includes(`"serial":${serial},`)), "Bob's page has read it", 30_000);
  await bob.app.answer("Allow once");
  await bob.app.decision.getByRole("alert").filter({ hasText: /switched off/ }).waitFor();
  assert.equal((await bob.app.decision.getByRole("alert").filter({ hasText: /switched off/ }).textContent()).match(/nothing was sent/gi).length, 1, "said once");
  assert.deepEqual(calls(), ["find_ticket", "find_ticket"], "and nothing was sent");
  assert.deepEqual(bob.errors, []);
});
