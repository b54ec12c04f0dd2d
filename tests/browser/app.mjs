// The page in the words of a person: what they open, press, type and read. Only this file knows the page's names.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { assertSoon } from "./soon.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "screenshots");

/** A field's label: the words of its name, however they are joined, and whether it is required. */
const labelled = (name) => (name instanceof RegExp ? name : new RegExp(`^\\s*${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/[ _-]/g, "[ _-]")}(\\s+required)?\\s*$`, "i"));

/** A name for `getByRole`: strings match whole, patterns as they are. */
const named = (name) => ({ name, ...(typeof name === "string" ? { exact: true } : {}) });

export class App {
  /** `base` is where the site is served, with a slash at the end. */
  constructor(page, network, base) {
    this.page = page;
    this.network = network;
    this.base = base;
  }

  // What is on the page.

  button(name, scope = this.page) { return scope.getByRole("button", named(name)); }
  field(name, scope = this.page) { return scope.getByRole("textbox", named(name)); }
  switch(name, scope = this.page) { return scope.getByRole("switch", named(name)); }
  get message() { return this.field("Message"); }
  get log() { return this.page.getByRole("log", { name: "Conversation" }); }
  get conversations() { return this.page.getByRole("navigation", { name: "Conversations" }); }
  /** The one dialog that asks whether a call may run. */
  get decision() { return this.page.getByRole("alertdialog").filter({ has: this.page.getByRole("group", { name: "What is sent" }) }); }
  /** The cards of tool calls, oldest first; a card is named by its action, connector and host. */
  cards(title = "") {
    const begins = title instanceof RegExp ? title.source : title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return this.log.getByRole("group", { name: new RegExp(`^${begins}.* · .* · `) });
  }
  card(title) { return this.cards(title).last(); }
  /** What a server asks the person. */
  ask(host) { return this.log.getByRole("group", { name: `Question from ${host}`, exact: true }); }

  /** The app of a connector, with the head that the page draws. */
  app(connector) { return this.page.getByRole("group", { name: new RegExp(`^App of ${connector} `) }).last(); }
  /** What the app itself shows: the frame in the sandbox. */
  insideApp(connector) { return this.app(connector).frameLocator("iframe").frameLocator("iframe"); }

  // Going places.

