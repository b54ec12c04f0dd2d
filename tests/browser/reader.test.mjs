// The worker that receives the answers of models, and the page that receives them itself where there is none.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as forward } from "node:http";
import { WIRES, startModel } from "../servers/model.mjs";
import { journey, site, siteBelowPath } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const KEY = "canary-of-the-key";

/** An endpoint whose answer comes as the test says: `say` a piece, `end` it, `cut` the connection. */
async function startSlowly() {
  let answer;
  const asked = [];
  const server = createServer((request, response) => {
    const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization" };
    if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
    if (request.method !== "POST") return response.writeHead(404, cors).end();
    response.on("close", () => { asked.at(-1).over = true; });
    asked.push({ key: request.headers.authorization, over: false });
    request.resume();
    answer = response;
    return response.writeHead(200, { ...cors, "content-type": "text/event-stream" });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    asked,
    url: `http://127.0.0.1:${server.address().port}/v1`,
    say: (content) => answer.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`),
    end: () => answer.end("data: [DONE]\n\n"),
    cut: () => answer.destroy(),
    stop: () => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); },
  };
}

/** Has the page keep the addresses that it sends requests to by itself. */
async function watchOwnRequests(page) {
  await page.addInitScript(() => {
    const own = globalThis.fetch;
    globalThis.sentByPage = [];
    globalThis.fetch = (...how) => {
      globalThis.sentByPage.push(String(how[0]));
      return own(...how);
    };
  });
  return (origin) => page.evaluate((origin) => globalThis.sentByPage.filter((url) => url.startsWith(origin)), origin);
}

/** Every worker that the page starts, from now on: `all` of them with their addresses, and how many are `left`. */
async function watchWorkers(page) {
  const own = [];
  page.on("worker", (worker) => {
    own.push(worker);
    worker.on("close", () => { worker.isOver = true; });
  });
  // The browser knows of the shared ones; by the page's list of their names they are told from those of other tests.
  await page.addInitScript(() => {
    globalThis.sharedNames = [];
    const Shared = globalThis.SharedWorker;
    if (Shared === undefined) return;
    globalThis.SharedWorker = class extends Shared {
      constructor(url, name) {
        super(url, name);
        globalThis.sharedNames.push([name, new URL(url, document.baseURI).href]);
      }
    };
  });
  const names = () => page.evaluate(() => globalThis.sharedNames ?? []);
  return {
    all: async () => [...own.map((worker) => worker.url()), ...(await names()).map(([, url]) => url)],
    left: async () => {
      const session = await page.context().browser().newBrowserCDPSession();
      const { targetInfos } = await session.send("Target.getTargets", { filter: [{ type: "shared_worker" }] });
      await session.detach();
      const mine = new Set((await names()).map(([name]) => name));
      return own.filter((worker) => !worker.isOver).length + targetInfos.filter(({ title }) => mine.has(title)).length;
    },
  };
}

/** Asks a model that has a key, which comes to it. */
async function ask(app, model) {
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url, key: KEY });
  await app.chat();
  await app.say("one answer");
  await assertSoon(() => model.asked.length === 1, "it was asked");
  assert.equal(model.asked[0].key, `Bearer ${KEY}`);
}

/** The ways in which an answer comes: with what a browser has, the first of them. */
const WAYS = [
  { way: "a shared worker", sharedWorker: true, workers: 1, begin: async () => {} },
  { way: "a worker", workers: 1, begin: async () => {} },
  { way: "the page itself", workers: 0, begin: (page) => page.addInitScript(() => { delete globalThis.Worker; }) },
];

journey("SE002 a shared worker is there while it receives an answer, under a name of its own, and the key is in the request alone", { sharedWorker: true }, async ({ app, page, network, keep }) => {
  const [model, ownRequests, workers] = [await keep(startSlowly()), await watchOwnRequests(page), await watchWorkers(page)];
  await ask(app, model);
  assert.deepEqual(await ownRequests(`${model.url}/chat/completions`), [], "the page sent nothing there");
  assert.equal(await workers.left(), 1, "the browser has it");
  assert.deepEqual((await workers.all()).map((url) => /^\/assets\/[0-9a-z]+\/reader\.js$/.test(new URL(url).pathname)), [true]);
  const [shared] = await page.evaluate(() => globalThis.sharedNames);
  assert.match(shared[0], /^reader-/);
  // Whoever of this origin knew its name would meet nobody there.
  const met = await page.evaluate(([name, url]) => new Promise((resolve) => {
    const other = new SharedWorker(url, name);
    other.port.onmessage = ({ data }) => resolve(data);
    other.port.postMessage(null);
    setTimeout(() => resolve("nothing"), 500);
  }), shared);
  assert.equal(met, "nothing");
  model.say("All of it.");
  model.end();
  await app.log.getByText("All of it.").first().waitFor();
  await assertSoon(async () => (await workers.left()) === 0, "it ends with the answer");
  const elsewhere = network.requests.filter((request) => !request.url.startsWith(model.url)).map((request) => JSON.stringify(request));
  assert.ok(![await page.content(), ...elsewhere].some((text) => text.includes(KEY)), "the key is in its header only");
});

for (const wire of Object.keys(WIRES)) {
  journey(`SE002 ${wire}: a worker sends the request and receives the answer; the key is in that request alone, and the worker ends with it`, async ({ app, page, network, keep }) => {
    const said = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
    const model = await keep(startModel(() => ({ say: said }), { wire, latency: 2, chunkSize: 9 }));
    const [ownRequests, workers, lines] = [await watchOwnRequests(page), await watchWorkers(page), []];
    page.on("console", (message) => lines.push(message.text()));
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url, wire, key: KEY });
    await app.chat();
    await app.say("count for me");
    await app.log.getByText(said, { exact: true }).first().waitFor();
    await app.button("Send").waitFor();
    assert.deepEqual(await ownRequests(model.origin), [], "the page sent nothing there");
    const [url, ...others] = await workers.all();
    assert.equal(others.length, 0, "one worker");
    assert.match(new URL(url).pathname, /^\/assets\/[0-9a-z]+\/reader\.js$/);
    await assertSoon(async () => (await workers.left()) === 0, "the worker is gone");
    const posts = network.to(model.origin).filter((request) => request.method === "POST");
    assert.equal(posts.length, 1, "one request");
    assert.ok(JSON.stringify(posts[0].headers).includes(KEY));
    // The list of models is asked for with the key too.
    const requests = network.requests.map((request) => (request.url.startsWith(model.origin) ? request.url + request.body : JSON.stringify(request)));
    const elsewhere = [url, await page.content(), ...lines, ...requests];
    assert.ok(!elsewhere.some((text) => text.includes(KEY)), "the key is in its header only");
  });
}

for (const { way, sharedWorker, workers: count, begin } of WAYS) {
  journey(`SE003 ${way}: what comes of an answer is shown while it comes, whole at its end, and a stop in the middle ends the request`, { sharedWorker }, async ({ app, page, keep }) => {
    await begin(page);
    const [model, workers] = [await keep(startSlowly()), await watchWorkers(page)];
    await ask(app, model);
    const words = Array.from({ length: 400 }, (_, at) => `word${at}`);
    for (const [at, word] of words.entries()) {
      model.say(`${word} `);
      if (at === 0) await app.log.getByText("word0").first().waitFor();
    }
    await app.log.getByText(/word399/).first().waitFor();
    assert.ok(await app.button("Stop").isVisible(), "it still goes on");
    model.end();
    await app.button("Send").waitFor();
    await app.log.getByText(words.join(" "), { exact: true }).first().waitFor();

    await app.say("another answer");
    await assertSoon(() => model.asked.length === 2, "it was asked again");
    model.say("Only this came. ");
    await app.log.getByText("Only this came.").first().waitFor();
    assert.equal(model.asked[1].over, false);
    await app.button("Stop").click();
    await app.button("Send").waitFor();
    await assertSoon(() => model.asked[1].over, "the request is ended");
    assert.ok(await app.log.getByText("Only this came.").first().isVisible(), "what came is still there");
    assert.equal((await workers.all()).length, 2 * count);
    await assertSoon(async () => (await workers.left()) === 0, "no worker is left");
  });

  journey(`SE004 ${way}: an answer whose connection is cut says so and keeps what came, and so does one that never began`, { sharedWorker }, async ({ app, page, keep }) => {
    await begin(page);
    const [model, workers] = [await keep(startSlowly()), await watchWorkers(page)];
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url });
    await app.chat();
    await app.say("one answer");
    await assertSoon(() => model.asked.length === 1, "it was asked");
    model.say("The first half, ");
    await app.log.getByText("The first half,").first().waitFor();
    model.cut();
    await app.log.getByText(/the answer of .* broke off/i).first().waitFor();
    assert.ok(await app.log.getByText("The first half,").first().isVisible());
    assert.equal(model.asked.length, 1, "it is not asked again by itself");
    await app.button("Send").waitFor();

    await model.stop();
    await app.say("is anybody there");
    await app.log.getByText(/nothing answers at/).first().waitFor();
    assert.equal((await workers.all()).length, 2 * count);
    await assertSoon(async () => (await workers.left()) === 0, "no worker is left");
  });

  journey(`SE005 ${way}: a page that is reloaded in the middle of an answer ends the request, and has what came`, { sharedWorker }, async ({ app, page, keep }) => {
    await begin(page);
    const model = await keep(startSlowly());
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url });
    await app.chat();
    await app.say("one answer");
    await assertSoon(() => model.asked.length === 1, "it was asked");
    model.say("Before the reload. ");
    await app.log.getByText("Before the reload.").first().waitFor();
    await page.reload();
    await assertSoon(() => model.asked[0].over, "the request is ended");
    await app.log.getByText("Before the reload.").first().waitFor();
    await app.log.getByText(/the page was closed before the answer was complete|the answer of .* broke off/i).first().waitFor();
    assert.equal(model.asked.length, 1, "nothing was asked again");
  });
}

journey("SE006 on a site below a path the worker is below it too", { base: siteBelowPath, sharedWorker: true }, async ({ app, page, keep }) => {
  const model = await keep(startModel(() => ({ say: "From below." })));
  const [ownRequests, workers] = [await watchOwnRequests(page), await watchWorkers(page)];
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("hello");
  await app.log.getByText("From below.").first().waitFor();
  assert.deepEqual(await ownRequests(model.origin), []);
  const [url] = await workers.all();
  assert.ok(url.startsWith(`${siteBelowPath}assets/`), url);
});

journey("SE007 where the file of the worker comes without a policy the worker gets no request, and the page sends it itself", { sharedWorker: true }, async ({ app, page, keep }) => {
  // A host that sends no headers of its own: the policy stands in the page alone.
  const host = createServer((request, response) => {
    const onward = forward(new URL(request.url, site), { method: request.method, headers: request.headers }, (answer) => {
      const { "content-security-policy": policy, ...headers } = answer.headers;
      response.writeHead(answer.statusCode, headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  host.listen(0, "127.0.0.1");
  await once(host, "listening");
  await keep({ stop: () => { host.closeAllConnections(); return new Promise((resolve) => host.close(resolve)); } });
  const model = await keep(startModel(() => ({ say: "By the page." })));
  const [ownRequests, workers] = [await watchOwnRequests(page), await watchWorkers(page)];
  app.base = `http://127.0.0.1:${host.address().port}/`;
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url, key: KEY });
  await app.chat();
  for (const turn of [1, 2]) {
    await app.say(`hello ${turn}`);
    await assertSoon(async () => (await app.log.getByText("By the page.").count()) === turn, "it answers");
    await app.button("Send").waitFor();
    assert.equal((await ownRequests(`${model.url}/chat/completions`)).length, turn);
  }
  assert.equal((await workers.all()).length, 1, "it is tried once");
  await assertSoon(async () => (await workers.left()) === 0, "and ended");
});
