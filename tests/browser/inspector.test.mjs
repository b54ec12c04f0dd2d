// The inspector: what goes over the wire of real servers of both eras, requests by hand through the gate, and no secret.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { appServer, page as appPage } from "../servers/apps.mjs";
import { READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startEverything, startEverythingSse, startModern } from "../servers/start.mjs";
import { DESKTOP, PHONE, journey } from "./harness.mjs";
import { ANN, BOB, annAndBob, noSecrets, opens, section, throughItsPages } from "./signing.mjs";
import { assertSoon } from "./soon.mjs";

const run = promisify(execFile);

/** The inspector in the words of a person. */
class Inspector {
  constructor({ app, page }) {
    this.app = app;
    this.page = page;
    this.main = page.getByRole("main");
  }

  /** Goes there and anywhere by the links of the page: what was recorded is gone when the page is loaded again. */
  async go(tab = "Protocol", connection = null) {
    const rail = this.page.locator("#rail");
    const back = rail.getByRole("link", { name: "Back to chat" });
    if (await back.count()) await back.click();
    await rail.getByRole("link", { name: /^Inspector/ }).click();
    await this.main.getByRole("heading", { level: 1, name: "Inspector" }).waitFor();
    if (connection) await this.connection(connection).click();
    await this.tab(tab);
  }

  async tab(name) { await this.main.getByRole("navigation", { name: "Inspector" }).getByRole("link", { name, exact: true }).click(); }
  connection(name) { return this.main.getByRole("navigation", { name: "Connections" }).getByRole("link", { name: new RegExp(`^${name}`) }); }

  async chat() {
    await this.app.button("New chat").click();
    await this.app.ready();
  }

  get list() { return this.main.getByRole("listbox"); }
  rows(words) { return this.list.getByRole("option").filter({ hasText: words }); }
  detail(name) { return this.main.getByRole("region", { name, exact: true }); }

  async look(words, which = "first") {
    await this.rows(words)[which]().click();
  }

  /** Chooses what the runner is to ask for. */
  async choose(request, which = null) {
    await this.page.getByLabel("Request", { exact: true }).selectOption({ label: request });
    if (which) await this.page.getByLabel("Which", { exact: true }).selectOption({ label: which });
  }

  async run() { await this.app.button("Run request").first().click(); }
  get answer() { return this.main.getByRole("region", { name: "Answer", exact: true }); }

  /** Saves what was recorded and reads it. */
  async export() {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.app.button("Export recording").click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }
}

const ERAS = [
  ["of 2024", startEverythingSse, /2024-11-05/, "legacy"],
  ["of 2025", startEverything, /2025-/, "legacy"],
];

/** Has the board book a room, which it asks for in a question of its own. */
async function bookAttic({ app, page }, inspector) {
  await inspector.tab("Run");
  await inspector.choose("Action", "Book a room");
  await app.fill(inspector.main, "day", "Monday");
  await inspector.run();
  await app.answer("Allow once");
  const question = page.getByRole("group", { name: /^Question from/ });
  await question.waitFor();
  await app.fill(question, "room", "Attic");
  await app.submit(question);
  await inspector.answer.getByText(/Booked Attic/).first().waitFor();
}

for (const [era, start, revision, word] of ERAS) {
  journey(`inspector: a conversation with a server ${era} is on the wire, in pairs, with times`, async (stage) => {
    const { app, keep } = stage;
    const server = await keep(start());
    const inspector = new Inspector(stage);
    await app.connect({ name: "Everything", url: server.url });
    // The page of the connector read from the server; a page that is loaded anew has no connection yet.
    await app.open("/settings/you");
    await inspector.go();
    await inspector.chat();
    await app.propose("echo", { message: "seen on the wire" }, "Echo Tool");
    if (await app.decision.isVisible()) await app.answer("Allow once");
    await app.says("Echo Tool", "Done");
    await inspector.go("Protocol", "Everything");
    const entry = await inspector.connection("Everything").textContent();
    assert.match(entry, revision);
    assert.ok(entry.includes(word), entry);
    const request = inspector.rows("tools/call echo").filter({ hasText: "request" });
    const answer = inspector.rows("tools/call echo").filter({ hasText: "answer" });
    await request.waitFor();
    await answer.waitFor();
    assert.match(await request.textContent(), /\d\d:\d\d:\d\d\.\d{3}.*→.*\d m?s/, "time, direction and duration");
    assert.match(await answer.textContent(), /←/);
    await request.click();
    assert.ok((await inspector.detail("Message").textContent()).includes("seen on the wire"));
    await app.button("Show answer").click();
    await inspector.detail("Message").getByRole("heading", { name: "answer tools/call echo" }).waitFor();
    assert.equal(await answer.getAttribute("aria-selected"), "true");
    // The whole way is there, from the handshake on.
    assert.ok((await inspector.rows("initialize").filter({ hasText: "request" }).count()) > 0);
    assert.ok((await inspector.rows("notifications/initialized").count()) > 0);
    if (era === "of 2025") assert.equal(await inspector.rows("unreadable").count(), 0, "an event that only names a place in the stream is no message");
    // Narrowing down.
    await app.page.getByRole("searchbox", { name: "Search messages" }).fill("seen on the wire");
    await assertSoon(async () => (await inspector.list.getByRole("option").count()) === 2, "the two messages that hold the words are shown");
    await app.page.getByLabel("Which messages").selectOption({ label: "To the server" });
    await assertSoon(async () => (await inspector.list.getByRole("option").count()) === 1, "one of them went to the server");
    // The stream that brought the answer.
    await app.page.getByLabel("Which messages").selectOption({ label: "From the server" });
    await inspector.look("tools/call echo");
    await app.button("Show exchange").click();
    const exchange = inspector.detail("Exchange");
    await exchange.getByText("Events of the stream").waitFor();
    assert.ok((await exchange.getByRole("region", { name: "Events" }).textContent()).includes("answer tools/call echo"));
  });
}

