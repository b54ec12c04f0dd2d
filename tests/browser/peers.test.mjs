// More servers that nobody here wrote: a bridge from standard input and output, another framework, another era.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startFastmcp, startMcpProxy, startModern, startSupergateway } from "../servers/start.mjs";
import { writeAfterApproval } from "./approval.mjs";
import { journey } from "./harness.mjs";

journey("a server of standard input and output behind mcp-proxy: an answer, and progress on the way", async ({ app, network, keep }) => {
  const server = await keep(startMcpProxy());
  await app.connect({ name: "Bridged", url: server.url });
  await app.chat();
  await app.propose("echo", { message: "over the bridge" }, "Echo Tool");
  await app.says("Echo Tool", "Done");
  assert.ok((await app.card("Echo Tool").textContent()).includes("over the bridge"));
  assert.equal(network.calls(server.origin).length, 1);
  const long = "Trigger Long Running Operation Tool";
  await app.propose(long.toLowerCase(), { duration: 2, steps: 4 }, long);
  await app.answer("Allow once");
  await app.says(long, /of 4/);
  await app.says(long, "Done");
  assert.ok(network.calls(server.origin).every((call) => call.headers["mcp-protocol-version"] === "2026-07-28"), "the bridge speaks the newest revision");
});

journey("a server of standard input and output behind supergateway: a write after its approval, and a read of it", async (stage) => {
  const { app, keep } = stage;
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-memory-"));
  const server = await keep(startSupergateway(folder).then((started) => ({
    ...started,
    stop: async () => { await started.stop(); rmSync(folder, { recursive: true, force: true }); },
  })));
  await app.connect({ name: "Memory", url: server.url });
  await app.chat();
  const entities = JSON.stringify([{ name: "Ada", entityType: "person", observations: ["likes engines"] }]);
  await writeAfterApproval(stage, server, "create entities", { entities }, "Create Entities");
  await app.propose("read graph", {}, "Read Graph");
  await app.says("Read Graph", "Done");
  assert.match(await app.card("Read Graph").textContent(), /likes engines/);
});

journey("a server on FastMCP: read, a write after its approval, and its question", async (stage) => {
  const { app, keep } = stage;
  const server = await keep(startFastmcp());
  await app.connect({ name: "Weather", url: server.url });
  await app.chat();
  await app.propose("read the weather", { city: "Bern" }, "Read the weather");
  await app.says("Read the weather", "Done");
  assert.ok((await app.card("Read the weather").textContent()).includes("It rains in Bern"));
  const call = await writeAfterApproval(stage, server, "set an alarm", { city: "Chur" }, "Set an alarm");
  assert.equal(call.headers["mcp-protocol-version"], "2026-07-28");
  await app.propose("report a storm", { city: "Davos" }, "Report a storm");
  await app.answer("Allow once");
  const question = app.ask(server.origin.slice("http://".length));
  await question.waitFor();
  await app.fill(question, "Observer", "Ada");
  await app.submit(question);
  await app.says("Report a storm", "Done");
  assert.ok((await app.card("Report a storm").textContent()).includes("Ada saw a storm in Davos"), "what it had sealed came back to it");
});

for (const [era, options, revision] of [
  ["2026-07-28, beside its older sessions", ["--sessions"], "2026-07-28"],
  ["2025-11-25 in sessions", ["--sessions", "--old"], "2025-11-25"],
]) {
  journey(`the TypeScript SDK 2 serves ${era}: a write after its approval, progress, and its question`, async (stage) => {
    const { app, network, keep } = stage;
    const server = await keep(startModern(...options));
    await app.connect({ name: "Board", url: server.url });
    await app.chat();
    const call = await writeAfterApproval(stage, server, "create a ticket", { title: "The door squeaks" }, "Create a ticket");
    assert.equal(call.headers["mcp-protocol-version"], revision);
    await app.propose("count slowly", { to: 5, pause_ms: 300 }, "Count slowly");
    await app.says("Count slowly", /of 5/);
    await app.says("Count slowly", "Done");
    await app.propose("book a room", { day: "Monday" }, "Book a room");
    await app.answer("Allow once");
    const question = app.ask(server.origin.slice("http://".length));
    await question.waitFor();
    await app.fill(question, "room", "Blue");
    await app.submit(question);
    await app.says("Book a room", "Done");
    assert.match(await app.card("Book a room").textContent(), /Booked Blue for 4 on Monday/);
    const { seen, sessions } = await server.witness();
    const inSessions = revision === "2025-11-25";
    assert.equal(seen.some((each) => each.message.method === "initialize"), inSessions);
    assert.equal(sessions > 0, inSessions);
    for (const { headers } of network.calls(server.origin)) assert.equal("mcp-session-id" in headers, inSessions);
  });
}
