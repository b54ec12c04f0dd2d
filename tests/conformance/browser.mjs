// One long-lived Chromium for the whole run, and the site that it loads the package from. Each scenario has a context of
// its own, so that nothing is left of the one before.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";
import { launch } from "../browser/chromium.mjs";
import { root } from "../runner.mjs";

/** When a scenario is given up, in milliseconds: before the suite's own patience ends, which would hide the reason. */
const PATIENCE = 25_000;

const TYPES = { ".html": "text/html; charset=utf-8", ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGES = new Set(["page.html", "page.mjs", "worker.mjs", "scenarios.mjs", "callback.html", "callback.mjs"]);

/** Serves the pages beside this file and the package, on this machine only. */
async function site() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname.slice(1);
    const file = name.startsWith("pkg/") && !name.includes("..") ? path.join(root, "..", name) : PAGES.has(name) ? path.join(root, "conformance", name) : null;
    const bytes = file && (await readFile(file).catch(() => null));
    if (!bytes) return response.writeHead(name === "favicon.ico" ? 204 : 404).end();
    response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream", "cache-control": "no-store" }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return { server, origin: `http://localhost:${server.address().port}` };
}

/** The Chromium of a run. */
export class Browser {
  #chromium;
  #site;

  /** Starts it. Without web security it does not ask servers whether they let pages in. */
  static async start({ webSecurity }) {
    const browser = new Browser();
    browser.#site = await site();
    const args = webSecurity ? launch.args : [...launch.args, "--disable-web-security"];
    browser.#chromium = await chromium.launch({ ...launch, args, headless: true });
    return browser;
  }

  /** Plays a scenario in a fresh context. Gives `{}`, or why it failed. */
  async play(job) {
    const context = await this.#chromium.newContext();
    const said = [];
    try {
      const page = await context.newPage();
      // Refusals are part of most scenarios, and Chromium writes each of them down: only what our code says counts.
      page.on("pageerror", (error) => said.push(`uncaught: ${error.message}`));
      page.on("console", (message) => { if (message.type() === "error") said.push(message.text()); });
      const outcome = await Promise.race([this.#run(page, job), new Promise((resolve) => setTimeout(resolve, PATIENCE, { failed: `not done after ${PATIENCE / 1000} s` }))]);
      const uncaught = said.filter((words) => words.startsWith("uncaught: "));
      if (outcome.failed === undefined && uncaught.length > 0) return { failed: uncaught.join("\n") };
      return outcome.failed === undefined ? {} : { failed: [outcome.failed, ...said].join("\n") };
    } finally {
      await context.close();
    }
  }

  async #run(page, job) {
    try {
      await page.goto(`${this.#site.origin}/page.html`);
      await page.waitForFunction(() => globalThis.run !== undefined);
      return await page.evaluate((job) => globalThis.run(job).then(() => ({}), (error) => ({ failed: `${error?.code ?? error?.name}: ${error?.message}` })), job);
    } catch (error) {
      return { failed: error.message };
    }
  }

  /** Ends it. */
  async stop() {
    await this.#chromium.close();
    this.#site.server.closeAllConnections();
    await new Promise((resolve) => this.#site.server.close(resolve));
  }
}
