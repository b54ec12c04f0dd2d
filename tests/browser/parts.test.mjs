// Parts of the program that are fetched on first use: what the person sees when one cannot be had.
import assert from "node:assert/strict";
import { WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { journey } from "./harness.mjs";

const PART = /\/split_workspace\.wasm/;
const expected = [/Failed to load resource/, /split_workspace|Failed to fetch/];

journey("an empty chat that nobody touches loads no more than it needs", async ({ app, page, network }) => {
  await app.chat();
  await page.waitForLoadState("networkidle");
  const split = () => network.requests.filter((request) => PART.test(request.url)).length;
  const sheets = () => network.requests.filter((request) => request.url.endsWith("/later.css")).length;
  assert.equal(split(), 0);
  assert.equal(sheets(), 0, "how the later parts look comes with them");
  await page.mouse.move(300, 300);
  await page.waitForRequest(PART, { timeout: 5_000 }).catch(() => null);
  assert.equal(split(), 1, "it is fetched at the first sign of a person");
  await page.waitForLoadState("networkidle");
  assert.equal(sheets(), 1);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search commands" }).waitFor();
  assert.equal(split(), 1, "once");
});

journey("what is said while a part cannot be fetched stays in the composer, nothing is sent, and the next try works", { expected }, async ({ app, page, network, keep }) => {
  const server = await keep(hostile({ tools: [tool("write_it", WRITE, { title: "Write it", inputSchema: strings("words") })], call: () => text("written") }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["write_it", { words: "black on white" }]] } : { say: "All done." })));
  await app.connect({ name: "Book", url: server.url });
  await app.chooseModel({ url: model.url });
  await page.route(PART, (route) => route.abort());
  await app.chat();
  const before = network.requests.filter((request) => request.url.startsWith(model.origin)).length;
  await app.message.fill("write it");
  await app.message.press("Enter");
  const problem = page.locator("#composer-problem");
  await problem.getByText("could not be fetched").waitFor();
  await app.message.press("Enter");
  await problem.getByText("could not be fetched").waitFor();
  assert.equal(await app.message.inputValue(), "write it", "what was typed is still there");
  assert.equal(network.requests.filter((request) => request.url.startsWith(model.origin)).length, before, "the model heard nothing");
  assert.equal(network.calls(server.origin).length, 0);
  await page.unroute(PART);
  await app.message.press("Enter");
  await app.decision.waitFor();
  assert.ok((await app.decision.innerText()).includes("black on white"));
  assert.equal(network.calls(server.origin).length, 0, "no write before the approval");
  await app.answer("Allow once");
  await app.log.getByText("All done.").first().waitFor();
  assert.equal(network.calls(server.origin).length, 1);
});
