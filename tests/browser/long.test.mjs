// Long work: conversations of thousands of messages, answers that stream, large results, and what they cost the page.
// Each journey prints what it measured. Times are the thread's own, so that a busy machine makes a task wait and not
// longer; still, in a suite a limit stands above its budget by what other work on the same processor costs in caches.
// `cargo xtask bench chat` runs them all, and there the budgets themselves are the limits.
import assert from "node:assert/strict";
import { READ, hostile, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";
import { answerOver, busyDuring, memory, tasksDuring } from "./tasks.mjs";

/** Tracing needs a Chromium of its own. */
const alone = { chromium: async () => ({ args: ["--js-flags=--expose-gc"] }), timeout: 180_000 };
const told = (t, what) => t.diagnostic(`measured ${what}`);
const longest = (tasks) => tasks[0] ?? 0;
const over = (tasks, limit) => tasks.filter((time) => time > limit).length;
/** Fails where `cost` is above its `budget`; in a suite, where it is above what a busy machine is allowed. */
const within = (cost, budget, allowed, what) => {
  const limit = process.env.COUNTERSIGN_BUDGETS ? budget : allowed;
  assert.ok(cost <= limit, `${cost.toFixed(1)} ${what}, and at most ${limit} are allowed`);
};

/** Writes a conversation into the store of the page, as an earlier visit would have left it. */
async function keepConversation(page, { id, title, messages }) {
  await page.evaluate(async ({ id, title, messages }) => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const database = await done(indexedDB.open("countersign"));
    const transaction = database.transaction(["conversations", "items"], "readwrite");
    const at = Date.now() - messages * 1000;
    const head = { id, title, renamed: true, created_at: at, updated_at: at + messages * 1000, connectors: [], items: [] };
    transaction.objectStore("conversations").put(JSON.stringify(head), id);
    const items = transaction.objectStore("items");
    for (let n = 0; n < messages; n += 1) {
      const answer = `Answer ${n + 1} has **bold** words, \`code\` and a [link](https://example.com/${n}).\n\n- one of ${n + 1}\n- two of ${n + 1}\n\n${"It goes on for a while, as answers do. ".repeat(1 + (n % 7))}`;
      const body = n % 2 === 0 ? { kind: "said", text: `Message ${n + 1}: and what then?` } : { kind: "answer", text: answer, done: true, model: "Script" };
      items.put(JSON.stringify({ id: `i-${n}`, at: at + n * 1000, body }), `${id}/${String(n).padStart(6, "0")}`);
    }
    await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onerror = () => reject(transaction.error); });
    database.close();
  }, { id, title, messages });
}

