// Servers that we did not write, over loopback and another origin: connect, ask, confirm, see it run.
import assert from "node:assert/strict";
import { startErrands, startEverything, startEverythingSse, startModern, startPython } from "../servers/start.mjs";
import { DESTROY, READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";
import { writeAfterApproval } from "./approval.mjs";

journey("server-everything over streamable HTTP: connect, confirm, run, reload", async (stage) => {
  const { app, page, network, keep } = stage;
  const server = await keep(startEverything());
  await app.connect({ name: "Everything", url: server.url });
  assert.ok((await page.getByRole("main").textContent()).includes("Dev"), "a draft is marked Dev");
  await app.screenshot("connector-everything");
  await app.chat();
  await app.propose("echo", { message: "hello from the page" }, "Echo Tool");
  if (await app.decision.isVisible()) await app.answer("Allow once");
  await app.says("Echo Tool", "Done");
  assert.ok((await app.card("Echo Tool").textContent()).includes("hello from the page"));
  assert.ok(network.methods(server.origin).includes("initialize"));
  await page.reload();
  await app.ready();
  await app.says("Echo Tool", "Done");
});

journey("server-everything over the legacy SSE transport", async ({ app, network, keep }) => {
  const server = await keep(startEverythingSse());
  await app.connect({ name: "Everything", url: server.url });
  await app.chat();
  await app.propose("echo", { message: "over the old wire" }, "Echo Tool");
  if (await app.decision.isVisible()) await app.answer("Allow once");
  await app.says("Echo Tool", "Done");
  assert.ok((await app.card("Echo Tool").textContent()).includes("over the old wire"));
  assert.ok(network.to(server.origin).some((request) => new URL(request.url).pathname === "/message"));
});

journey("MB003 an action of server-everything that must run as a task: how it is doing, a question in the middle, its result, and a cancel that ends it", async ({ app, network, keep }) => {
  const server = await keep(startEverything());
  await app.connect({ name: "Everything", url: server.url });
  await app.chat();
  const run = async (topic) => {
    await app.propose("simulate research query", { topic, ambiguous: true }, "Simulate Research Query");
    await app.decision.waitFor();
    await app.answer("Allow once");
  };
  const card = app.card("Simulate Research Query");
  const question = app.ask(new URL(server.url).host);
  await run("python");
  // The state of the task stands on the card for as long as the server wants to be left alone at least.
  await card.locator(".progress").filter({ hasText: /works on it as a task|Gathering|Analyzing/ }).waitFor();
  await question.waitFor();
  await app.fill(question, "Clarification", "Python snake species");
  await app.submit(question);
  await app.says("Simulate Research Query", "Research Report: python (snake)", 30_000);
  assert.ok(network.calls(server.origin).every((call) => call.task), "the call asked for a task");
  assert.ok(network.methods(server.origin).includes("tasks/result"));
  assert.equal(network.methods(server.origin).filter((method) => method === "tasks/cancel").length, 0);
  // The second one waits for the person, so that it is surely under way when it is cancelled.
  await run("rust");
  await question.waitFor();
  await app.button("Cancel", card).click();
  await app.says("Simulate Research Query", "Cancelled.");
  await question.waitFor({ state: "detached" });
  await assertSoon(() => network.methods(server.origin).filter((method) => method === "tasks/cancel").length === 1, "the task is cancelled with the server");
});

journey("MB003 a task goes on after a reload: the call is sent once, its result comes, and so does a cancel", async ({ app, page, network, keep }) => {
  const server = await keep(startErrands());
  await app.connect({ name: "Errands", url: server.url });
  await app.chat();
  const card = app.card("Run an errand");
  const run = async (what) => {
    await app.propose("run errand", { what }, "Run an errand");
    await app.answer("Allow once");
    await card.locator(".progress").filter({ hasText: "works on it as a task" }).waitFor();
  };
  const sent = async (method) => (await server.witness()).methods.filter((one) => one === method).length;
  await run("bread");
  await page.reload();
  await app.says("Run an errand", "Running");
  await server.finish();
  await app.says("Run an errand", "Fetched bread.", 30_000);
  assert.equal(await sent("tools/call"), 1, "it was sent once");
  await page.reload();
  await app.says("Run an errand", "Done");
  // Another one is given up by the page that did not begin it.
  await app.button("New chat").click();
  await run("milk");
  await page.reload();
  await app.says("Run an errand", "Running");
  await app.button("Cancel", card).click();
  await app.says("Run an errand", "Cancelled.");
  await assertSoon(async () => (await sent("tasks/cancel")) === 1, "the task is cancelled with the server");
  assert.equal(network.calls(server.origin).length, 2);
});

journey("a 2026-07-28 server: a write leaves the page only after the approval", async (stage) => {
  const { app, keep } = stage;
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  const call = await writeAfterApproval(stage, server, "create a ticket", { title: "The door squeaks" }, "Create a ticket");
  assert.equal(call.headers["mcp-protocol-version"], "2026-07-28");
  assert.equal(call.headers["mcp-method"], "tools/call");
  assert.equal(call.headers["mcp-name"], "create_ticket");
  const { seen, tickets } = await server.witness();
  assert.ok(tickets.some((ticket) => ticket.title === "The door squeaks"));
  assert.equal(seen.filter((each) => each.message.method === "initialize").length, 0, "no fallback was needed");
});

journey("S057 an action has prompts to try, one that names it, one that does not, and one that must not run it", async ({ app, page, keep }) => {
  const server = await keep(hostile({ tools: [tool("list_tickets", READ, { title: "List tickets" })], call: () => text("3 tickets") }));
  await app.connect({ name: "Desk", url: server.url });
  await app.openConnector("Desk", "Actions");
  const row = page.getByRole("listitem").filter({ has: page.getByRole("switch", { name: "List tickets" }) });
  await row.locator("summary").first().click();
  const prompts = row.getByRole("list").filter({ has: app.button("Copy direct prompt") }).getByRole("listitem");
  await prompts.first().waitFor();
  assert.deepEqual(await prompts.locator(".grow").allInnerTexts(), [
    "Use “List tickets” of Desk.",
    "I need something that does this: Does list tickets.",
    "What would “List tickets” of Desk do? Explain it, and do not use it.",
  ]);
  for (const button of ["Copy direct prompt", "Copy indirect prompt", "Copy prompt that must not run it"]) assert.equal(await app.button(button, row).count(), 1);
  // The direct one finds its action.
  await app.chat();
  await app.say("Use “List tickets” of Desk.");
  await app.suggestion.getByRole("heading", { name: "List tickets", exact: true }).waitFor();
});

journey("an action that says nothing about itself is treated as a write", async (stage) => {
  const { app, keep } = stage;
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  await writeAfterApproval(stage, server, "archive the board", {}, "Archive the board");
});

journey("a read runs without asking", async ({ app, network, keep }) => {
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  assert.ok((await app.card("List tickets").textContent()).includes("Printer on floor 3"));
  assert.equal(network.calls(server.origin).length, 1);
});

journey("MC020 one connection serves all conversations", async ({ app, keep }) => {
  const server = await keep(hostile({ tools: [tool("look_up", READ, { title: "Look up" })] }));
  await app.connect({ name: "Shared", url: server.url });
  // A page that is opened anew connects anew; from here on it is one page.
  await app.chat();
  const initialized = () => server.messages.filter((message) => message.method === "initialize").length;
  const before = initialized();
  for (const round of [1, 2]) {
    await app.propose("look up", {}, "Look up");
    await app.says("Look up", "Done");
    assert.equal(server.calls.length, round);
    await app.button("New chat").click();
    await app.ready();
  }
  assert.equal(initialized() - before, 1, "the second conversation found the connection of the first one");
});

journey("a server on the Python SDK: read, then a confirmed write", async (stage) => {
  const { app, keep } = stage;
  const server = await keep(startPython());
  await app.connect({ name: "Library", url: server.url });
  await app.chat();
  await app.propose("find a book", { title: "Middlemarch" }, "Find a book");
  await app.says("Find a book", "Done");
  assert.ok((await app.card("Find a book").textContent()).includes("George Eliot"));
  await writeAfterApproval(stage, server, "add a book", { title: "Emma", author: "Jane Austen" }, "Add a book");
});

journey("CT007 a call without a signal says so, and is given more time by a click", { timeout: 150_000 }, async ({ app, page, keep }) => {
  let answer;
  const held = new Promise((resolve) => { answer = resolve; });
  const server = await keep(hostile({ tools: [tool("dig", READ, { title: "Dig" })], call: async () => { await held; return text("Found it."); } }));
  await app.connect({ name: "Mine", url: server.url });
  await app.chat();
  await app.propose("dig", {}, "Dig");
  await app.says("Dig", "Running");
  const card = app.card("Dig");
  assert.equal(await app.button("Keep waiting", card).count(), 0, "nobody has to wait yet");
  await app.says("Dig", /No signal for \d+ s/, 60_000);
  await app.screenshot("silent");
  assert.deepEqual(await app.violations(), []);
  await app.button("Keep waiting", card).click();
  await page.getByText(new RegExp(`^${server.host} has another 2 min to give a signal\\.`)).first().waitFor();
  answer();
  await app.says("Dig", "Done");
  assert.equal(await app.button("Keep waiting", card).count(), 0);
});

journey("progress is shown while a call runs, and cancelling gives control back at once", async ({ app, keep }) => {
  const server = await keep(startModern());
  await app.connect({ name: "Board", url: server.url });
  await app.chat();
  await app.propose("count slowly", { to: 60, pause_ms: 400 }, "Count slowly");
  await app.says("Count slowly", /of 60/);
  await app.button("Cancel", app.card("Count slowly")).click();
  await app.says("Count slowly", "Cancelled");
  assert.ok(await app.message.isEditable());
});

// Questions over both ways a server can ask: rounds of one call, and a request on the call's stream.
const QUESTIONS = [
  {
    how: "2026-07-28 (input required)",
    start: startModern,
    action: "Book a room",
    given: { day: "Monday" },
    field: ["room", "Blue"],
    told: { Submit: /Booked Blue/, Decline: /decline/, Cancel: /cancel/ },
  },
  {
    how: "2026-07-28 (Python SDK)",
    start: startPython,
    action: "Issue a reader's card",
    given: {},
    field: ["Name", "Ada"],
    told: { Submit: /Card for Ada, 1 years/, Decline: /No card: decline/, Cancel: /No card: cancel/ },
  },
  {
    how: "2025-11-25 (request on the stream)",
    start: startEverything,
    action: "Trigger Elicitation Request Tool",
    given: {},
    field: ["String", "Ada"],
    // Its form says "do not give us your phone number, pin": a word that asks for the extra step (X80).
    secret: true,
    told: { Submit: /Ada/, Decline: /decline/i, Cancel: /cancel/i },
  },
];

for (const { how, start, action, given, field, secret, told } of QUESTIONS) {
  for (const way of ["Submit", "Decline", "Cancel"]) {
    journey(`a server's question is answered with ${way}: ${how}`, async ({ app, keep }) => {
      const server = await keep(start());
      await app.connect({ name: "Asks back", url: server.url });
      await app.chat();
      await app.propose(action.toLowerCase(), given, action);
      await app.answer("Allow once");
      const question = app.ask(server.origin.slice("http://".length));
      await question.waitFor();
      if (way === "Submit") {
        await app.fill(question, ...field);
        await app.screenshot(`question-${how.replace(/\W+/g, "-")}`);
        await app.button("Review answers", question).click();
        if (secret) await question.getByRole("checkbox", { name: /^I want/ }).check();
        await app.button("Submit", question).click();
      } else {
        await app.button(way, question).click();
      }
      await app.says(action, "Done");
      assert.match(await app.card(action).textContent(), told[way], "the server was told which of the three it was");
    });
  }
}

journey("X114 a server that dies in mid-stream leaves an unknown outcome and nothing is sent again", async ({ app, network, keep }) => {
  const server = await keep(hostile({
    tools: [tool("charge_card", WRITE, { title: "Charge the card", inputSchema: strings("amount") })],
    call: (name, given, exchange) => {
      exchange.stream().send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "working" } });
      setTimeout(() => exchange.die(), 300);
    },
  }));
  await app.connect({ name: "Till", url: server.url });
  await app.chat();
  await app.propose("charge the card", { amount: "12" }, "Charge the card");
  await app.answer("Allow once");
  await app.says("Charge the card", "Connection broke after sending. It may have happened.", 40_000);
  assert.equal(await app.button(/^Retry/, app.card("Charge the card")).count(), 0, "a write is never offered again");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(server.calls.length, 1, "it was sent once");
  assert.equal(network.calls(server.origin).length, 1);
});