  async open(route = "/") {
    await this.page.goto(new URL(route.replace(/^\//, ""), this.base).href);
    // Every page has one heading of the first level; screens that are loaded on first use have it when they are there.
    await this.page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
    return this;
  }

  async chat() {
    await this.open("/");
    await this.ready();
    return this;
  }

  async ready() {
    await this.message.waitFor();
    await assertSoon(() => this.message.isEditable(), "the composer can be used");
  }

  // Chatting.

  async say(text) {
    await this.message.fill(text);
    await this.button("Send").click();
  }

  /** What direct mode suggests and was not started yet, the newest. */
  get suggestion() { return this.log.getByRole("article", named("Suggested action")).last(); }

  /** Says something in direct mode, and starts what it suggests: `action` with these `fields`. */
  async propose(text, fields = {}, action = null) {
    await this.say(text);
    await this.runSuggestion(fields, action);
  }

  /** Picks an action where several fit, fills what is left of the form and runs it. */
  async runSuggestion(fields = {}, action = null) {
    const suggestion = this.suggestion;
    await suggestion.waitFor();
    const wanted = action && suggestion.getByRole("heading", named(action));
    if (wanted && (await wanted.count()) === 0) {
      const others = suggestion.getByText("Another action");
      if (await others.count()) await others.click();
      await suggestion.getByRole("radio", { name: new RegExp(`^${action}`) }).first().check();
    }
    for (const [label, value] of Object.entries(fields)) await this.fill(suggestion, label, value);
    await this.button("Run action", suggestion).click();
  }

  /** Fills the last field with this label, whatever kind it is; `{ pick }` takes a value of an earlier result. */
  async fill(scope, label, value) {
    if (value?.pick) {
      const picker = scope.getByLabel(new RegExp(`^Use a value from an earlier result for ${label}`, "i")).last();
      await picker.selectOption({ label: await picker.locator("option", { hasText: value.pick }).first().textContent() });
      return;
    }
    const field = scope.getByLabel(labelled(label)).or(scope.getByRole("group", { name: labelled(label) })).last();
    await field.waitFor();
    const kind = await field.evaluate((element) => (element.type === "checkbox" ? "tick" : element.tagName.toLowerCase()));
    if (kind === "select") await field.selectOption({ label: String(value) });
    else if (kind === "tick") await field.setChecked(value);
    else if (kind === "fieldset") await field.getByLabel(String(value), { exact: true }).check();
    else await field.fill(String(value));
  }

  /** Sends what was filled into a server's question, after the look at it that comes first. */
  async submit(question) {
    await this.button("Review answers", question).click();
    await this.button("Submit", question).click();
  }

  /** Presses a button of the decision once it is armed. */
  async answer(name) {
    const choice = this.button(name, this.decision);
    await choice.waitFor();
    await assertSoon(() => choice.isEnabled(), `"${name}" is armed`);
    await choice.click();
  }

  /** Waits until a call's card says something. */
  async says(title, words, within = 15_000) {
    await this.card(title).filter({ hasText: words }).waitFor({ timeout: within });
  }

  /** The menu of modes under the composer. */
  get mode() { return this.button(/^Mode: /); }

  /** A mode in the open menu. */
  modeChoice(name) { return this.page.getByRole("menuitemradio", { name: new RegExp(`^${name}`) }); }

  /** Chooses what the chat limits itself to. */
  async chooseMode(name) {
    // What is loaded when somebody is there comes with the first sign of them.
    await this.message.focus();
    await this.page.mouse.move(300, 300);
    await this.mode.click();
    await this.modeChoice(name).click();
    await this.button(`Mode: ${name}`).waitFor();
  }

  /** The panel of sources. */
  get sources() { return this.page.getByRole("region", { name: "Sources", exact: true }); }

  async deleteConversation(title) {
    await this.button(title instanceof RegExp ? title : `More for ${title}`, this.conversations).click();
    await this.page.getByRole("menuitem", { name: "Delete" }).click();
    await this.button("Delete conversation").click();
  }

  // Setting up.

  async switchOn(name) {
    const control = this.switch(name);
    await control.waitFor();
    if (await control.isChecked()) return;
    await control.click();
    const dialog = this.page.getByRole("dialog").or(this.page.getByRole("alertdialog"));
    await assertSoon(async () => (await control.isChecked()) || (await dialog.isVisible()), `"${name}" reacts`);
    if (await dialog.isVisible()) {
      const understood = dialog.getByRole("checkbox");
      if (await understood.count()) await understood.check();
      await this.button(/^Turn on/, dialog).click();
    }
    await assertSoon(() => control.isChecked(), `"${name}" is on`);
  }

  async turnOnDeveloperMode({ thisMachine = true } = {}) {
    await this.open("/settings/connectors/advanced");
    await this.switchOn("Developer mode");
    if (thisMachine) await this.switchOn("Servers on this machine");
  }

  /** Fills the form for a new connector; `header` is `[name, value]`. */
  async describe({ name, url, header }) {
    await this.open("/workspace/connectors/new");
    await this.field("Name").fill(name);
    await this.field("Server URL").fill(url);
    // The form keeps what was chosen in it before.
    await this.page.getByRole("radio", { name: header ? "Header value" : "No sign-in" }).check();
    if (header) {
      await this.field("Header name").fill(header[0]);
      await this.page.getByLabel("Value", { exact: true }).fill(header[1]);
    }
  }

  /** Whether a draft could be created from what is on the page now. */
  async canCreate() {
    const create = this.button("Create draft");
    return (await create.count()) > 0 && (await create.isEnabled());
  }

  /** Has the workspace reach an origin through a proxy, as an admin does. */
  async goThrough(origin, through) {
    await this.open("/workspace/general");
    await this.field("Origin of the server").fill(origin);
    await this.field("Goes through").fill(through);
    await this.button("Add proxy").click();
    await this.page.getByRole("cell", { name: through }).waitFor();
  }

  /** Opens a connector's page at a tab. */
  async openConnector(name, tab = "Actions") {
    await this.open("/settings/connectors");
    await this.page.getByRole("main").getByRole("link", named(name)).first().click();
    await this.openTab(tab);
  }

  /** Goes to a tab of the page. */
  async openTab(name) {
    await this.page.getByRole("main").getByRole("link", { name: new RegExp(`^${name}`) }).click();
  }

  get checklist() { return this.page.getByRole("list", { name: "Scan" }); }

  /** Adds a server of this machine as a draft connector, the whole way a person goes. */
  async connect(connector) {
    await this.turnOnDeveloperMode();
    await this.describe(connector);
    await this.button("Scan").click();
    const understood = this.page.getByRole("checkbox", { name: /^I understand/ });
    await understood.waitFor({ timeout: 30_000 });
    await understood.check();
    await this.button("Create draft").click();
    await this.page.getByRole("heading", { name: connector.name }).first().waitFor();
  }

  /** Fills the form for a new model. */
  async describeModel({ name = "Script", url, model = "gpt-4o", key = "key-for-the-test", wire = "OpenAI chat completions", provider = "Another endpoint", context, thinking }) {
    await this.open("/settings/models");
    await this.button("Add model").click();
    await this.page.getByLabel(/^Provider/).selectOption({ label: provider });
    await this.page.getByLabel(/^Kind of endpoint/).selectOption({ label: wire });
    await this.field("Name").or(this.page.getByLabel(/^Name/)).first().fill(name);
    await this.page.getByLabel(/^Base URL/).fill(url);
    await this.page.getByLabel(/^Model/).last().fill(model);
    if (key) await this.page.getByLabel(/^Key/).first().fill(key);
    if (context) await this.page.getByLabel(/^Context size/).fill(String(context));
    if (thinking) await this.page.getByLabel(/^Thinking/).selectOption({ label: thinking });
  }

  /** Sets a model of this machine and chooses it. */
  async chooseModel({ name = "Script", ...rest }) {
    await this.describeModel({ name, ...rest });
    await this.button("Save model").click();
    const choice = this.page.getByRole("radio", { name: new RegExp(`^${name}`) });
    await choice.waitFor();
    await choice.check();
    await assertSoon(() => choice.isChecked(), "the model is chosen");
  }

  /** Tests the model of the form and gives the lines of the checklist. */
  async testModel() {
    // What an earlier test came to may still be on the page.
    await this.page.evaluate(() => document.querySelector(".doctor-says")?.setAttribute("data-earlier", ""));
    await this.button("Test model").click();
    await this.page.locator(".doctor-says:not([data-earlier])").filter({ hasText: /^This model / }).waitFor({ timeout: 30_000 });
    return this.page.getByRole("list", { name: "Test" }).getByRole("listitem").allInnerTexts();
  }

  // Looking.

  async screenshot(name) {
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`), animations: "disabled" });
  }

  /** What axe finds on the page as it is. */
  async violations() {
    await this.page.evaluate(axeSource);
    const result = await this.page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    assert.ok(result.passes.length > 0, "axe looked at something");
    return result.violations.map((each) => `${each.id}: ${each.help} (${each.nodes.map((node) => node.target.join(" ")).slice(0, 4).join("; ")})`);
  }

  /** Everything this origin keeps in the browser, as text: IndexedDB, localStorage and sessionStorage. */
  async kept() {
    return this.page.evaluate(async () => {
      const all = { local: { ...localStorage }, session: { ...sessionStorage }, databases: {} };
      const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
      for (const { name } of await indexedDB.databases()) {
        const database = await done(indexedDB.open(name));
        const tables = {};
        for (const table of database.objectStoreNames) tables[table] = await done(database.transaction(table).objectStore(table).getAll());
        all.databases[name] = tables;
        database.close();
      }
      return JSON.stringify(all, (key, value) => (value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? "(bytes)" : value instanceof CryptoKey ? `(key, extractable: ${value.extractable})` : value));
    });
  }
}