journey("inspector: a call of another conversation is followed while it runs, and pausing records nothing", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startModern());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: server.url });
  await inspector.go();
  await inspector.chat();
  await app.propose("count slowly", { to: 100, pause_ms: 700 }, "Count slowly");
  await app.says("Count slowly", "counted to");
  await inspector.go();
  const request = inspector.rows("tools/call count_slowly").filter({ hasText: "request" });
  await request.filter({ hasText: "no answer yet" }).waitFor();
  const progress = inspector.rows("notifications/progress");
  await progress.first().waitFor();
  const before = await progress.last().getAttribute("data-row");
  await assertSoon(async () => (await progress.last().getAttribute("data-row")) !== before, "more progress comes in, and the list follows it");
  await page.getByLabel("Which messages").selectOption({ label: "Requests" });
  await request.filter({ hasText: "no answer yet" }).waitFor();
  await app.button("Pause recording").click();
  await page.getByText("Paused. Nothing is recorded.").waitFor();
  const { seen } = await server.witness();
  // Requests that go out while it is paused are not there.
  await inspector.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  assert.ok((await server.witness()).seen.length > seen.length, "something went over the wire");
  await inspector.go();
  // Opening the page goes on recording.
  await page.getByText("Recording. It goes on while you are on other pages.").waitFor();
  assert.equal(await inspector.rows("list_tickets").count(), 0);
  // The call that still runs goes on sending; it asked before.
  await page.getByLabel("Which messages").selectOption({ label: "Requests" });
  await app.button("Clear recording").click();
  await page.getByText(/^0 of \d+ messages/).waitFor();
});

journey("inspector: a write by hand asks, a denied one never leaves, and a read runs at once, on the current era", async (stage) => {
  const { app, page, network, keep } = stage;
  const server = await keep(startModern());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: server.url });
  await inspector.go("Run", "Board");
  assert.ok((await inspector.connection("Board").textContent()).includes("Board"));
  await inspector.choose("Action", "Create a ticket");
  await page.getByText("asks you before it is sent").waitFor();
  await app.fill(inspector.main, "title", "By hand");
  await inspector.run();
  await app.decision.waitFor();
  assert.equal(network.calls(server.origin).length, 0, "nothing left before the answer");
  await app.answer("Deny");
  await inspector.answer.getByText(/nothing was sent/i).waitFor();
  assert.equal(network.calls(server.origin).length, 0, "a denied call never leaves");
  await inspector.run();
  await app.answer("Allow once");
  await inspector.answer.getByText(/^Answered after/).waitFor();
  assert.equal(network.calls(server.origin).length, 1);
  assert.equal(network.calls(server.origin)[0].arguments.title, "By hand");
  await inspector.choose("Action", "List tickets");
  await page.getByText("only reads").waitFor();
  await inspector.run();
  await inspector.answer.getByText("By hand").first().waitFor();
  assert.equal(await app.decision.count(), 0, "a read asks nobody");
  // What the current era puts into headers.
  await inspector.tab("Network");
  await inspector.look("tools/call create_ticket", "last");
  const headers = await inspector.detail("Exchange").textContent();
  assert.match(headers, /mcp-method\s*tools\/call/i);
  assert.match(headers, /mcp-name\s*create_ticket/i);
  // The rounds of one call belong together.
  await bookAttic(stage, inspector);
  await inspector.tab("Protocol");
  await page.getByLabel("Which messages").selectOption({ label: "Requests" });
  await inspector.look("tools/call book_room", "last");
  await app.button("Show first round").click();
  assert.equal(await inspector.rows("tools/call book_room").first().getAttribute("aria-selected"), "true");
});

