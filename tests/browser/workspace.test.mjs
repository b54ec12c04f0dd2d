// The rooms of the workspace that look after its connectors: the menu of each, and the inbox with the ways to it.
import assert from "node:assert/strict";
import { READ, hostile, tool } from "../servers/hostile.mjs";
import { startModern } from "../servers/start.mjs";
import { DESKTOP, PHONE, journey } from "./harness.mjs";
import { publish } from "./publishing.mjs";
import { assertSoon } from "./soon.mjs";

const main = (page) => page.getByRole("main");
const inbox = (page) => page.getByRole("region", { name: "Inbox" });

/** Goes to a new chat and from there, by the link in the rail, to the inbox. */
async function goToInbox({ app, page }, waiting) {
  await app.chat();
  // What is loaded when somebody is there comes with the first sign of them.
  await page.mouse.move(300, 300);
  const link = page.getByRole("link", { name: `Inbox ${waiting} waiting for you` });
  await link.waitFor();
  await app.screenshot("inbox-bell");
  await link.click();
  await inbox(page).waitFor();
}

/** Changes the second row of the record in the store, or puts it back: the text before is given, or the one to put. */
const touch = (page, back = null) => page.evaluate(async (back) => {
  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const database = await done(indexedDB.open("countersign"));
  const key = "000000000001";
  const row = await done(database.transaction("audit").objectStore("audit").get(key));
  const text = back ?? row.text.replace(/"at":(\d+)/, (_, at) => `"at":${Number(at) + 1}`);
  await done(database.transaction("audit", "readwrite").objectStore("audit").put({ ...row, text }, key));
  database.close();
  return row.text;
}, back);

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

journey("workspace: a refresh that failed waits in the inbox, which the chat leads to, until the list can be read", async (stage) => {
  const { app, page, keep } = stage;
  let down = false;
  const server = await keep(hostile({
    tools: [tool("find_ticket", READ, { title: "Find a ticket" })],
    http: (request, response) => {
      if (!down || request.method === "OPTIONS") return false;
      response.writeHead(503, { "Access-Control-Allow-Origin": "*" });
      response.end();
      return true;
    },
  }));
  await app.connect({ name: "Board", url: server.url });
  await publish(app);
  await app.open("/workspace/connectors");
  assert.equal(await inbox(page).count(), 0, "nothing waits");
  const refresh = async () => {
    await app.button("Menu of Board").click();
    await page.getByRole("menuitem", { name: "Refresh", exact: true }).click();
  };
  down = true;
  await refresh();
  await inbox(page).getByText(/You could not read the list /).waitFor();
  await goToInbox(stage, 1);
  await app.screenshot("inbox");
  assert.deepEqual(await app.violations(), []);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize(PHONE);
  await app.screenshot("inbox-phone-dark");
  assert.deepEqual(await app.violations(), []);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(DESKTOP);
  await inbox(page).getByRole("link", { name: "Read the list again" }).click();
  down = false;
  await app.button("Read the list again").click();
  await main(page).getByText(/^Nothing changed since version 1 was approved/).waitFor();
  await app.open("/workspace/connectors");
  await app.button("Menu of Board").waitFor();
  await assertSoon(async () => (await inbox(page).count()) === 0, "what is settled does not wait any more");
});

journey("workspace: a record that is broken waits in the inbox until it is whole again", async (stage) => {
  const { app, page } = stage;
  await app.chat();
  await app.propose("create a note", { Title: "First", Text: "x" }, "Create a note");
  await app.answer("Allow once");
  await app.says("Create a note", "Done");
  const before = await touch(page);
  await app.open("/workspace/connectors");
  await inbox(page).getByText(/The record of this workspace is not whole/).waitFor();
  await goToInbox(stage, 1);
  await app.screenshot("inbox-record");
  assert.deepEqual(await app.violations(), []);
  await inbox(page).getByRole("link", { name: "See what is wrong" }).click();
  await page.getByRole("alert").getByText("Broken", { exact: true }).waitFor();
  await touch(page, before);
  await app.button("Verify now").click();
  await page.getByText("Whole", { exact: true }).waitFor();
  await app.open("/workspace/connectors");
  await app.button("Add connector").or(page.getByRole("link", { name: "Add connector" })).first().waitFor();
  await assertSoon(async () => (await inbox(page).count()) === 0, "a record that is whole does not wait");
});
