// Models on all five wires: tools, thinking, waiting, stopping, keys, and the test of a set-up. What a page sent is in the
// journal of the model.
import assert from "node:assert/strict";
import { READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { WIRES, startFront, startKeyMaker, startModel } from "../servers/model.mjs";
import { DESKTOP, PHONE, fromTheInternet, journey, site } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const desk = () => hostile({
  tools: [
    tool("read_a", READ, { title: "Read A" }),
    tool("read_b", READ, { title: "Read B" }),
    tool("post_note", WRITE, { title: "Post a note", inputSchema: strings("body") }),
  ],
  call: (name) => text(`result of ${name}`),
});

for (const wire of Object.keys(WIRES)) {
  journey(`WI13 ${wire}: two reads at once, a write through the gate, thinking folded, the answer`, async ({ app, network, keep }) => {
    const server = await keep(desk());
    const model = await keep(startModel(({ results }) => {
      if (results.length === 0) return { think: "I should read both.", say: "Reading.", calls: [["read_a", {}], ["read_b", {}]] };
      if (results.length === 2) return { think: "Now I can post.", calls: [["post_note", { body: "from A and B" }]] };
      return { say: "All done on this wire." };
    }, { wire }));
    await app.connect({ name: "Desk", url: server.url });
    await app.chooseModel({ url: model.url, wire, key: "canary-of-the-key", model: "m-1" });
    await app.chat();
    await app.say("read both and post a note");
    await app.decision.waitFor();
    assert.ok(!network.calls(server.origin).some((call) => call.name === "post_note"), "no write before the approval");
    await app.answer("Allow once");
    await app.log.getByText("All done on this wire.").first().waitFor();
    assert.deepEqual(network.calls(server.origin).map((call) => call.name).sort(), ["post_note", "read_a", "read_b"]);
    assert.equal(model.asked.length, 3);
    assert.deepEqual(model.asked[1].results.map((result) => /result of (read_[ab])/.exec(result)?.[1]).sort(), ["read_a", "read_b"]);
    assert.match(model.asked[2].results.at(-1), /result of post_note/);
    const sent = model.journal().filter((entry) => entry.method === "POST");
    assert.equal(sent.length, 3, "the journal has what was sent, and no more");
    const offered = model.asked.map((one) => one.offered);
    assert.deepEqual(offered[1], offered[0], "the tools in one order");
    const posts = network.to(model.origin).filter((request) => request.method === "POST");
    for (const post of posts) assert.ok(JSON.stringify(post.headers).includes("canary-of-the-key"));
    assert.ok(!posts.some((post) => (post.url + post.body).includes("canary-of-the-key")), "the key is in its header only");
    // Of chat completions the model that follows the script thinks only where it says nothing.
    const thoughts = wire === "OpenAI chat completions" ? ["Now I can post."] : ["I should read both.", "Now I can post."];
    for (const words of thoughts) {
      const thought = app.log.locator("details").filter({ hasText: words });
      assert.equal(await thought.evaluate((element) => element.open), false, "thinking is folded");
    }
    const last = JSON.parse(posts[2].body);
    if (wire === "Anthropic Messages") {
      for (const post of posts) {
        assert.equal(post.headers["anthropic-dangerous-direct-browser-access"], "true");
        assert.equal(post.headers["anthropic-version"], "2023-06-01");
      }
      const blocks = JSON.parse(posts[1].body).messages.find((message) => message.role === "assistant").content;
      assert.deepEqual(blocks.map((block) => block.type), ["thinking", "text", "tool_use", "tool_use"]);
      assert.ok(blocks[0].signature.length > 0, "the thought goes back with its signature");
      assert.equal(blocks[0].thinking, "I should read both.");
    }
    if (wire === "Gemini") assert.ok(posts[0].url.endsWith("/v1beta/models/m-1:streamGenerateContent?alt=sse"));
    if (wire === "Ollama") {
      assert.ok(posts[0].url.endsWith("/api/chat"));
      const thinking = last.messages.filter((message) => message.role === "assistant").map((message) => message.thinking);
      assert.deepEqual(thinking, ["I should read both.", "Now I can post."], "thinking goes back");
    }
    if (wire === "OpenAI chat completions") {
      const reasoned = last.messages.filter((message) => message.role === "assistant").map((message) => message.reasoning_content);
      assert.equal(reasoned.at(-1), "Now I can post.", "reasoning goes back with the call");
    }
    if (wire === "OpenAI Responses") {
      assert.equal(JSON.parse(posts[0].body).store, false);
      const kinds = last.input.map((item) => item.type ?? item.role);
      assert.deepEqual(kinds, [
        "user", "reasoning", "assistant", "function_call", "function_call", "function_call_output", "function_call_output",
        "reasoning", "function_call", "function_call_output",
      ]);
      for (const item of last.input) if (item.type === "reasoning") assert.ok(item.encrypted_content.length > 0, "reasoning goes back encrypted");
    }
  });

  journey(`WI14 ${wire}: stopping in the middle keeps what came, and nothing more comes`, async ({ app, keep }) => {
    const model = await keep(startModel(() => ({ say: `Beginning. ${"and on and on ".repeat(300)}` }), { wire, latency: 40, chunkSize: 16 }));
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url, wire });
    await app.chat();
    await app.say("tell me a long story");
    await app.log.getByText("Beginning.").first().waitFor();
    await app.button("Stop").click();
    await app.button("Send").waitFor();
    const before = await app.log.textContent();
    await app.page.waitForTimeout(500);
    assert.equal(await app.log.textContent(), before);
    assert.ok(before.length < 3_000, "it was stopped in the middle");
  });
}

