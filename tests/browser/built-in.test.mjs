// The model that a browser has built in. Headless Chromium has none, so what is faked here is the browser's interface
// alone (`LanguageModel`, the Prompt API): its absence, its download, its stream and its failure.
import assert from "node:assert/strict";
import { READ, hostile, text, tool } from "../servers/hostile.mjs";
import { journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

/** Puts a Prompt API into every page of a context. `state` is what it says of itself at first. */
async function promptApi(context, state) {
  await context.addInitScript((first) => {
    // An empty page has no storage.
    if (location.protocol === "about:") return;
    const asked = [];
    let now = sessionStorage.getItem("fetched") ?? first;
    globalThis.LanguageModel = {
      asked,
      availability: async () => now,
      create: async ({ initialPrompts = [], monitor } = {}) => {
        if (now === "unavailable") throw new DOMException("no model", "NotSupportedError");
        if (now === "downloadable") {
          const target = new EventTarget();
          monitor?.(target);
          const arrived = (loaded) => target.dispatchEvent(Object.assign(new Event("downloadprogress"), { loaded }));
          arrived(0.5);
          // The rest comes when the test has seen the half.
          await new Promise((done) => { globalThis.LanguageModel.sendTheRest = done; });
          arrived(1);
          now = "available";
          sessionStorage.setItem("fetched", now);
        }
        const session = { ended: false };
        return {
          destroy: () => { session.ended = true; },
          promptStreaming: (words) => {
            asked.push({ before: initialPrompts, words, session });
            return new ReadableStream({
              async start(stream) {
                for (const piece of words.includes("slow") ? Array.from({ length: 1000 }, (_, n) => `${n} `) : words.includes("fail") ? ["I begin"] : ["You said: ", `**${words}**`]) {
                  if (session.ended) return;
                  stream.enqueue(piece);
                  await new Promise((done) => setTimeout(done, 60));
                }
                if (words.includes("fail")) stream.error(new Error("the model ran out of memory"));
                else stream.close();
              },
            });
          },
        };
      },
    };
  }, state);
}

const offer = (page) => page.getByRole("group", { name: "This browser's model" });

journey("TR12 a browser without a model of its own offers none", async ({ app, page }) => {
  await app.open("/settings/models");
  await page.getByRole("radio", { name: /^Direct/ }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await offer(page).count(), 0);
});

journey("TR12 the browser's own model is fetched by a click, answers as it writes, sees no actions, and is stopped", async ({ app, page, context, network, keep }) => {
  await promptApi(context, "downloadable");
  const server = await keep(hostile({ tools: [tool("look_up", READ, { title: "Look up" })], call: () => text("found it") }));
  await app.connect({ name: "Desk", url: server.url });
  await app.open("/settings/models");
  assert.match(await offer(page).textContent(), /nothing you type leaves it\. It only writes/);
  await app.screenshot("trust-built-in");
  assert.deepEqual(await app.violations(), []);
  await app.button("Download this browser's model", offer(page)).click();
  await offer(page).getByText("Downloading, 50 %").waitFor();
  await page.evaluate(() => globalThis.LanguageModel.sendTheRest());
  await assertSoon(() => page.getByRole("radio", { name: /^This browser's model/ }).isChecked(), "it is chosen");
  assert.equal(await offer(page).count(), 0, "it is not offered twice");
  await app.chat();
  const before = network.requests.length;
  await app.say("hello there");
  await app.log.locator("strong", { hasText: "hello there" }).waitFor();
  const [asked] = await page.evaluate(() => globalThis.LanguageModel.asked.map(({ before, words }) => ({ before, words })));
  assert.equal(asked.words, "hello there");
  assert.deepEqual(asked.before.map((message) => message.role), ["system"]);
  assert.ok(!JSON.stringify(asked).includes("look_up"), "no action is offered");
  assert.deepEqual(network.requests.slice(before).filter((request) => request.method === "POST" && !request.url.startsWith(server.origin)).map((request) => request.url), [], "nothing left the browser");
  assert.ok(!server.methods().includes("tools/call"));

  await app.say("again, slow");
  await app.log.getByText(/^0 1 2/).first().waitFor();
  await app.button(/^Stop/).first().click();
  await app.log.getByText("You stopped this turn.").waitFor();
  await assertSoon(() => page.evaluate(() => globalThis.LanguageModel.asked.at(-1).session.ended), "its session ended");
  const second = await page.evaluate(() => globalThis.LanguageModel.asked.at(-1).before);
  assert.deepEqual(second.map((message) => message.role), ["system", "user", "assistant"], "it is told what was said");

  await app.say("please fail");
  await app.log.getByText(/stopped in the middle of the answer: "the model ran out of memory"/).first().waitFor();
});

journey("TR12 the browser's own model is not listed in a browser that has none", async ({ app, page, context }) => {
  await promptApi(context, "available");
  await app.open("/settings/models");
  await app.button("Use this browser's model", offer(page)).click();
  await assertSoon(() => page.getByRole("radio", { name: /^This browser's model/ }).isChecked(), "it is chosen");
  const other = await context.newPage();
  await other.addInitScript(() => { delete globalThis.LanguageModel; });
  await other.goto(page.url());
  await other.getByRole("radio", { name: /^Direct/ }).waitFor();
  await assertSoon(() => other.getByRole("radio", { name: /^Direct/ }).isChecked(), "direct mode answers");
  assert.equal(await other.getByRole("radio", { name: /^This browser's model/ }).count(), 0);
});