journey("inspector: a recorded request is made again and its answers are compared by path", async (stage) => {
  const { app, page, network, keep } = stage;
  const server = await keep(startModern());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: server.url });
  await inspector.go();
  await inspector.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  await inspector.go("Run", "Board");
  await inspector.choose("Action", "Create a ticket");
  await app.fill(inspector.main, "title", "Between the two");
  await inspector.run();
  await app.answer("Allow once");
  await inspector.answer.waitFor();
  await inspector.tab("Protocol");
  await page.getByLabel("Which messages").selectOption({ label: "Requests" });
  // A write that is made again asks again.
  await inspector.look("tools/call create_ticket");
  await app.button("Replay request").click();
  await app.decision.waitFor();
  await app.answer("Deny");
  await inspector.answer.getByText(/nothing was sent/i).waitFor();
  assert.equal(network.calls(server.origin).filter((call) => call.name === "create_ticket").length, 1);
  await inspector.tab("Protocol");
  await page.getByLabel("Which messages").selectOption({ label: "Requests" });
  await inspector.look("tools/call list_tickets");
  await app.button("Replay request").click();
  await inspector.answer.getByText(/^Answered after/).waitFor();
  assert.equal(network.calls(server.origin).filter((call) => call.name === "list_tickets").length, 2);
  await page.getByRole("link", { name: "Compare with the recorded answer" }).click();
  const differences = inspector.detail("Differences");
  await differences.getByRole("row").filter({ hasText: "/structuredContent/tickets/1" }).filter({ hasText: "only in the second" }).waitFor();
  assert.ok((await differences.textContent()).includes("Between the two"));
});

journey("inspector: a request copied as cURL runs against the server, on both eras", async (stage) => {
  const { app, page, network, keep } = stage;
  const [modern, everything] = [await keep(startModern()), await keep(startEverything())];
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: modern.url });
  await app.connect({ name: "Everything", url: everything.url });
  const curl = async (connection, action, fields = {}) => {
    await inspector.go("Run", connection);
    await inspector.choose("Action", action);
    for (const [label, value] of Object.entries(fields)) await app.fill(inspector.main, label, value);
    await inspector.run();
    await assertSoon(async () => (await app.decision.isVisible()) || (await inspector.answer.isVisible()), "it asks or answers");
    if (await app.decision.isVisible()) await app.answer("Allow once");
    await inspector.answer.waitFor();
    await inspector.tab("Network");
    await inspector.look("tools/call", "last");
    await page.getByText("Show as cURL").click();
    return page.locator("pre.curl").textContent();
  };
  const list = await curl("Board", "List tickets");
  assert.ok((await run("bash", ["-c", `${list} --silent`])).stdout.includes("Printer on floor 3"));
  const quoted = await curl("Everything", "Echo Tool", { message: "it's $HOME" });
  const [sent] = network.calls(everything.origin).slice(-1);
  const session = sent.headers["mcp-session-id"];
  assert.ok(session && !quoted.includes(session), "the id of the session is not in it");
  assert.ok(quoted.includes('"$MCP_SESSION_ID"'), quoted);
  const { stdout } = await run("bash", ["-c", `${quoted} --silent --max-time 10`], { env: { ...process.env, MCP_SESSION_ID: session } });
  assert.ok(stdout.includes("it's $HOME"), stdout);
});

journey("inspector: prompts, resources, completion and ping by hand, and requests that are kept", async (stage) => {
  const { app, page, network, keep } = stage;
  const server = await keep(startEverything());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Everything", url: server.url });
  await inspector.go("Run", "Everything");
  await inspector.choose("Prompt");
  await inspector.choose("Prompt", "args-prompt");
  await app.fill(inspector.main, "city", "Lisbon");
  await app.field("Name of the request").fill("Weather in Lisbon");
  await app.button("Save request").click();
  await page.getByRole("heading", { name: "Weather in Lisbon" }).waitFor();
  await inspector.run();
  await inspector.answer.getByText(/Lisbon/).first().waitFor();
  await inspector.choose("Resource");
  await page.getByLabel("Which", { exact: true }).selectOption({ index: 0 });
  await inspector.run();
  await inspector.answer.getByText(/contents/).first().waitFor();
  await inspector.choose("Completion");
  await inspector.choose("Completion", "completable-prompt");
  await app.fill(inspector.main, "Argument", "department");
  await inspector.run();
  await inspector.answer.getByText(/Engineering/).first().waitFor();
  await inspector.choose("Ping");
  await inspector.run();
  await inspector.answer.getByText(/^Answered after/).waitFor();
  const methods = network.methods(server.origin);
  for (const method of ["prompts/get", "resources/read", "completion/complete", "ping"]) {
    assert.equal(methods.filter((each) => each === method).length, 1, method);
  }
  // A secret is not kept.
  await inspector.choose("Action", "Echo Tool");
  await app.fill(inspector.main, "message", "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB");
  await app.field("Name of the request").fill("With a secret");
  await app.button("Save request").click();
  await page.getByText(/looks like a GitHub token, and secrets are not kept/).waitFor();
  assert.ok(!(await app.kept()).includes("ghp_0123456789"));
  // What was kept is there after a reload, and an address that leads here asks the server for nothing (X07).
  const before = network.to(server.origin).length;
  await page.reload();
  await page.getByRole("heading", { name: "Weather in Lisbon" }).waitFor();
  assert.equal(network.to(server.origin).length, before, "the page that was opened sent nothing");
  await app.button("Run request Weather in Lisbon").click();
  await inspector.answer.getByText(/Lisbon/).first().waitFor();
  await app.button("Delete request Weather in Lisbon").click();
  await page.getByText("None is saved for this connection.").waitFor();
});

