// Every page in both themes: axe finds nothing, and a picture for people.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, journey } from "./harness.mjs";

const PAGES = {
  chat: "/",
  connectors: "/settings/connectors",
  advanced: "/settings/connectors/advanced",
  models: "/settings/models",
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
  requests: "/workspace/connectors?tab=requests",
  audit: "/workspace/audit",
  "not-found": "/no-such-page",
};

for (const colorScheme of ["light", "dark"]) {
  for (const [name, route] of Object.entries(PAGES)) {
    journey(`axe finds nothing on ${route} in ${colorScheme}`, { colorScheme }, async ({ app, page }) => {
      await app.open(route);
      await page.getByRole("main").waitFor();
      await page.waitForFunction(() => document.querySelector("h1, h2, textarea") !== null);
      await page.waitForLoadState("networkidle");
      await app.screenshot(`${name}-${colorScheme}`);
      assert.deepEqual(await app.violations(), []);
      await page.setViewportSize(PHONE);
      await app.screenshot(`${name}-${colorScheme}-phone`);
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(sideways <= 0, `${route} is ${sideways} px too wide for a phone`);
      await page.setViewportSize(DESKTOP);
    });
  }

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