/** Presses a link of the page and says how many ms later a text stands in the log. */
function openedAfter(page, title, words) {
  return page.evaluate(({ title, words }) => new Promise((resolve) => {
    const link = [...document.querySelectorAll("nav a")].find((one) => one.textContent.includes(title));
    const begun = performance.now();
    const look = () => {
      const log = document.querySelector('[role="log"]');
      const last = log && [...log.querySelectorAll("article")].at(-1);
      if (last?.textContent.includes(words)) resolve(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    link.click();
    look();
  }), { title, words });
}

journey("WI31 long work: what streaming costs the page for each 1 KB of text", { sharedWorker: true }, async ({ app, page, keep, t }) => {
  const paragraph = "A paragraph with **bold** words, `code` and a [link](https://example.com/), as models write them. ";
  const long = Array.from({ length: 100 }, (_, at) => `## Part ${at}\n\n${paragraph.repeat(4)}\n\n- one\n- two\n`).join("\n");
  const model = await keep(startModel(({ said }) => ({ say: said.includes("long") ? `${long}\n\nThe end of it.` : "short" }), { chunkSize: 24, latency: 1 }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("something short first, so that everything is loaded");
  await app.log.getByText("short", { exact: true }).first().waitFor();
  await app.message.fill("and now a long one");
  const cost = await busyDuring(page, async () => {
    const { over } = await answerOver(page);
    await app.button("Send").click();
    await over;
  }) / (long.length / 1024);
  told(t, `streaming ${(long.length / 1024).toFixed(0)} KB in pieces of 24 letters: ${cost.toFixed(2)} ms of main-thread time for each KB (budget 5)`);
  await app.log.getByText("The end of it.").waitFor();
  assert.equal(await app.log.getByText(/^Part \d+$/).count(), 100, "nothing is lost or doubled");
  within(cost, 5, 40, "ms for each KB");
});

journey("SP01 long work: a conversation of 5,000 messages opens, scrolls and keeps its place, with few of them on the page", alone, async ({ app, page, t }) => {
  await app.chat();
  await keepConversation(page, { id: "c-long", title: "A long talk", messages: 5_000 });
  await page.reload();
  await app.ready();
  await page.mouse.move(200, 300);
  await app.conversations.getByText("A long talk").waitFor();
  let opened;
  const opening = await tasksDuring(page, async () => { opened = await openedAfter(page, "A long talk", "Answer 5000"); });
  told(t, `in Chromium ${page.context().browser().version()}`);
  told(t, `5,000 messages opened after ${opened.toFixed(0)} ms (budget 1000); longest task ${longest(opening).toFixed(0)} ms, ${over(opening, 50)} over 50 ms`);
  const thread = page.getByRole("region", { name: "Thread" });
  const articles = () => app.log.getByRole("article").count();
  const atEnd = () => thread.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2);
  await assertSoon(atEnd, "it opens at its end");
  assert.ok(await articles() < 200, `${await articles()} messages are drawn`);
  const last = app.log.getByRole("article").last();
  assert.equal(await last.getAttribute("aria-posinset"), "5000");
  assert.equal(await last.getAttribute("aria-setsize"), "5000");

  const scrolling = await tasksDuring(page, async () => {
    await thread.hover();
    for (let turn = 0; turn < 60; turn += 1) {
      await page.mouse.wheel(0, -700);
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    for (const part of [0.5, 0.1, 0.9, 0.3]) {
      await thread.evaluate((element, part) => { element.scrollTop = element.scrollHeight * part; }, part);
      for (let frame = 0; frame < 12; frame += 1) await page.evaluate(() => new Promise(requestAnimationFrame));
    }
  });
  told(t, `scrolled through them: longest task ${longest(scrolling).toFixed(0)} ms, ${over(scrolling, 50)} over 50 ms (budget: none)`);
  assert.ok(await articles() < 200, `${await articles()} messages are drawn`);

  // What is read stays where it is while what stands above it is drawn.
  const seen = await thread.evaluate(async (element) => {
    const frame = () => new Promise(requestAnimationFrame);
    element.scrollTop = element.scrollHeight / 2;
    // Between two messages is air.
    const middle = () => { const box = element.getBoundingClientRect(); return [0, 30, 60].flatMap((below) => document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2 + below)).map((one) => one.closest("article")).find(Boolean); };
    let article = null;
    for (let tries = 0; tries < 100 && !article; tries += 1) { await frame(); article = middle(); }
    for (let frames = 0; frames < 30; frames += 1) await frame();
    article = middle() ?? article;
    const before = article.getBoundingClientRect().top;
    for (let frames = 0; frames < 30; frames += 1) await frame();
    const settled = article.getBoundingClientRect().top;
    element.scrollTop -= 3_000;
    for (let frames = 0; frames < 30; frames += 1) await frame();
    element.scrollTop += 3_000;
    for (let frames = 0; frames < 30; frames += 1) await frame();
    return { before, settled, there: article.isConnected, again: article.getBoundingClientRect().top };
  });
  assert.ok(Math.abs(seen.before - seen.settled) < 2, `what is read does not move: ${JSON.stringify(seen)}`);

  // By keyboard alone.
  await thread.focus();
  await page.keyboard.press("Home");
  await app.log.getByText("Message 1: and what then?", { exact: true }).waitFor();
  assert.equal(await app.log.getByRole("article").first().getAttribute("aria-posinset"), "1");
  await app.screenshot("long-thread-top");
  assert.deepEqual(await app.violations(), []);
  await app.button("Go to the end").click();
  await assertSoon(atEnd, "it is at its end again");
  await app.screenshot("long-thread-end");
  within(opened, 1_000, 10_000, "ms until it was open");
  within(longest(scrolling), 50, 150, "ms for a task while scrolling");
});

journey("SP02 long work: after a long conversation was closed its memory is free for the next", alone, async ({ app, page, t }) => {
  await app.chat();
  for (const id of ["one", "two", "three"]) await keepConversation(page, { id: `c-${id}`, title: `Talk ${id}`, messages: 2_000 });
  await page.reload();
  await app.ready();
  await page.mouse.move(200, 300);
  const visit = async (name) => {
    await app.conversations.getByText(`Talk ${name}`).waitFor();
    await openedAfter(page, `Talk ${name}`, "Answer 2000");
    await app.button("New chat").click();
    await assertSoon(async () => (await page.locator(".stretch").count()) === 0, "the conversation is closed");
  };
  await visit("one");
  const first = await memory(page);
  for (const name of ["two", "three", "one", "two"]) await visit(name);
  const later = await memory(page);
  const mb = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  told(t, `memory after one conversation of 2,000 messages ${mb(first.scripts)} MB of scripts and ${mb(first.wasm)} MB of WebAssembly, after four more ${mb(later.scripts)} and ${mb(later.wasm)}`);
  assert.ok(later.wasm <= first.wasm * 1.25, "WebAssembly's memory is used again");
  assert.ok(later.scripts < first.scripts + 4 * 1024 * 1024, "nothing of a closed conversation is kept");
});

journey("SP03 long work: a long block of code and a long list stream in at the cost of what is new", { sharedWorker: true }, async ({ app, page, keep, t }) => {
  const code = Array.from({ length: 900 }, (_, at) => `let value_${at} = compute(${at});`).join("\n");
  const list = Array.from({ length: 500 }, (_, at) => `- Entry ${at} with **bold** words`).join("\n");
  const says = { code: `\`\`\`rust\n${code}\n\`\`\`\n\nThe end of the code.`, list: `${list}\n\nThe end of the list.` };
  const model = await keep(startModel(({ said }) => ({ say: says[said] ?? "short" }), { chunkSize: 24, latency: 1 }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("something short first, so that everything is loaded");
  await app.log.getByText("short", { exact: true }).first().waitFor();
  const costs = {};
  for (const [name, said] of Object.entries(says)) {
    await app.message.fill(name);
    const cost = costs[name] = await busyDuring(page, async () => {
      const { over } = await answerOver(page);
      await app.button("Send").click();
      await over;
    }) / (said.length / 1024);
    told(t, `${name} of ${(said.length / 1024).toFixed(0)} KB: ${cost.toFixed(2)} ms of main-thread time for each KB (budget 5)`);
    await app.log.getByText(`The end of the ${name}.`).waitFor();
  }
  const pre = app.log.getByRole("group", { name: "Code, rust" });
  assert.equal((await pre.innerText()).trim(), code, "nothing of the code is lost or doubled");
  assert.equal(await app.log.getByRole("listitem").filter({ hasText: /^Entry \d+ with bold words$/ }).count(), 500);
  for (const [name, cost] of Object.entries(costs)) within(cost, 5, 60, `ms for each KB of ${name}`);
});

journey("SP04 long work: ten streaming calls at once all end, and the page answers meanwhile", alone, async ({ app, page, keep, t }) => {
  const names = Array.from({ length: 10 }, (_, at) => `read_${at}`);
  // Two servers, as a browser opens six connections to one host. No call ends before all ten have come.
  let came = 0;
  let all;
  const together = new Promise((resolve) => { all = resolve; });
  const half = (from) => hostile({
    tools: names.slice(from, from + 5).map((name) => tool(name, READ, { title: `Read ${name.slice(5)}` })),
    call: async (name, _, exchange) => {
      exchange.stream();
      came += 1;
      if (came === names.length) all();
      await together;
      for (let step = 1; step <= 20; step += 1) {
        exchange.send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: exchange.message.params._meta.progressToken, progress: step, total: 20, message: `step ${step}` } });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      exchange.send({ jsonrpc: "2.0", id: exchange.message.id, result: text(`result of ${name}`) });
      exchange.end();
    },
  });
  const servers = [await keep(half(0)), await keep(half(5))];
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: names.map((name) => [name, {}]) } : { say: `All ${results.length} came.` })));
  await app.connect({ name: "Desk", url: servers[0].url });
  await app.connect({ name: "Shelf", url: servers[1].url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  const tasks = await tasksDuring(page, async () => {
    await app.say("read all ten");
    await app.log.getByText("All 10 came.").first().waitFor({ timeout: 60_000 });
  });
  told(t, `ten streaming calls at once: longest task ${longest(tasks).toFixed(0)} ms, ${over(tasks, 50)} over 50 ms`);
  assert.deepEqual(model.asked[1].results.map((result) => /result of (read_\d)/.exec(result)?.[1]).sort(), names);
  assert.ok(longest(tasks) < 400, `a task of ${longest(tasks)} ms`);
});

journey("SP05 long work: a result of 5 MB is there whole, a part at a time, and says how much there is", alone, async ({ app, page, keep, t }) => {
  const line = "A line of a large result, as a log or a table gives it. ";
  const large = line.repeat(Math.ceil((5 * 1024 * 1024) / line.length));
  const server = await keep(hostile({ tools: [tool("read_log", READ, { title: "Read the log" })], call: () => text(large) }));
  await app.connect({ name: "Logs", url: server.url });
  await app.chat();
  await app.say("read the log");
  await app.suggestion.waitFor();
  const tasks = await tasksDuring(page, async () => {
    await app.button("Run action", app.suggestion).click();
    await app.button(/^Open the result, 5/).waitFor({ timeout: 60_000 });
  });
  told(t, `a result of 5 MB: longest task ${longest(tasks).toFixed(0)} ms, ${over(tasks, 50)} over 50 ms (budget: none)`);
  const drawing = await tasksDuring(page, async () => {
    await app.button(/^Open the result, 5/).click();
    await app.log.getByText("A line of a large result").first().waitFor();
  });
  told(t, `opening it: longest task ${longest(drawing).toFixed(0)} ms, ${over(drawing, 50)} over 50 ms`);
  await app.log.getByText(/not shown here; they are in the JSON/).waitFor();

  // In the other two views as much is on the page as was asked for.
  const result = app.log.getByRole("group", { name: /^Result from/ });
  const left = async (button) => Number((await button.innerText()).replaceAll(/\D/g, ""));
  const costs = {};
  const during = async (what, work) => {
    const tasks = await tasksDuring(page, work);
    costs[what] = longest(tasks);
    told(t, `${what}: longest task ${longest(tasks).toFixed(0)} ms, ${over(tasks, 50)} over 50 ms`);
  };
  const folded = result.getByRole("button", { name: /more characters$/ });
  await during("its JSON", async () => {
    await app.button("JSON", result).click();
    await result.getByText("content", { exact: true }).click();
    await result.locator("summary").filter({ hasText: "2 fields" }).click();
    await folded.waitFor();
  });
  const hidden = await left(folded);
  assert.ok(hidden > large.length - 1_000 && hidden < large.length, `${hidden} of ${large.length} characters are folded`);
  await during("more of its JSON", async () => {
    await folded.click();
    await assertSoon(async () => (await left(folded)) < hidden, "more is shown");
  });
  const more = hidden - (await left(folded));
  assert.ok(more > 10_000 && more < 100_000, `${more} more characters were shown at once`);
  assert.equal((await result.locator(".leaf").filter({ hasText: "A line" }).innerText()).slice(0, more).trimEnd(), large.slice(0, more).trimEnd(), "in one piece");
  const rest = result.getByRole("button", { name: /^Show more, .* left$/ });
  await during("its wire text", async () => {
    await app.button("Wire", result).click();
    await rest.waitFor();
  });
  const untold = await left(rest);
  await during("more of its wire text", async () => {
    await rest.click();
    await assertSoon(async () => (await left(rest)) < untold, "more is shown");
  });
  assert.ok((await result.locator("pre").innerText()).length < 200_000, "what was not asked for is not on the page");
  for (const [what, cost] of Object.entries(costs)) within(cost, 50, 300, `ms for a task for ${what}`);
  within(longest(tasks), 50, 500, "ms for a task while it comes");
  within(longest(drawing), 50, 500, "ms for a task while it is opened");
});

journey("SP06 long work: a stream of 20 MB never keeps the page from answering", alone, async ({ app, page, keep, t }) => {
  const filler = "x".repeat(2_000);
  const server = await keep(hostile({
    tools: [tool("read_feed", READ, { title: "Read the feed" })],
    call: async (_, __, exchange) => {
      exchange.stream();
      for (let sent = 0; sent < 20 * 1024 * 1024; sent += 2_100) {
        const note = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: filler } };
        const line = `event: message\ndata: ${JSON.stringify(note)}\n\n`;
        if (!exchange.response.write(line)) await new Promise((resolve) => exchange.response.once("drain", resolve));
      }
      exchange.send({ jsonrpc: "2.0", id: exchange.message.id, result: text("the end of the feed") });
      exchange.end();
    },
  }));
  await app.connect({ name: "Feed", url: server.url });
  await app.chat();
  await app.say("read the feed");
  await app.suggestion.waitFor();
  const tasks = await tasksDuring(page, async () => {
    await app.button("Run action", app.suggestion).click();
    await app.log.getByText("the end of the feed").waitFor({ timeout: 120_000 });
  });
  told(t, `a stream of 20 MB: longest task ${longest(tasks).toFixed(0)} ms, ${over(tasks, 50)} over 50 ms (budget: none)`);
  within(longest(tasks), 50, 300, "ms for a task");
});
