// The rooms of the workspace that look after its connectors: the menu of each.
import assert from "node:assert/strict";
import { startModern } from "../servers/start.mjs";
import { journey } from "./harness.mjs";
import { publish } from "./publishing.mjs";

const main = (page) => page.getByRole("main");

journey("workspace: the menu of a connector reads its list again, says what differs, and duplicates it to a draft", async ({ app, page, network, keep }) => {
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await publish(app);
  await app.open("/workspace/connectors");
  const choose = async (entry) => {
    await app.button("Menu of Board").first().click();
    await page.getByRole("menuitem", { name: entry, exact: true }).click();
  };
  const before = network.to(server.origin).length;
  await choose("Refresh");
  await page.getByText("Nothing of Board changed since it was approved.").waitFor();
  assert.ok(network.to(server.origin).length > before, "the server was asked");
  await server.pull();
  await choose("Refresh");
  await page.getByText(/^\d+ actions of Board differ from what is approved/).waitFor();
  await main(page).getByText(/actions changed, held/).first().waitFor();
  await app.button("Menu of Board").click();
  await app.screenshot("workspace-row-menu");
  await page.getByRole("menuitem", { name: "Duplicate to new draft" }).click();
  await main(page).getByText("Dev", { exact: true }).first().waitFor();
  await page.getByText("A new draft was made.").waitFor();
  await app.open("/workspace/connectors?tab=drafts");
  await main(page).getByText(/^Added by You, /).waitFor();
  await app.open("/workspace/connectors");
  await main(page).getByText(/^Reviewed by You, /).waitFor();
});
