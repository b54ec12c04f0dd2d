// With a model: streaming, several calls, errors in words. The model is a script on the real wire.
import assert from "node:assert/strict";
import { READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { startModern, startPython } from "../servers/start.mjs";
import { PHONE, journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

journey("a model streams an answer, calls an action, is given its result and ends", async ({ app, network, keep }) => {
  const board = await keep(startModern());
  const model = await keep(startModel(({ results }) => (results.length === 0
    ? { say: "Let me look at the board.", calls: [["list_tickets", {}]] }
    : { say: "There is one ticket: the printer on floor 3 has no toner." }), { latency: 20 }));
  await app.connect({ name: "Board", url: board.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("what is on the board?");
  await app.says("List tickets", "Done");
  await app.log.getByText("There is one ticket").first().waitFor();
  await app.screenshot("model-turn");
  assert.equal(model.asked.length, 2);
  assert.ok(model.asked[1].results[0].includes("Printer on floor 3"), "the model was given the result");
  assert.equal(network.calls(board.origin).length, 1);
});

journey("X130 a model's key goes to the model's address only, a connector's header to its server only", async ({ app, network, keep }) => {
  const server = await keep(hostile({ tools: [tool("look_up", READ, { title: "Look up" })], call: () => text("found") }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["look_up", {}]] } : { say: "Found it." })));
  await app.connect({ name: "Locked", url: server.url, header: ["X-Api-Key", "canary-of-the-server"] });
  await app.chooseModel({ url: model.url, key: "canary-of-the-model" });
  await app.chat();
  await app.say("look it up");
  await app.log.getByText("Found it.").first().waitFor();
  const carries = (canary) => [...new Set(network.requests.filter((request) => JSON.stringify([request.headers, request.body, request.url]).includes(canary)).map((request) => new URL(request.url).origin))];
  assert.deepEqual(carries("canary-of-the-model"), [model.origin]);
  assert.deepEqual(carries("canary-of-the-server"), [server.origin]);
});

journey("X130 a model whose host is not on the workspace's list is neither saved, tried nor asked, and the words name who can change that", async ({ app, page, network, keep }) => {
  const model = await keep(startModel(() => ({ say: "Here I am." })));
  const asked = () => network.requests.filter((request) => new URL(request.url).origin === model.origin).length;
  await app.chooseModel({ url: model.url });
  await app.open("/workspace/members");
  await app.button("Add member").first().click();
  const dialog = page.getByRole("dialog", { name: "Add member" });
  await dialog.getByLabel("Name").fill("Ada");
  await app.button("Add member", dialog).click();
  await app.open("/workspace/domains");
  const models = page.locator("section").filter({ has: page.getByRole("heading", { name: "Models", exact: true }) });
  await models.getByLabel("Host for models", { exact: true }).fill("api.example.com");
  await app.button("Add host", models).click();
  await models.getByRole("heading", { name: "Allowed" }).waitFor();
  await app.screenshot("domains-models");
  const before = asked();
  const conversation = async (hint) => {
    await app.chat();
    await app.say("are you there?");
    await app.log.getByText(/is not on your workspace's list of hosts for models, so nothing was sent/).first().waitFor();
    await app.log.getByText(hint).first().waitFor();
  };
  await conversation(/allow it in Workspace settings, Domains, or choose another model/i);
  // Ada is told whom to ask, in the chat, by the test of a model and when she saves one.
  await app.open("/settings/you");
  await page.getByLabel(/^I am/).selectOption({ label: "Ada · Member" });
  await app.button("Use as this person").click();
  await page.getByText("You are somebody else now.").waitFor();
  await conversation(/ask You to allow it/i);
  await app.describeModel({ name: "Other", url: model.url });
  const lines = await app.testModel();
  assert.match(lines.join(" "), /not on your workspace's list of hosts for models.*Ask You to allow it/s);
  await app.button("Save model").click();
  await page.getByText(/is not on your workspace's list of hosts for models, so nothing was sent\. Ask You to allow it/).last().waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.open("/settings/models");
  assert.equal(await page.getByRole("radio", { name: /^Other/ }).count(), 0, "it was not saved");
  assert.equal(asked(), before, "nothing was sent");
});

journey("two connectors in one prompt with a model: the write waits for the person", async ({ app, network, keep }) => {
  const library = await keep(startPython());
  const board = await keep(startModern());
  const model = await keep(startModel(({ results }) => {
    if (results.length === 0) return { calls: [["find_book", { title: "Middlemarch" }]] };
    if (results.length === 1) return { calls: [["create_ticket", { title: "Buy more of George Eliot", priority: "low" }]] };
    return { say: "Both done." };
  }));
  await app.connect({ name: "Library", url: library.url });
  await app.connect({ name: "Board", url: board.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("who wrote Middlemarch? open a ticket to buy more of them");
  await app.says("Find a book", "Done");
  await app.decision.waitFor();
  assert.ok(!network.calls(board.origin).some((call) => call.name === "create_ticket"), "no write before the approval");
  const words = await app.decision.innerText();
  assert.ok(words.includes("Buy more of George Eliot"));
  await app.answer("Allow once");
  await app.log.getByText("Both done.").first().waitFor();
  assert.ok((await board.witness()).tickets.some((ticket) => ticket.title === "Buy more of George Eliot"));
});

journey("several calls of one answer each come back to the model", async ({ app, keep }) => {
  const server = await keep(hostile({ tools: [tool("read_a", READ, { title: "Read A" }), tool("read_b", READ, { title: "Read B" })], call: (name) => text(`result of ${name}`) }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["read_a", {}], ["read_b", {}]] } : { say: "Both read." })));
  await app.connect({ name: "Reader", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("read both");
  await app.log.getByText("Both read.").first().waitFor();
  assert.deepEqual(model.asked[1].results.map((result) => /result of (read_[ab])/.exec(result)?.[1]), ["read_a", "read_b"]);
});

for (const [status, message, words] of [[429, "Rate limited", /too many requests|rate limit|wait/i], [401, "Incorrect API key", /key/i], [500, "boom", /server error|failed|500|model/i]]) {
  journey(`a model that answers ${status} is explained in words, and the next try works`, async ({ app, keep }) => {
    let broken = true;
    const model = await keep(startModel(() => (broken ? { fail: status, message } : { say: "Back again." })));
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url });
    await app.chat();
    await app.say("hello");
    await app.log.getByText(words).first().waitFor({ timeout: 40_000 });
    await app.screenshot(`model-${status}`);
    broken = false;
    await assertSoon(() => app.message.isEditable(), "the composer is free again");
    await app.say("hello again");
    await app.log.getByText("Back again.").first().waitFor();
  });
}

journey("stopping a model's answer keeps what came and frees the composer", async ({ app, keep }) => {
  const model = await keep(startModel(() => ({ say: `Beginning. ${"and on and on ".repeat(400)}` }), { latency: 60, chunkSize: 20 }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("tell me a long story");
  await app.log.getByText("Beginning.").first().waitFor();
  await app.button("Stop").click();
  await app.button("Send").waitFor();
  const before = (await app.log.textContent()).length;
  await app.page.waitForTimeout(600);
  assert.equal((await app.log.textContent()).length, before, "nothing more comes");
});

journey("a denied call is told to the model as declined, not as failed", async ({ app, keep }) => {
  const server = await keep(hostile({ tools: [tool("post_message", WRITE, { title: "Post a message", inputSchema: strings("body") })] }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["post_message", { body: "hi" }]] } : { say: "As you wish." })));
  await app.connect({ name: "Forum", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("say hi");
  await app.answer("Deny");
  await app.log.getByText("As you wish.").first().waitFor();
  assert.match(model.asked[1].results[0], /declin/i);
  assert.doesNotMatch(model.asked[1].results[0], /failed/i);
});

journey("on a phone the head of a chat has room for its title, the context meter and the model, and nothing is wider than the window", async ({ app, page, keep }) => {
  const model = await keep(startModel(() => ({ say: "It is fine weather." })));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ name: "A model with quite a long name", url: model.url });
  await page.setViewportSize(PHONE);
  await app.chat();
  await app.say("What is the weather like in the place that I call home today?");
  await app.log.getByText("It is fine weather.").first().waitFor();
  await page.getByText(/^Context \d.* tokens$/).waitFor();
  /** The elements of the head that stand out of the window, by their text. */
  const outside = () => page.locator("header.chat-head").evaluate((head) => [head, ...head.querySelectorAll("h1, button, summary, details[open] > .meter-list")]
    .map((element) => ({ box: element.getBoundingClientRect(), text: element.textContent }))
    .filter(({ box }) => box.width > 0 && (box.left < 0 || box.right > innerWidth || box.width < 24))
    .map(({ box, text }) => `${text}: ${box.left} to ${box.right}`));
  assert.deepEqual(await outside(), []);
  await app.screenshot("chat-head-390");
  await page.getByText(/^Context \d.* tokens$/).click();
  await page.getByRole("group", { name: "What takes the context" }).waitFor();
  assert.deepEqual(await outside(), [], "with the list open");
  await app.screenshot("chat-head-meter-390");
  assert.deepEqual(await app.violations(), []);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${sideways} px too wide`);
});

journey("what a model had written when the page was reloaded is there after it, to the last word that was shown", async ({ app, page, keep }) => {
  const words = Array.from({ length: 900 }, (_, at) => `word${at}`).join(" ");
  const model = await keep(startModel(() => ({ say: words }), { latency: 40, chunkSize: 16 }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("count for me");
  await app.log.getByText(/word20 /).first().waitFor();
  // The last word may be cut; the one before it is whole.
  const shown = [...(await app.log.textContent()).matchAll(/word(\d+) /g)].at(-1)[0].trim();
  await page.reload();
  // Whichever came first: the end of the page, or the end of its requests.
  await app.log.getByText(/the page was closed before the answer was complete|the answer of .* broke off/i).first().waitFor();
  assert.ok((await app.log.textContent()).includes(`${shown} `), `${shown} is there`);
  assert.equal(model.asked.length, 1, "nothing was asked again");
  await app.ready();
  await app.button("Send").waitFor();
});