journey("x21 inspector: a token is nowhere in the views, the export or a copied line, also when the server sends it back", async (stage) => {
  const { app, page, keep } = stage;
  const canary = "canary-7f3a-in-the-coal-mine";
  const server = await keep(hostile({
    tools: [tool("whoami", READ)],
    call: (name, args, exchange) => {
      exchange.response.setHeader("X-Echo", exchange.request.headers.authorization);
      return { ...text(`You came with ${exchange.request.headers.authorization}`), structuredContent: { [canary]: exchange.request.headers.authorization, token: "an ordinary word" } };
    },
    http: (request, response) => { response.setHeader("Access-Control-Expose-Headers", "Mcp-Session-Id, X-Echo"); return false; },
  }));
  const inspector = new Inspector(stage);
  await app.connect({ name: "Vault", url: server.url, header: ["Authorization", `Bearer ${canary}`] });
  await inspector.go("Run", "Vault");
  await inspector.choose("Action", "whoami");
  await inspector.run();
  await inspector.answer.getByText(/You came with/).first().waitFor();
  assert.ok(server.requests.some((request) => request.headers.authorization === `Bearer ${canary}`), "the server got the token");
  const clean = async (where) => assert.ok(!(await page.content()).includes(canary), `the token is in the page: ${where}`);
  await clean("the answer");
  await inspector.tab("Protocol");
  for (const row of await inspector.rows(/./).all()) {
    await row.click();
    await clean("a message");
  }
  await page.getByRole("searchbox", { name: "Search messages" }).fill(canary);
  await page.getByText(/^0 of \d+ messages/).waitFor();
  await page.getByRole("searchbox", { name: "Search messages" }).fill("");
  await inspector.tab("Network");
  await inspector.look("tools/call", "last");
  await page.getByText("Show as cURL").click();
  const line = await page.locator("pre.curl").textContent();
  assert.ok(line.includes(`'authorization: Bearer '"$AUTHORIZATION"`) || line.includes(`'Authorization: Bearer '"$AUTHORIZATION"`), line);
  await clean("an exchange");
  const file = await inspector.export();
  assert.ok(!file.includes(canary), "the token is in the export");
  const lines = file.trim().split("\n").map((each) => JSON.parse(each));
  assert.equal(lines[0].kind, "countersign.inspector");
  assert.ok(lines.some((each) => each.kind === "message" && each.method === "tools/call" && JSON.stringify(each.message).includes("You came with Bearer ••••".replace("Bearer ", ""))) || file.includes("••••"), "what was covered is marked");
  assert.ok(lines.some((each) => each.kind === "exchange" && each.requestHeaders.some(([name, value]) => /^authorization$/i.test(name) && value === "Bearer ••••")));
  // While nothing is recorded the token stays covered in what is shown.
  await app.button("Pause recording").click();
  await inspector.tab("Run");
  await inspector.run();
  await inspector.answer.getByText(/You came with/).first().waitFor();
  await clean("an answer while paused");
});

journey("inspector: another revision of the protocol is chosen for a connection, and what it chose is on record", async (stage) => {
  const { app, page, network, keep } = stage;
  const [board, strict] = [await keep(startModern()), await keep(startModern("--strict"))];
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: board.url });
  await app.connect({ name: "Strict", url: strict.url });
  await inspector.go("Run", "Board");
  const choice = page.getByLabel("Protocol revision");
  const list = async () => {
    await inspector.choose("Action", "List tickets");
    await inspector.run();
    await inspector.answer.getByText(/^Answered after/).waitFor();
  };
  const speaks = (name, words) => inspector.connection(name).filter({ hasText: words }).waitFor();
  await list();
  await speaks("Board", /2026-07-28.*current/);
  assert.ok(!network.methods(board.origin).includes("initialize"), "what it found out has no handshake");
  await choice.selectOption({ label: "2025-06-18 (legacy)" });
  await speaks("Board", /2025-06-18.*legacy/);
  assert.ok(network.methods(board.origin).includes("initialize"));
  await list();
  await inspector.tab("Network");
  await inspector.look("tools/call", "last");
  assert.match(await inspector.detail("Exchange").textContent(), /mcp-protocol-version\s*2025-06-18/i);
  // Another server is not concerned, and one that does not speak a revision says so.
  await inspector.connection("Strict").click();
  assert.equal(await choice.inputValue(), "");
  await choice.selectOption({ label: "2025-11-25 (legacy)" });
  await page.locator(".toasts").getByText(new RegExp(strict.origin.slice("http://".length).replaceAll(".", "\\."))).first().waitFor();
  await assertSoon(async () => (await choice.inputValue()) === "2025-11-25", "what was chosen is shown");
  await choice.selectOption({ label: "Found out by itself" });
  await speaks("Strict", /2026-07-28.*current/);
  // What is part of this page has no choice.
  await inspector.connection("Guide").click();
  await assertSoon(async () => (await choice.count()) === 0, "there is none for the Guide");
  await app.open("/workspace/audit/activity");
  await page.getByText("protocol revision chosen in the inspector").first().waitFor();
  // The page was loaded anew and keeps to the choice; the connector's page says so, and undoes it.
  await inspector.go("Run", "Board");
  await assertSoon(async () => (await choice.inputValue()) === "2025-06-18", "it is kept");
  await app.openConnector("Board", "Overview");
  const chosen = page.getByText("You chose MCP 2025-06-18 for this connection in the inspector. A newer one protects more");
  await chosen.waitFor();
  await page.getByText("connected, MCP 2025-06-18", { exact: true }).first().waitFor();
  await app.button("Find the revision out").click();
  await page.getByText("connected, MCP 2026-07-28", { exact: true }).first().waitFor();
  await assertSoon(async () => (await chosen.count()) === 0, "nothing is chosen any more");
});