journey("WI15 an answer without a word says so, and the model can be asked again", async ({ app, keep }) => {
  let times = 0;
  const model = await keep(startModel(() => ({ say: (times += 1) === 1 ? "" : "Here I am." })));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("are you there?");
  await app.log.getByText("The model answered without a word.").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.button("Ask the model again").click();
  await app.log.getByText("Here I am.").first().waitFor();
  assert.equal(times, 2);
});

journey("WI16 a model that is asked again after a reload gets what it thought back, signed and with its call", async ({ app, network, keep }) => {
  const server = await keep(desk());
  let down = true;
  const model = await keep(startModel(({ results }) => {
    if (results.length === 0) return { think: "I should read.", say: "Reading.", calls: [["read_a", {}]] };
    return down ? { fail: 401, message: "Not now" } : { say: "All done after the reload." };
  }, { wire: "Anthropic Messages" }));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url, wire: "Anthropic Messages", model: "m-1" });
  await app.chat();
  await app.say("read it");
  await app.button("Ask the model again").waitFor();
  down = false;
  await app.page.reload();
  await app.button("Ask the model again").click();
  await app.log.getByText("All done after the reload.").first().waitFor();
  const [refused, again] = network.to(model.origin).filter((request) => request.method === "POST").slice(-2).map((post) => JSON.parse(post.body).messages);
  assert.deepEqual(again, refused, "it is told what it was told before");
  const blocks = again.find((message) => message.role === "assistant").content;
  assert.deepEqual(blocks.map((block) => block.type), ["thinking", "text", "tool_use"]);
  assert.ok(blocks[0].signature.length > 0, "the thought is signed");
});

journey("WI10 a provider without time is asked again after what it says, and the person sees why nothing happens", async ({ app, keep }) => {
  let times = [];
  const model = await keep(startModel(() => {
    times.push(Date.now());
    return times.length === 1 ? { fail: 429, message: "Rate limited", retryAfter: 3 } : { say: "Now there is time." };
  }));
  const front = await keep(startFront(model.origin, "Retry-After"));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: `${front.origin}/v1` });
  await app.chat();
  await app.say("hello");
  await app.log.getByText("asked again in 3 s").waitFor();
  await app.log.getByText("Now there is time.").first().waitFor();
  assert.equal(times.length, 2);
  assert.ok(times[1] - times[0] >= 2_900, `${times[1] - times[0]} ms`);
  times = [0];
});

