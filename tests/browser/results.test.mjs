// Structured results: a table to put in order, to narrow and to take along; a card for one thing.
import assert from "node:assert/strict";
import { text as readAll } from "node:stream/consumers";
import { READ, hostile, tool } from "../servers/hostile.mjs";
import { journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

/** Connects a server whose one read answers with `structuredContent`, or with `content` alone, and hands back its card. */
async function answered({ app, keep }, structuredContent, outputSchema, content) {
  const result = content ? { content } : { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
  const server = await keep(hostile({ tools: [tool("list_orders", READ, { title: "List the orders", outputSchema })], call: () => result }));
  await app.connect({ name: "Orders", url: server.url });
  await app.chat();
  await app.propose("list the orders", {}, "List the orders");
  await app.says("List the orders", "Done", 40_000);
  return app.card("List the orders");
}

const orders = { type: "object", properties: { orders: { type: "array", items: { type: "object", properties: { id: { type: "integer", title: "Order" }, who: { type: "string" } } } } } };

journey("N14 a list of like objects is a table: in order by a column, narrowed, saved as CSV", async (stage) => {
  const { app, page } = stage;
  const rows = Array.from({ length: 230 }, (_, at) => ({ id: (at * 37) % 230, who: at % 2 ? "=SUM(A1)" : `person ${at}` }));
  const card = await answered(stage, { orders: rows }, orders);
  const table = card.getByRole("table");
  const first = async () => (await table.locator("tbody tr").first().locator("td").first().textContent()).trim();
  await card.getByRole("status").filter({ hasText: "Rows 1 to 100 of 230" }).waitFor();
  assert.equal(await first(), "0");
  const order = table.getByRole("button", { name: "Order" });
  await order.press("Enter");
  assert.equal(await table.locator("th").first().getAttribute("aria-sort"), "ascending");
  await order.press("Enter");
  assert.equal(await first(), "229", "the largest first, over all pages");
  await card.getByRole("button", { name: "Next rows" }).click();
  await card.getByRole("status").filter({ hasText: "Rows 101 to 200 of 230" }).waitFor();
  await app.screenshot("result-table");
  await card.getByRole("searchbox", { name: "Rows that contain" }).fill("PERSON 22");
  await card.getByRole("status").filter({ hasText: "6 of 230 rows" }).waitFor();
  const saved = page.waitForEvent("download");
  await card.getByRole("button", { name: "Save rows as CSV" }).click();
  const csv = (await readAll(await (await saved).createReadStream())).trimEnd().split("\r\n");
  assert.equal(csv[0], "id,who");
  assert.equal(csv.length, 7, "what is shown is what is saved");
  await card.getByRole("searchbox", { name: "Rows that contain" }).fill("sum");
  const whole = page.waitForEvent("download");
  await card.getByRole("button", { name: "Save rows as CSV" }).click();
  assert.match(await readAll(await (await whole).createReadStream()), /,"'=SUM\(A1\)"\r\n/, "a server's formula is text in a spreadsheet");
  await card.getByRole("searchbox", { name: "Rows that contain" }).fill("nobody");
  await card.getByRole("status").filter({ hasText: "None of 230 rows contains that" }).waitFor();
});

journey("N14 one flat thing is a card with the schema's names", async (stage) => {
  const card = await answered(stage, { id: 7, due: null, tags: ["a", "b"] }, { type: "object", properties: { id: { type: "integer", title: "Order" } } });
  const facts = card.locator("dl.result-card");
  assert.deepEqual(await facts.locator("dt").allTextContents(), ["Order", "due", "tags"]);
  assert.deepEqual(await facts.locator("dd").allTextContents(), ["7", "–", '["a","b"]']);
  await stage.app.screenshot("result-card");
});

journey("a picture and a sound of a result are drawn and can be played, and what is no picture says so", async (stage) => {
  const { app, page } = stage;
  const png = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 48, height: 32 });
    canvas.getContext("2d").fillRect(4, 4, 20, 20);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  // A tenth of a second of silence, 8,000 samples of one byte each second.
  const wav = Buffer.alloc(44 + 800, 128);
  wav.write("RIFF");
  wav.writeUInt32LE(36 + 800, 4);
  wav.write("WAVEfmt ", 8);
  for (const [at, value, bytes] of [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, 8_000, 4], [28, 8_000, 4], [32, 1, 2], [34, 8, 2]]) wav.writeUIntLE(value, at, bytes);
  wav.write("data", 36);
  wav.writeUInt32LE(800, 40);
  const card = await answered(stage, undefined, undefined, [
    { type: "image", mimeType: "image/png", data: png },
    { type: "audio", mimeType: "audio/wav", data: wav.toString("base64") },
    { type: "image", mimeType: "image/png", data: Buffer.from("no picture").toString("base64") },
  ]);
  const picture = card.getByRole("img", { name: /^Picture sent by the server, image\/png/ });
  await picture.waitFor();
  assert.deepEqual(await picture.evaluate((image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])), [48, 32]);
  const sound = card.locator("audio");
  await assertSoon(() => sound.evaluate((element) => element.readyState > 0 && Math.abs(element.duration - 0.1) < 0.02), "the sound is there, and as long as it is");
  await card.getByText("This picture could not be drawn.").waitFor();
  await app.screenshot("result-media");
  assert.deepEqual(await app.violations(), []);
});