journey("inspector: a recording comes from a file, is only looked at, and a file that is none is refused", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startModern());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: server.url });
  await inspector.go("Run", "Board");
  await inspector.choose("Action", "List tickets");
  await inspector.run();
  await inspector.answer.getByText(/^Answered after/).waitFor();
  const file = await inspector.export();
  await app.button("Clear recording").click();
  const take = async (text) => {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), app.button("Import recording").click()]);
    await chooser.setFiles({ name: "recording.jsonl", mimeType: "application/jsonl", buffer: Buffer.from(text) });
  };
  await take("{}\n");
  await page.getByText(/Line 1 of the file has no usable kind/).waitFor();
  await take(file.replace('"direction":"to server"', '"direction":"sideways"'));
  await page.getByText(/has no usable direction/).waitFor();
  const banner = page.getByText(/^This is a recording from a file, exported/);
  assert.equal(await banner.count(), 0, "nothing was imported");
  const { seen } = await server.witness();
  // A file that somebody wrote may hold what the export would have covered.
  await take(file.replace("Printer on floor 3 is out of toner", "<img src=x onerror=alert(1)> ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"));
  await banner.waitFor();
  await page.getByText("Close the imported recording to send requests.").waitFor();
  await inspector.tab("Protocol");
  await inspector.look("tools/call list_tickets", "last");
  const detail = inspector.detail("Message");
  await detail.getByText(/<img src=x/).first().waitFor();
  assert.ok(!(await page.content()).includes("ghp_0123456789"), "it is covered");
  assert.equal(await page.locator("main img").count(), 0);
  await app.button("Show request").click();
  await detail.getByRole("heading", { name: /^request tools\/call/ }).waitFor();
  for (const never of ["Replay request", "Copy as cURL"]) assert.equal(await app.button(never).count(), 0, never);
  await inspector.tab("Network");
  await inspector.look("tools/call", "last");
  await inspector.detail("Exchange").getByRole("heading", { name: /^POST/ }).waitFor();
  await app.screenshot("inspector-imported");
  assert.deepEqual(await app.violations(), []);
  assert.equal((await server.witness()).seen.length, seen.length, "nothing was sent");
  await app.button("Close imported recording").click();
  await page.getByText("No exchange to show.").waitFor();
  assert.equal(await banner.count(), 0);
});

journey("x21 inspector: a covered value is shown for a moment after a click, and that is on record; tokens stay covered", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(hostile({
    tools: [tool("read_shelf", READ, { inputSchema: strings("passphrase", "access_token") })],
    call: () => text("A shelf."),
  }));
  const inspector = new Inspector(stage);
  await app.connect({ name: "Vault", url: server.url });
  await inspector.go("Run", "Vault");
  await inspector.choose("Action", "read_shelf");
  await app.fill(inspector.main, "passphrase", "open sesame");
  await app.fill(inspector.main, "access_token", "an ordinary word");
  await inspector.run();
  await inspector.answer.getByText("A shelf.").first().waitFor();
  await inspector.tab("Protocol");
  await inspector.rows("tools/call read_shelf").filter({ hasText: "request" }).click();
  const covered = page.getByRole("list", { name: "Covered values" });
  await covered.getByText("/params/arguments/passphrase").waitFor();
  assert.equal(await covered.getByRole("listitem").count(), 1, "a token has no button");
  assert.ok(!(await page.content()).includes("open sesame"));
  const show = app.button("Show value of /params/arguments/passphrase");
  await page.clock.install();
  await show.click();
  await covered.getByText("open sesame").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("inspector-veiled");
  await app.button("Cover value of /params/arguments/passphrase").click();
  await show.waitFor();
  assert.ok(!(await page.content()).includes("open sesame"));
  // By itself after the moment.
  await show.click();
  await covered.getByText("open sesame").waitFor();
  await page.clock.fastForward(31_000);
  await show.waitFor();
  assert.ok(!(await page.content()).includes("open sesame"));
  assert.ok(!(await inspector.export()).includes("open sesame"));
  assert.ok(!(await app.kept()).includes("open sesame"));
  await app.open("/workspace/audit/activity");
  await page.getByText("a covered value was shown in the inspector").first().waitFor();
  assert.ok((await page.content()).includes("/params/arguments/passphrase of tools/call read_shelf"));
});

