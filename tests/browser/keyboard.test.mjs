// The pages of a workspace by keyboard alone: Tab reaches every control in the order in which it is read, what has the
// focus shows it, and deciding something does not lose it.
import assert from "node:assert/strict";
import { READ, WRITE, hostile, strings, tool } from "../servers/hostile.mjs";
import { journey } from "./harness.mjs";
import { publish } from "./publishing.mjs";
import { assertSoon } from "./soon.mjs";

const main = (page) => page.getByRole("main");

/** Goes through the page with Tab, from its heading on, and holds what was reached against what is there. */
async function walk(page, name) {
  const wanted = await page.evaluate(() => {
    const radios = new Set();
    const controls = [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, summary):not(:disabled)")]
      .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[inert]"))
      // Of a group of radio buttons one is reached, and arrow keys reach the others.
      .filter((each) => each.type !== "radio" || (!radios.has(each.name) && radios.add(each.name)));
    controls.forEach((each, at) => { each.dataset.walk = String(at); });
    const heading = document.querySelector("main h1");
    heading.tabIndex = -1;
    heading.focus();
    return controls.map((each) => (each.type === "radio" ? `radio ${each.name}` : each.dataset.walk));
  });
  assert.ok(wanted.length > 0, `${name} has controls`);
  const reached = [];
  for (let step = 0; step < wanted.length + 100; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const here = document.activeElement;
      if (!here.closest("main")) return null;
      const shows = (each) => each && getComputedStyle(each).outlineStyle !== "none" && parseFloat(getComputedStyle(each).outlineWidth) >= 1;
      return {
        control: here.type === "radio" ? `radio ${here.name}` : here.dataset.walk,
        words: `${here.tagName} ${here.getAttribute("aria-label") ?? here.textContent.trim().slice(0, 60)}`,
        shown: [here, here.nextElementSibling, here.closest("label")].some(shows),
      };
    });
    if (at === null) break;
    assert.ok(at.shown, `${name}: the focus is seen on ${at.words}`);
    // A date is several stops and one control.
    if (at.control !== undefined && at.control !== reached.at(-1)) reached.push(at.control);
  }
  assert.deepEqual(reached, wanted, `${name}: Tab reaches every control, in the order of the page`);
}

/** The focus is somewhere on the page, and not lost. */
const keptFocus = (page, what) => assertSoon(() => page.evaluate(() => document.activeElement !== document.body && document.activeElement.isConnected), `the focus is kept: ${what}`);

const PLACES = {
  General: "/workspace/general",
  "Custom roles": "/workspace/permissions/roles",
  "Connected data": "/workspace/permissions/connected-data",
  Domains: "/workspace/domains",
  Catalogue: "/workspace/catalogue",
  "Tool calls": "/workspace/audit",
  Activity: "/workspace/audit/activity",
  Integrity: "/workspace/audit/integrity",
  Export: "/workspace/audit/export",
  Approvals: "/settings/approvals",
};

journey("PQ012 Tab reaches every control of the workspace's pages, and what has the focus shows it", { timeout: 120_000 }, async ({ app, page }) => {
  await app.turnOnDeveloperMode();
  for (const [name, route] of Object.entries(PLACES)) {
    await app.open(route);
    await main(page).getByRole("heading", { level: 1 }).waitFor();
    await page.waitForLoadState("networkidle");
    await walk(page, name);
  }
});

journey("PQ012 settings of the workspace are decided with the keyboard, and the focus stays", async ({ app, page }) => {
  await app.open("/workspace/permissions/connected-data");
  const lockdown = app.switch("Lockdown");
  await lockdown.focus();
  await page.keyboard.press("Space");
  await assertSoon(() => lockdown.isChecked(), "lockdown is on");
  await page.keyboard.press("Space");
  await assertSoon(async () => !(await lockdown.isChecked()), "lockdown has ended");
  await keptFocus(page, "Lockdown");
  await app.open("/workspace/permissions/roles");
  await app.field("New role").focus();
  await page.keyboard.type("Clerks");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Clerks" }).waitFor();
  await keptFocus(page, "a new role");
  await page.locator(".role-card summary").focus();
  await page.keyboard.press("Enter");
  await app.field("Role name").waitFor();
  await walk(page, "an opened role");
  await app.field("Role name").fill("Desk clerks");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Desk clerks" }).waitFor();
  await keptFocus(page, "a renamed role");
  await app.open("/workspace/domains");
  await page.getByLabel("Host for servers", { exact: true }).focus();
  await page.keyboard.type("*.example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Allowed" }).waitFor();
  await keptFocus(page, "a new host");
  await app.open("/workspace/general");
  await app.field("Workspace name").fill("Harbour office");
  await page.keyboard.press("Enter");
  await page.getByText("Workspace renamed.").waitFor();
  await keptFocus(page, "a new name");
});

journey("PQ012 a draft is reviewed, published and its changes are accepted with the keyboard alone", { timeout: 120_000 }, async ({ app, page, keep }) => {
  let description = "Finds a ticket.";
  const server = await keep(hostile({ tools: () => [
    tool("find_ticket", READ, { title: "Find a ticket", description }),
    tool("create_ticket", WRITE, { title: "Create a ticket", inputSchema: strings("title") }),
  ] }));
  await app.connect({ name: "Tickets", url: server.url });
  await app.openTab("Overview");
  await main(page).getByRole("link", { name: "Publish", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Publish/, level: 1 }).waitFor();
  await walk(page, "the review before publishing");
  await app.openConnector("Tickets", "Overview");
  await publish(app);
  description = "Finds a ticket by its number.";
  await app.openConnector("Tickets", "Changes");
  await app.button("Read the list again").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "find_ticket" }).waitFor();
  await keptFocus(page, "the list was read");
  await walk(page, "Changes");
  await app.button(/^Accept/).first().focus();
  await page.keyboard.press("Enter");
  await page.getByText("Accepted. What was not accepted stays held.").waitFor();
  await keptFocus(page, "a change was accepted");
});