/** What a model says that can do everything that the test of a set-up asks of it. */
const capable = ({ said, offered, named }) => (offered.length ? { calls: [[named("ready"), {}]] } : { say: said.includes("ready") ? "ready" : "?" });

journey("WI06 the test of a model says what works: answer, key, list, tools", async ({ app, keep }) => {
  const model = await keep(startModel(capable));
  await app.describeModel({ url: model.url, model: "gpt-4o" });
  const lines = await app.testModel();
  assert.equal(lines.length, 6, lines.join("\n"));
  for (const line of lines) assert.match(line, /good:\s/);
  assert.match(lines.at(-1), /call a tool/);
  await app.page.getByText("This endpoint lists").waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("models-test");
  await app.page.setViewportSize(PHONE);
  await app.screenshot("models-test-390");
  await app.page.emulateMedia({ colorScheme: "dark" });
  await app.screenshot("models-test-390-dark");
  assert.deepEqual(await app.violations(), []);
  await app.page.setViewportSize(DESKTOP);
});

journey("WI06 the test of a model says what is in the way: CORS, nothing there, the key, an organisation", async ({ app, keep }) => {
  let answer = { fail: 401, message: "Incorrect API key provided: sk-canary" };
  const model = await keep(startModel(() => answer));
  const closed = await keep(startFront(model.origin, null));
  await app.describeModel({ provider: "Ollama", wire: "Ollama", url: closed.origin, model: "qwen3", key: null });
  const cors = (await app.testModel()).at(-1);
  assert.match(cors, /in the way: .*answers, but it does not let web pages talk to it/);
  assert.ok(cors.includes(`OLLAMA_ORIGINS=${new URL(site).origin}`), cors);
  await app.screenshot("models-cors");
  await closed.stop();
  await app.page.getByLabel(/^Base URL/).fill(closed.origin);
  assert.match((await app.testModel()).at(-1), /nothing answers at/);
  await app.page.getByLabel(/^Provider/).selectOption({ label: "Another endpoint" });
  await app.page.getByLabel(/^Base URL/).fill(model.url);
  await app.page.getByLabel(/^Model/).last().fill("m-1");
  const key = (await app.testModel()).at(-1);
  assert.match(key, /did not accept the key/);
  assert.ok(!key.includes("sk-canary"), "what looks like a key is not shown");
  answer = { fail: 401, message: "CORS requests are not allowed for this Organization because of its settings" };
  const organisation = (await app.testModel()).at(-1);
  assert.match(organisation, /does not let web pages use this account.*administrator/s);
  answer = { fail: 404, message: "model not found" };
  assert.match((await app.testModel()).at(-1), /has no model m-1/);
  answer = { fail: 402, message: "Insufficient credits" };
  assert.match((await app.testModel()).at(-1), /no credit left/);
});

journey("WI06 the test of a model tells a browser that keeps the page from this machine's network, and works once it may", { chromium: fromTheInternet, expected: [/blocked by CORS policy/, /Failed to load resource/] }, async ({ app, context, keep }) => {
  const model = await keep(startModel(capable));
  // Granting one thing refuses every other.
  await context.grantPermissions(["geolocation"], { origin: site });
  await app.describeModel({ url: model.url });
  const refused = (await app.testModel()).at(-1);
  assert.match(refused, /in the way: .*does not let the page reach/s);
  assert.match(refused, /allow local network access for this site in the browser's site settings/i);
  assert.equal(model.asked.length, 0, "nothing reached it");
  await context.grantPermissions(["local-network-access"], { origin: site });
  for (const line of await app.testModel()) assert.match(line, /good:\s/);
});

journey("WI06 a model that refuses pages is explained in the chat too", async ({ app, keep }) => {
  const model = await keep(startModel(() => ({ say: "unread" })));
  const closed = await keep(startFront(model.origin, null));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: `${closed.origin}/v1` });
  await app.chat();
  await app.say("hello");
  await app.log.getByText("does not let web pages talk to it").waitFor();
});