journey("inspector: questions and logs of servers have tabs of their own, in every era", async (stage) => {
  const { app, page, keep } = stage;
  const board = await keep(startModern());
  const old = await keep(hostile({
    tools: [tool("talk", READ)],
    call: (name, args, exchange) => {
      exchange.stream();
      exchange.send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "warning", logger: "pump", data: "the pressure falls" } });
      exchange.send({ jsonrpc: "2.0", id: exchange.message.id, result: text("All said.") });
      exchange.end();
    },
  }));
  const inspector = new Inspector(stage);
  await app.connect({ name: "Board", url: board.url });
  await app.connect({ name: "River", url: old.url });
  await inspector.go("Logs", "River");
  await page.getByText("No server has logged anything yet.").waitFor();
  await inspector.tab("Run");
  await inspector.choose("Action", "talk");
  await inspector.run();
  await inspector.answer.getByText("All said.").first().waitFor();
  await inspector.tab("Logs");
  await inspector.rows("warning · pump · the pressure falls").click();
  await inspector.detail("Message").getByText(/pressure/).first().waitFor();
  await inspector.connection("Board").click();
  await bookAttic(stage, inspector);
  await inspector.tab("Questions");
  await inspector.rows("tools/call book_room: accept").filter({ hasText: "request" }).waitFor();
  assert.equal(await inspector.list.getByRole("option").count(), 2, "the question and its answer");
  await app.screenshot("inspector-questions");
  assert.deepEqual(await app.violations(), []);
});

journey("inspector: a call that becomes a task is followed in a tab of its own, to what came of it", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startEverything());
  const inspector = new Inspector(stage);
  await app.connect({ name: "Everything", url: server.url });
  await inspector.go("Tasks", "Everything");
  await page.getByText("No call has become a task yet.").waitFor();
  await inspector.tab("Run");
  await inspector.choose("Action", "Simulate Research Query");
  await app.fill(inspector.main, "topic", "python");
  await inspector.run();
  await app.answer("Allow once");
  await inspector.answer.getByText(/Research Report: python/).first().waitFor({ timeout: 60_000 });
  await inspector.tab("Tasks");
  await inspector.rows("tasks/get · completed").first().waitFor();
  await inspector.rows("tasks/result").filter({ hasText: "request" }).waitFor();
  await app.screenshot("inspector-tasks");
  const search = page.getByLabel("Search messages");
  await search.fill("initialize");
  await page.getByText("No message fits.").waitFor();
  // The answer to the call is the first of them, and out of sight in a long list.
  await search.fill("tools/call");
  await inspector.rows("tools/call simulate-research-query · working").waitFor();
  assert.deepEqual(await app.violations(), []);
});

