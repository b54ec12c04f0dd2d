// The rooms of the workspace around its connectors: the menu of each, the inbox with the ways to it, how people join, and
// which build this is.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
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

journey("workspace: X128 the page names its build, and the files that are served are those of the list that gives it its name", async ({ app, page, network }) => {
  await app.open("/about");
  const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const fetched = async (address) => {
    const answer = await fetch(address, { headers: { "Accept-Encoding": "identity" } });
    assert.equal(answer.status, 200, address);
    return Buffer.from(await answer.arrayBuffer());
  };
  const link = main(page).getByRole("link", { name: "List of the files of this build" });
  const folder = new URL("./", await link.evaluate((element) => element.href)).href;
  const name = folder.split("/").at(-2);
  await main(page).getByRole("definition").filter({ hasText: new RegExp(`^${name}$`) }).waitFor();
  const list = await fetched(`${folder}files.txt`);
  assert.equal(sha256(list).slice(0, 16), name, "the build is named by its list");
  const lines = list.toString().trimEnd().split("\n").map((line) => line.split("  "));
  for (const [digest, file] of lines) assert.equal(sha256(await fetched(folder + file)), digest, file);
  const listed = new Set(lines.map(([, file]) => folder + file));
  const loaded = network.requests.map((request) => request.url).filter((url) => url.startsWith(folder));
  assert.ok(loaded.some((url) => url.endsWith(".wasm")), "the program came from there");
  assert.deepEqual(loaded.filter((url) => !listed.has(url)), [], "and nothing else did");
  await app.screenshot("about");
  assert.deepEqual(await app.violations(), []);
  await page.setViewportSize(PHONE);
  await app.screenshot("about-phone");
  assert.deepEqual(await app.violations(), []);
});

/** The contrast of each colour that a monogram can have, between its letter and its ground. */
const contrasts = (page) => page.evaluate(() => {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return Array.from({ length: 8 }, (_, tint) => {
    const mark = document.body.appendChild(Object.assign(document.createElement("span"), { className: `mono-gram t${tint}` }));
    const { color, backgroundColor } = getComputedStyle(mark);
    const [more, less] = [light(color), light(backgroundColor)].sort((one, other) => other - one);
    mark.remove();
    return { ground: backgroundColor, ratio: (more + 0.05) / (less + 0.05) };
  });
});

journey("workspace: X44 a monogram has the colour of its host or the one that was chosen, and each is read well", async ({ app, page, network, keep }) => {
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.describe({ name: "Again", url: server.url });
  await page.getByLabel("Monogram colour").selectOption({ label: "Rose" });
  await page.reload();
  await assertSoon(async () => (await page.getByLabel("Monogram colour").inputValue()) === "5", "what was chosen is kept");
  await app.button("Scan").click();
  const understood = page.getByRole("checkbox", { name: /^I understand/ });
  await understood.waitFor({ timeout: 30_000 });
  await understood.check();
  await app.button("Create draft").click();
  await page.getByRole("heading", { name: "Again" }).first().waitFor();
  await app.connect({ name: "Other name", url: server.url });
  await app.open("/workspace/connectors?tab=drafts");
  const tint = async (name) => {
    const row = main(page).getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });
    return (await row.locator(".mono-gram").getAttribute("class")).match(/\bt\d\b/)?.[0];
  };
  assert.equal(await tint("Again"), "t5", "the one that was chosen");
  assert.match(await tint("Board"), /^t[0-7]$/);
  assert.equal(await tint("Other name"), await tint("Board"), "the same host, the same colour");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const all = await contrasts(page);
    assert.equal(new Set(all.map((each) => each.ground)).size, 8, "eight colours");
    for (const { ratio } of all) assert.ok(ratio >= 4.5, `${ratio} in ${colorScheme}`);
    await app.screenshot(`monograms-${colorScheme}`);
  }
  assert.ok(network.foreign().every((origin) => origin === server.origin), "no picture was loaded from anywhere");
});

journey("workspace: whoever wants to invite somebody is told that nothing is sent from here, and how people join", async ({ app, page }) => {
  await app.open("/workspace/members");
  await main(page).getByRole("link", { name: "How people join" }).click();
  await page.getByRole("heading", { name: "Invite people", level: 1 }).waitFor();
  assert.ok(page.url().endsWith("/invite"));
  await main(page).getByText(/It sends no invitations and knows no accounts/).waitFor();
  await app.screenshot("invite");
  assert.deepEqual(await app.violations(), []);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize(PHONE);
  await app.screenshot("invite-phone-dark");
  assert.deepEqual(await app.violations(), []);
  for (const [link, heading] of [["Members", "Members"], ["You", "You"]]) {
    await app.open("/invite");
    await main(page).getByRole("link", { name: link, exact: true }).click();
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  }
});