journey("WI07 a key made by signing in: no key to paste, none in the page, kept for its address", async ({ app, network, keep }) => {
  const model = await keep(startModel(() => ({ say: "Signed in and answered." })));
  const keys = await keep(startKeyMaker(model));
  await app.turnOnDeveloperMode();
  await app.open("/settings/models");
  await app.button("Add model").click();
  await app.page.getByLabel(/^Provider/).selectOption({ label: "OpenRouter" });
  await app.page.getByLabel(/^Base URL/).fill(keys.url);
  await app.page.getByLabel(/^Model/).last().fill("m-1");
  const [popup] = await Promise.all([app.page.waitForEvent("popup"), app.button("Sign in to make a key").click()]);
  await popup.getByRole("link", { name: "Agree" }).click();
  await app.page.getByText("Signed in. The key is kept when you save.").waitFor();
  assert.equal(keys.asked.exchanged.length, 1);
  assert.ok(!(await app.page.content()).includes("key-made-by-sign-in"));
  await app.button("Save model").click();
  await app.page.getByRole("radio", { name: /^m-1/ }).waitFor();
  await app.chat();
  await app.say("hello");
  await app.log.getByText("Signed in and answered.").first().waitFor();
  const carries = network.requests.filter((request) => JSON.stringify(request.headers).includes("key-made-by-sign-in"));
  assert.deepEqual([...new Set(carries.map((request) => new URL(request.url).origin))], [keys.origin]);
});

journey("X130 a changed address is warned about, and its key is not sent there", async ({ app, network, keep }) => {
  const [first, second] = [await keep(startModel(() => ({ say: "one" }))), await keep(startModel(() => ({ say: "Two answers." })))];
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: first.url, key: "canary-of-the-first" });
  await app.button(/^Edit /).click();
  await app.page.getByLabel(/^Base URL/).fill(second.url);
  await app.page.getByText("The key that is kept belongs to").waitFor();
  await app.button("Save model").click();
  await app.page.getByText(second.url).waitFor();
  await app.chat();
  await app.say("hello");
  await app.log.getByText("Two answers.").first().waitFor();
  assert.ok(network.to(second.origin).length > 0);
  assert.ok(!network.to(second.origin).some((request) => JSON.stringify(request.headers).includes("canary-of-the-first")));
});

journey("WI20 a model for one conversation, and how much of its context it takes", async ({ app, keep }) => {
  const [one, two] = [await keep(startModel(() => ({ say: "I am the first." }))), await keep(startModel(() => ({ say: "I am the second." })))];
  await app.turnOnDeveloperMode();
  await app.chooseModel({ name: "First", url: one.url, context: 2000 });
  await app.chooseModel({ name: "Second", url: two.url });
  await app.chat();
  await app.say("who are you?");
  await app.log.getByText("I am the second.").first().waitFor();
  await app.button(/^Second/).click();
  await app.page.getByRole("menuitemradio", { name: /^First/ }).click();
  await app.say("and now?");
  await app.log.getByText("I am the first.").first().waitFor();
  const meter = app.page.getByText(/^Context \d+ %$/);
  await meter.click();
  await app.page.getByText(/The model holds 2.000 tokens/).waitFor();
  await app.page.getByText(/Definitions of \d+ actions/).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("model-meter");
  await app.page.setViewportSize(PHONE);
  await app.screenshot("model-meter-390");
  await app.page.setViewportSize(DESKTOP);
  await app.page.reload();
  await app.button(/^First/).waitFor();
  await app.chat();
  await app.page.getByText(/^Second/).first().waitFor();
});