journey("inspector: what an app says and hears has a tab of its own, frame by frame and nothing before its call is allowed; the wire is as it was written", { expected: [/Content Security Policy/, /sandbox/i] }, async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(appServer({
    html: appPage(`await start(); await report("shown");`),
    tools: [tool("edit_page", WRITE, { title: "Edit the page", inputSchema: strings("title", "passphrase"), _meta: { ui: { resourceUri: "ui://hostile/page" } } })],
    call: (name, given, exchange) => {
      exchange.stream();
      exchange.raw(`event: message\ndata: { "jsonrpc":"2.0",  "id": ${exchange.message.id}, "result": {"content":[{"type":"text","text":"\\u0065dited"}]} }\n\n`);
      exchange.end();
    },
  }));
  const inspector = new Inspector(stage);
  await app.connect({ name: "Pages", url: server.url });
  await inspector.go("Apps", "Pages");
  await page.getByText(/^No app has said anything yet/).waitFor();
  await inspector.chat();
  await app.propose("edit the page", { title: "Mine", passphrase: "open sesame" }, "Edit the page");
  await app.decision.waitFor();
  assert.equal(await page.locator("iframe").count(), 0, "nothing is shown before the call is allowed");
  await app.answer("Allow once");
  await assertSoon(() => server.reports().length === 1, "the app runs", 20_000);
  await app.propose("show the page", {}, "Show the page");
  await assertSoon(() => server.reports().length === 2, "so does another", 20_000);
  await inspector.go("Apps", "Pages");
  const which = page.getByLabel("Which app");
  await assertSoon(async () => (await which.locator("option").count()) === 3, "two frames are told apart");
  await which.selectOption({ index: 1 });
  await page.getByText(/^\d+ of \d+ messages$/).waitFor();
  await inspector.rows("ui/initialize").filter({ hasText: "request" }).filter({ hasText: "←" }).waitFor();
  await inspector.rows("ui/initialize").filter({ hasText: "answer" }).filter({ hasText: "→" }).waitFor();
  const said = await inspector.list.getByRole("option").allTextContents();
  const at = (words) => said.findIndex((line) => line.includes(words));
  assert.ok(at("ui/notifications/initialized") < at("ui/notifications/tool-input") && at("ui/notifications/tool-input") < at("ui/notifications/tool-result"), said.join("\n"));
  assert.equal(at("tool-input-partial"), -1);
  assert.ok(said.every((line) => line.includes("edit_page")), "they are of one app");
  await inspector.look("ui/notifications/tool-input");
  const detail = inspector.detail("Message");
  await detail.getByText(/Mine/).first().waitFor();
  assert.ok(!(await page.content()).includes("open sesame"), "what is called like a secret is covered");
  assert.equal(await app.button("Show exchange").count(), 0, "it is in no exchange");
  await page.getByLabel("Which messages").selectOption({ label: "From the app" });
  await assertSoon(async () => (await inspector.rows("tool-input").count()) === 0, "only what it said");
  await inspector.rows("tools/call report").waitFor();
  await app.screenshot("inspector-apps");
  assert.deepEqual(await app.violations(), []);
  // None of it is among the messages of the server, which are shown as they were written.
  await inspector.tab("Protocol");
  await inspector.rows("tools/call edit_page").filter({ hasText: "answer" }).click();
  assert.equal(await inspector.rows("ui/").count(), 0);
  await detail.getByText(/"text": "edited"/).waitFor();
  await app.button("Wire", detail).click();
  await detail.getByText(/^\{ "jsonrpc":"2.0", {2}"id": .*\\u0065dited"\}\]\} \}$/).waitFor();
  // The same of a request by hand.
  await inspector.tab("Run");
  await inspector.choose("Action", "Edit the page");
  await app.fill(inspector.main, "title", "By hand");
  await app.fill(inspector.main, "passphrase", "open sesame");
  await inspector.run();
  await app.answer("Allow once");
  await inspector.answer.getByText("edited").first().waitFor();
  await app.button("Wire", inspector.answer).click();
  await inspector.answer.getByText(/\\u0065dited/).waitFor();
});

journey("inspector: requests go out as the account that is chosen, and a sign-in is seen without its secrets", async (stage) => {
  const { app, page } = stage;
  const server = await annAndBob(stage);
  const inspector = new Inspector(stage);
  await inspector.go("Run", "Guarded");
  const account = page.getByLabel("Account", { exact: true });
  assert.deepEqual(await account.locator("option").allTextContents(), ["All accounts", ANN, BOB]);
  await inspector.choose("Action", "List tickets");
  await inspector.run();
  await inspector.answer.getByText(new RegExp(`as ${ANN}`)).waitFor();
  assert.equal(server.calls.at(-1).who, "ann", "the usual account");
  await account.selectOption({ label: BOB });
  await inspector.run();
  await inspector.answer.getByText(new RegExp(`as ${BOB}`)).waitFor();
  assert.equal(server.calls.at(-1).who, "bob", "the one that was chosen");
  await inspector.tab("Protocol");
  const calls = inspector.rows("tools/call list_tickets");
  await assertSoon(async () => (await calls.count()) === 2, "only what Bob sent and got");
  await account.selectOption({ label: "All accounts" });
  await assertSoon(async () => (await calls.count()) === 4, "of both");
  // What is sent again is sent as who sent it.
  await calls.filter({ hasText: BOB }).filter({ hasText: "request" }).click();
  await app.button("Replay request").click();
  await inspector.answer.getByText(new RegExp(`as ${BOB}`)).waitFor();
  assert.deepEqual(server.calls.map((call) => call.who), ["ann", "bob", "bob"]);

  await inspector.tab("Sign-in");
  await page.getByText(/^No request of a sign-in was seen yet/).waitFor();
  await page.getByRole("link", { name: "Show how the sign-in was checked" }).click();
  const popup = await opens(stage, "Sign in again", section(page, BOB));
  await popup.waitForURL(`${server.issuer}/**`);
  await throughItsPages(popup, "bob");
  await section(page, BOB).getByText(`Signed in at ${server.issuer}`).waitFor();
  await inspector.go("Sign-in", "Guarded");
  await inspector.look("token request");
  const exchange = inspector.detail("Exchange");
  const sent = await exchange.getByRole("region", { name: "Request body" }).textContent();
  assert.match(sent, /grant_type=authorization_code/);
  assert.match(sent, /(^|&)code=••••/);
  assert.match(sent, /code_verifier=••••/);
  assert.match(await exchange.getByRole("region", { name: "Response body" }).textContent(), /"access_token":\s*"••••"/);
  assert.equal(await app.button("Copy as cURL").count(), 0, "it is no request to make again");
  await app.screenshot("inspector-sign-in");
  assert.deepEqual(await app.violations(), []);
  const file = await inspector.export();
  assert.ok(file.includes("token request"));
  for (const secret of server.secrets) assert.ok(!file.includes(secret), "a secret is in the file");
  await noSecrets(app, server);
});

journey("inspector: 10,000 messages are a list that stays quick", { timeout: 180_000 }, async (stage) => {
  const { app, page, keep, t } = stage;
  const server = await keep(hostile({
    tools: [tool("flood", READ)],
    call: async (name, args, exchange) => {
      exchange.stream();
      for (let n = 0; n < 11_000; n += 1) {
        exchange.send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: `line ${n}` } });
        if (n % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      exchange.send({ jsonrpc: "2.0", id: exchange.message.id, result: text("All said.") });
      exchange.end();
    },
  }));
  const inspector = new Inspector(stage);
  await app.connect({ name: "River", url: server.url });
  await inspector.go("Run", "River");
  await inspector.choose("Action", "flood");
  await inspector.run();
  await inspector.answer.getByText("All said.").first().waitFor({ timeout: 120_000 });
  await inspector.tab("Protocol");
  // The oldest have left: what is kept is bounded.
  await page.getByText(/^10000 messages$/).waitFor();
  assert.ok((await inspector.list.getByRole("option").count()) < 80, "only what is seen is drawn");
  const scrolled = await inspector.list.evaluate(async (list) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const times = [];
    for (let step = 0; step < 40; step += 1) {
      const began = performance.now();
      list.scrollTop = (list.scrollHeight * step) / 40;
      await frame();
      await frame();
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[20];
  });
  t.diagnostic(`a jump through 10,000 messages: ${scrolled.toFixed(1)} ms (median of two frames)`);
  await inspector.list.focus();
  await page.keyboard.press("End");
  // Its request is among the oldest, which have left.
  await inspector.rows("answer").and(inspector.list.locator('[aria-selected="true"]')).waitFor();
  await page.getByRole("searchbox", { name: "Search messages" }).fill("line 10777");
  await page.getByText(/^1 of 10000 messages$/).waitFor();
});