journey("X116 a late answer after a cancel is thrown away and marked", async ({ app, keep }) => {
  let finish;
  const server = await keep(hostile({
    tools: [tool("bake_bread", WRITE, { title: "Bake bread" })],
    call: (name, given, exchange) => new Promise((resolve) => {
      exchange.stream().send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "kneading" } });
      finish = () => { exchange.send({ jsonrpc: "2.0", id: exchange.message.id, result: text("late bread") }); exchange.end(); resolve(); };
    }),
  }));
  await app.connect({ name: "Bakery", url: server.url });
  await app.chat();
  await app.propose("bake bread", {}, "Bake bread");
  await app.answer("Allow once");
  await app.says("Bake bread", "Running");
  await app.button("Cancel", app.card("Bake bread")).click();
  await app.says("Bake bread", "Cancelled");
  finish();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.ok(!(await app.log.textContent()).includes("late bread"));
});

journey("X08 a server that refuses web pages is named as such, with what to add, and nothing else is asked to help", async ({ app, keep, network }) => {
  const server = await keep(startModern("--no-cors"));
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Closed", url: server.url });
  await app.button("Scan").click();
  await app.checklist.getByText(/does not let web pages talk to it/).first().waitFor();
  const words = await app.page.getByRole("main").textContent();
  assert.match(words, /Access-Control-Allow-Origin/);
  assert.ok(words.includes(server.origin.slice(7)), "the host is named");
  await app.screenshot("cors-refused");
  assert.equal(await app.canCreate(), false);
  assert.deepEqual(network.foreign(), [server.origin], "only the server itself was asked");
});

