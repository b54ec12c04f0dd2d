// What every browser test stands on: one Chromium, a fresh context per test, the network watched, console errors fail.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { App } from "./app.mjs";
import { launch } from "./chromium.mjs";
import { assertSoon } from "./soon.mjs";

/** Where the built site is served, without a slash at the end. */
export const site = (process.env.COUNTERSIGN_SITE ?? "").replace(/\/$/, "");
/** The same site below a path, with a slash at the end. */
export const siteBelowPath = process.env.COUNTERSIGN_SITE_BASE ?? "";

export const DESKTOP = { width: 1440, height: 900 };
export const TABLET = { width: 1024, height: 768 };
export const PHONE = { width: 390, height: 844 };

let browser = null;

/** The Chromium of the run, or one of our own when a file is run by itself. */
async function chromiumOfTheRun() {
  if (browser === null) {
    browser = process.env.COUNTERSIGN_BROWSER ? await chromium.connect(process.env.COUNTERSIGN_BROWSER) : await chromium.launch(launch);
  }
  return browser;
}

after(async () => { await browser?.close(); });

/** Every request that left the pages of one context, in order, with the JSON-RPC messages in its body. */
class Network {
  constructor(context) {
    this.requests = [];
    context.on("request", (request) => {
      const body = request.postData();
      let messages = [];
      try {
        messages = body ? [JSON.parse(body)].flat() : [];
      } catch {
        messages = [];
      }
      this.requests.push({ at: Date.now(), url: request.url(), method: request.method(), headers: request.headers(), body, messages });
    });
  }

  /** What went to an origin. */
  to(origin) { return this.requests.filter((request) => new URL(request.url).origin === origin); }

  /** Which JSON-RPC methods went to an origin, in order. */
  methods(origin) { return this.to(origin).flatMap((request) => request.messages.map((message) => message.method).filter(Boolean)); }

  /** The `tools/call` requests that went to an origin. */
  calls(origin) {
    return this.to(origin).flatMap((request) => request.messages.filter((message) => message.method === "tools/call").map((message) => ({ at: request.at, headers: request.headers, body: request.body, ...message.params })));
  }

  /** Every origin but the site's own. */
  foreign() {
    return [...new Set(this.requests.map((request) => request.url).filter((url) => /^https?:/.test(url)).map((url) => new URL(url).origin))].filter((origin) => origin !== site);
  }
}

/** Chromium's own lines about answers of other origins: they say what a server did, not what our page did wrong. */
function aboutAnotherOrigin(message) {
  const text = message.text();
  const from = message.location().url;
  if (/^Failed to load resource/.test(text)) return !from.startsWith(site);
  return /blocked by CORS policy/.test(text);
}

/** Whether a page would ask before it is left, because something that was changed is not written. */
export const unwritten = (page) => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));

/**
 * Leaves a page as a person does, who stays when the browser asks whether to leave: not before what was changed is
 * written. Closing with `runBeforeUnload` leaves it to the browser to ask.
 */
export function leaveWhenWritten(page) {
  for (const way of ["goto", "reload", "goBack", "goForward", "close"]) {
    const go = page[way].bind(page);
    page[way] = async (...how) => {
      // A page that is gone, or was never ours, has nothing to write.
      if (!how[0]?.runBeforeUnload) await assertSoon(async () => !(await unwritten(page).catch(() => false)), "what was changed is written");
      return go(...how);
    };
  }
}

/** A Chromium to which the site is on the internet, as it is for everybody but us: loopback is then another network. */
export const fromTheInternet = () => {
  const { port } = new URL(site);
  return { args: [`--ip-address-space-overrides=127.0.0.1:${port}=public,[::1]:${port}=public`] };
};

/**
 * A test with a page of its own.
 *   viewport, colorScheme   of the context
 *   expected                console errors that belong to what the test provokes, as regular expressions
 *   base                    another place that serves the site
 *   sharedWorker            leaves the page its shared workers. Nothing that drives a browser sees their requests, so all other
 *                           journeys take them away, and the page has its second best, which `network` sees
 *   chromium                makes a Chromium for this test alone: gets `keep`, gives `args` and what else the body needs
 * The body gets `app`, `page`, `network`, `context`, `keep` (a server to end with the test) and node's `t`.
 */
export function journey(title, options, body) {
  if (typeof options === "function") { body = options; options = {}; }
  test(title, { timeout: options.timeout ?? 90_000 }, async (t) => {
    assert.ok(site, "COUNTERSIGN_SITE is not set: it names the address of the built site");
    const servers = [];
    const keep = async (server) => { const ready = await server; servers.push(ready); return ready; };
    const made = await options.chromium?.(keep);
    const own = made && (await chromium.launch({ ...launch, args: [...launch.args, ...made.args] }));
    const context = await (own ?? (await chromiumOfTheRun())).newContext({
      viewport: options.viewport ?? DESKTOP,
      colorScheme: options.colorScheme ?? "light",
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    if (!options.sharedWorker) await context.addInitScript(() => { delete globalThis.SharedWorker; });
    const network = new Network(context);
    const errors = [];
    // A page that broke down cannot go on: the test ends at once instead of waiting for what never comes.
    let breakDown;
    const broken = new Promise((resolve, reject) => { breakDown = reject; });
    broken.catch(() => {});
    const listen = (page) => {
      page.on("pageerror", (error) => {
        errors.push(`uncaught: ${error.message}`);
        setTimeout(() => breakDown(new Error("the page broke down")), 200);
      });
      page.on("console", (message) => {
        if (message.type() !== "error" || aboutAnotherOrigin(message)) return;
        if ((options.expected ?? []).some((each) => each.test(message.text()))) return;
        errors.push(`console: ${message.text()}`);
      });
    };
    context.on("page", listen);
    context.on("page", leaveWhenWritten);
    try {
      const page = await context.newPage();
      const app = new App(page, network, options.base ?? `${site}/`);
      try {
        const run = body({ ...made, app, page, network, context, keep, t });
        run.catch(() => {});
        await Promise.race([run, broken]);
      } catch (error) {
        await app.screenshot(`failed-${title.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 80)}`).catch(() => {});
        if (errors.length > 0) error.stack += `\nThe page had said:\n${errors.join("\n")}`;
        throw error;
      }
      assert.deepEqual(errors, [], "the page logged no errors");
    } finally {
      await context.close();
      await own?.close();
      await Promise.all(servers.map((server) => (server.stop ?? server.close)()));
    }
  });
}