journey("inspector: developer mode is the way in, and the keyboard is enough", async (stage) => {
  const { app, page } = stage;
  const inspector = new Inspector(stage);
  await app.open("/inspect");
  await page.getByText("Developer mode is off for you.").waitFor();
  assert.equal(await page.locator("#rail").getByRole("link", { name: /^Inspector/ }).count(), 0);
  await app.turnOnDeveloperMode({ thisMachine: false });
  await app.open("/inspect/notebook?tab=run");
  await inspector.run();
  await inspector.answer.waitFor();
  await inspector.tab("Protocol");
  await inspector.list.focus();
  await page.keyboard.press("Home");
  await inspector.detail("Message").waitFor();
  const first = await inspector.list.locator('[aria-selected="true"]').getAttribute("data-row");
  await page.keyboard.press("ArrowDown");
  const second = await inspector.list.locator('[aria-selected="true"]').getAttribute("data-row");
  assert.ok(Number(second) > Number(first));
  assert.equal(await inspector.list.getAttribute("aria-activedescendant"), `row-${second}`);
  await page.keyboard.press("Tab");
  const focused = await page.evaluate(() => document.activeElement.closest("section")?.getAttribute("aria-label"));
  assert.equal(focused, "Message", "the next stop is what can be done with the message");
});

for (const colorScheme of ["light", "dark"]) {
  journey(`inspector: axe finds nothing in its tabs, and a phone has room for them, in ${colorScheme}`, { colorScheme }, async (stage) => {
    const { app, page, keep } = stage;
    const server = await keep(startModern());
    const inspector = new Inspector(stage);
    await app.connect({ name: "Board", url: server.url });
    await inspector.go("Run", "Board");
    await inspector.choose("Action", "Create a ticket");
    await app.fill(inspector.main, "title", "Paper jam");
    await inspector.run();
    await app.answer("Allow once");
    await inspector.answer.waitFor();
    await inspector.choose("Action", "List tickets");
    await app.field("Name of the request").fill("Everything open");
    await app.button("Save request").click();
    await page.getByRole("heading", { name: "Everything open" }).waitFor();
    await inspector.run();
    await inspector.answer.getByText("Paper jam").first().waitFor();
    const looksWell = async (name) => {
      await app.screenshot(`inspector-${name}-${colorScheme}`);
      assert.deepEqual(await app.violations(), [], name);
      await page.setViewportSize(PHONE);
      await app.screenshot(`inspector-${name}-${colorScheme}-phone`);
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(sideways <= 0, `${name} is ${sideways} px too wide for a phone`);
      assert.deepEqual(await app.violations(), [], `${name} on a phone`);
      await page.setViewportSize(DESKTOP);
    };
    await looksWell("run");
    await inspector.tab("Protocol");
    await inspector.look("tools/call list_tickets", "last");
    await inspector.detail("Message").waitFor();
    await looksWell("protocol");
    await app.button("Compare answer").click();
    await page.getByLabel("First answer").selectOption({ index: 2 });
    await page.getByLabel("Second answer").selectOption({ index: 1 });
    await inspector.detail("Differences").waitFor();
    await looksWell("compare");
    await inspector.tab("Network");
    await inspector.look("tools/call list_tickets", "last");
    await page.getByText("Show as cURL").click();
    await looksWell("network");
  });
}