journey("an address where nothing answers is told from one that refuses", async ({ app }) => {
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Nobody", url: "http://127.0.0.1:9/mcp" });
  await app.button("Scan").click();
  await app.checklist.getByText(/127\.0\.0\.1:9/).first().waitFor();
  assert.doesNotMatch(await app.checklist.textContent(), /does not let web pages/);
});

journey("a server with 1,000 actions is scanned, read and used", async ({ app, page, keep, t }) => {
  const server = await keep(startModern("--many", "1000"));
  const from = performance.now();
  await app.connect({ name: "Crowd", url: server.url });
  t.diagnostic(`measured adding a connector with 1,000 actions: ${Math.round(performance.now() - from)} ms`);
  assert.match(await page.getByRole("main").textContent(), /1[,  \u202f]?000/);
  await app.openTab("Actions");
  await page.getByText("Action 1", { exact: true }).first().waitFor();
  assert.ok((await page.getByRole("switch").count()) < 300, "only what can be seen is in the page");
  await app.screenshot("crowd");
  await app.chat();
  await app.propose("action 777 looks up item", { item: "a needle" }, "Action 777");
  await app.says("Action 777", "Done");
  assert.ok((await app.card("Action 777").textContent()).includes("action_0777 looked up a needle"));
});

journey("two connectors in one prompt, one result feeding the next, without a model", async (stage) => {
  const { app, network, keep } = stage;
  const library = await keep(startPython());
  const board = await keep(startModern());
  await app.connect({ name: "Library", url: library.url });
  await app.connect({ name: "Board", url: board.url });
  await app.chat();
  await app.say("find a book Middlemarch then create a ticket");
  await app.runSuggestion({ title: "Middlemarch" }, "Find a book");
  await app.says("Find a book", "Done");
  // The second step offers what the first one found.
  await app.runSuggestion({ title: { pick: /George Eliot/ } }, "Create a ticket");
  await app.decision.waitFor();
  const words = await app.decision.textContent();
  assert.ok(words.includes("George Eliot"), "the value is shown");
  assert.ok(words.includes(library.origin.slice(7)), "X75 where it came from is shown");
  assert.equal(network.calls(board.origin).length, 0);
  await app.answer("Allow once");
  await app.says("Create a ticket", "Done");
  assert.ok((await board.witness()).tickets.some((ticket) => ticket.title.includes("George Eliot")));
});

journey("a destructive action of a server asks with its verb", async (stage) => {
  const { app, keep } = stage;
  const server = await keep(hostile({ tools: [tool("delete_order", DESTROY, { title: "Delete order", inputSchema: strings("number") }), tool("see_order", READ)] }));
  await app.connect({ name: "Shop", url: server.url });
  await app.chat();
  await writeAfterApproval(stage, server, "delete order", { number: "18204" }, "Delete order", "Delete order");
});
