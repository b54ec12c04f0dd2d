// Every page in both themes: axe finds nothing, and a picture for people.
import assert from "node:assert/strict";
import { startProtected } from "../servers/protected.mjs";
import { DESKTOP, PHONE, journey } from "./harness.mjs";
import { askToSignIn, createDraft, opens } from "./signing.mjs";

const PAGES = {
  chat: "/",
  connectors: "/settings/connectors",
  advanced: "/settings/connectors/advanced",
  models: "/settings/models",
  you: "/settings/you",
  data: "/settings/data",
  general: "/workspace/general",
  "workspace-connectors": "/workspace/connectors",
  "new-connector": "/workspace/connectors/new",
  "notebook-actions": "/workspace/connectors/notebook/actions",
  members: "/workspace/members",
  groups: "/workspace/groups",
  "permissions-defaults": "/workspace/permissions",
  "permissions-roles": "/workspace/permissions/roles",
  "permissions-connected-data": "/workspace/permissions/connected-data",
  "permissions-test-access": "/workspace/permissions/test-access",
  domains: "/workspace/domains",
  catalogue: "/workspace/catalogue",
  requests: "/workspace/connectors?tab=requests",
  help: "/help",
  audit: "/workspace/audit",
  "audit-activity": "/workspace/audit/activity",
  "audit-refusals": "/workspace/audit/refusals",
  "audit-integrity": "/workspace/audit/integrity",
  "audit-export": "/workspace/audit/export",
  approvals: "/settings/approvals",
  about: "/about",
  "not-found": "/no-such-page",
};

/** axe finds nothing on the page as it is, it fits a phone, and both are left as pictures. */
async function looksWell({ app, page }, name, colorScheme) {
  await page.waitForLoadState("networkidle");
  await app.screenshot(`${name}-${colorScheme}`);
  assert.deepEqual(await app.violations(), []);
  await page.setViewportSize(PHONE);
  await app.screenshot(`${name}-${colorScheme}-phone`);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${name} is ${sideways} px too wide for a phone`);
  await page.setViewportSize(DESKTOP);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [name, route] of Object.entries(PAGES)) {
    journey(`axe finds nothing on ${route} in ${colorScheme}`, { colorScheme }, async (stage) => {
      const { app, page } = stage;
      await app.open(route);
      await page.getByRole("main").waitFor();
      await page.waitForFunction(() => document.querySelector("h1, h2, textarea") !== null);
      await looksWell(stage, name, colorScheme);
    });
  }

  journey(`axe finds nothing on the Authentication tab, signed in and out, in ${colorScheme}`, { colorScheme }, async (stage) => {
    const { app, page, keep } = stage;
    const server = await keep(startProtected());
    await app.turnOnDeveloperMode();
    await askToSignIn(app, "Guarded", server.url);
    await opens(stage, "Sign in");
    await createDraft(app);
    await app.openTab("Authentication");
    await page.getByText(`Signed in at ${server.origin}`).waitFor();
    await looksWell(stage, "authentication-in", colorScheme);
    await app.button("Sign out").click();
    await page.getByRole("main").getByText("Not signed in").waitFor();
    await looksWell(stage, "authentication-out", colorScheme);
  });

  journey(`axe finds nothing on a proposal, a decision and a result in ${colorScheme}`, { colorScheme }, async ({ app }) => {
    await app.chat();
    await app.propose("create a note", { Title: "Groceries", Text: "Milk" }, "Create a note");
    await app.decision.waitFor();
    assert.deepEqual(await app.violations(), [], "the decision");
    await app.screenshot(`decision-${colorScheme}`);
    await app.answer("Allow once");
    await app.says("Create a note", "Done");
    assert.deepEqual(await app.violations(), [], "the result");
    await app.screenshot(`result-${colorScheme}`);
  });
}
