// Attacks by address (d.1): where a connector may point, and what a link may do.
import assert from "node:assert/strict";
import { READ, beacon, hostile, tool } from "../servers/hostile.mjs";
import { startModern } from "../servers/start.mjs";
import { journey } from "../browser/harness.mjs";
import { assertSoon } from "../browser/soon.mjs";

/** Types an address and presses Scan if that can be pressed; answers with what the page says then. */
async function tryAddress(app, address) {
  await app.field("Server URL").fill(address);
  await app.field("Server URL").blur();
  const scan = app.button("Scan");
  if (await scan.isEnabled()) await scan.click();
  await app.page.waitForTimeout(150);
  return app.page.getByRole("main").innerText();
}

async function refusesEach(app, network, addresses, words) {
  await app.describe({ name: "Somewhere", url: "https://mcp.example.com/" });
  for (const address of addresses) {
    const said = await tryAddress(app, address);
    assert.match(said, words, `the page explains why \`${address}\` is refused`);
    assert.equal(await app.canCreate(), false, `no draft of ${address}`);
  }
  assert.deepEqual(network.foreign(), [], "nothing was asked");
}

journey("X01 only web addresses are taken: javascript:, data:, file:, blob:, vbscript: are refused with the allowed schemes", async ({ app, page, network }) => {
  await app.turnOnDeveloperMode();
  await refusesEach(app, network, ["javascript:globalThis.pwned=true", "data:text/html,<script>pwned=true</script>", "file:///etc/passwd", "blob:https://example.com/0", "vbscript:pwned"], /https/);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  // What is typed stays in the form for this tab (S033); no connector came of it.
  assert.doesNotMatch(JSON.stringify(JSON.parse(await app.kept()).databases), /vbscript:|etc\/passwd/, "nothing was kept");
});

journey("X02 plain http is refused, on this machine too unless that was switched on, and is then called insecure or local", async ({ app, network, keep }) => {
  await app.turnOnDeveloperMode({ thisMachine: false });
  await refusesEach(app, network, ["http://mcp.example.com/mcp", "http://127.0.0.1:3999/mcp"], /use https:\/\/|only servers on the internet/);
  const server = await keep(startModern());
  await app.connect({ name: "Near", url: server.url });
  assert.match(await app.page.getByRole("main").innerText(), /local|insecure/i);
});

journey("X03 a misleading address is refused or shown for what it is", async ({ app, network }) => {
  await app.turnOnDeveloperMode();
  await refusesEach(app, network, ["https://good.com@evil.com/", "https://user:secret@evil.com/"], /what stands before the @/);
  await app.field("Server URL").fill("https://\u0430pple.com/mcp");
  await app.field("Server URL").blur();
  await assertSoon(async () => (await app.page.getByRole("main").innerText()).includes("xn--pple-43d.com"), "the host is shown in ASCII");
  assert.match(await app.page.getByRole("main").innerText(), /letters that can look like others/);
  for (const address of ["https://evil.com./mcp", "https://exa\u202emple.com/mcp"]) {
    const said = await tryAddress(app, address);
    assert.match(said, /take the dot off|hidden character/i, `the page explains ${JSON.stringify(address)}`);
    assert.ok(!said.includes("\u202e"), "no control character is echoed");
  }
});

journey("X04 private, link-local and metadata addresses are refused in every spelling", async ({ app, network }) => {
  await app.turnOnDeveloperMode({ thisMachine: false });
  await refusesEach(app, network, [
    "https://169.254.169.254/latest", "https://[::ffff:a9fe:a9fe]/", "https://[::1]/", "https://2130706433/", "https://0177.0.0.1/", "https://0x7f.1/",
    "https://10.0.0.8/mcp", "https://192.168.1.1/mcp", "https://172.16.0.1/mcp", "https://[fd00::1]/mcp", "https://[fe80::1]/mcp", "https://localhost/mcp", "https://metadata.google.internal/",
  ], /only servers on the internet|can never be connected/);
});

journey("X04 link-local and metadata addresses stay refused when servers on this machine are allowed", async ({ app, network }) => {
  await app.turnOnDeveloperMode();
  await refusesEach(app, network, ["http://169.254.169.254/latest", "https://[::ffff:a9fe:a9fe]/", "https://[fe80::1]/mcp", "https://metadata.google.internal/"], /only servers on the internet|can never be connected/);
});

journey("X05 a redirect is never followed", async ({ app, keep }) => {
  const place = await keep(beacon());
  for (const status of [302, 307, 308]) {
    const server = await keep(hostile({ http: (request, response) => {
      if (request.method !== "POST") return false;
      response.writeHead(status, { Location: `${place.origin}/taken` }).end();
      return true;
    } }));
    await app.turnOnDeveloperMode();
    await app.describe({ name: "Elsewhere", url: server.url, header: ["Authorization", "Bearer canary-of-the-redirect"] });
    await app.button("Scan").click();
    await app.checklist.getByText(/redirect/i).first().waitFor();
    assert.deepEqual(place.heard, [], `nothing followed the ${status}`);
    assert.equal(await app.canCreate(), false);
  }
});

journey("X05 a redirect in the middle of a conversation is not followed and the call says so", async ({ app, keep }) => {
  const place = await keep(beacon());
  const server = await keep(hostile({
    tools: [tool("look_up", READ, { title: "Look up" })],
    on: (message, exchange) => {
      if (message.method !== "tools/call") return false;
      exchange.answered = true;
      exchange.response.writeHead(307, { Location: `${place.origin}/taken` }).end();
      return true;
    },
  }));
  await app.connect({ name: "Turns", url: server.url });
  await app.chat();
  await app.propose("look up", {}, "Look up");
  await app.says("Look up", /redirect/i);
  assert.deepEqual(place.heard, []);
});

journey("X06 a connector's address cannot be changed; the same name at another address is a new draft with nothing granted", async ({ app, page, keep }) => {
  const first = await keep(hostile({ tools: [tool("look_up", READ, { title: "Look up" })] }));
  const second = await keep(hostile({ tools: [tool("look_up", READ, { title: "Look up" })] }));
  await app.connect({ name: "Same name", url: first.url });
  assert.equal(await app.field("Server URL").count(), 0, "the address is not editable");
  await app.connect({ name: "Same name", url: second.url });
  await app.open("/settings/connectors");
  const words = await page.getByRole("main").innerText();
  assert.ok(words.includes(first.host) && words.includes(second.host), "both are told apart by their host");
});

journey("X07 a link only fills in the form: nothing is asked, nothing is kept", async ({ app, page, network, keep }) => {
  const server = await keep(hostile({ tools: [tool("look_up", READ)] }));
  await app.turnOnDeveloperMode();
  for (const query of [`serverUrl=${encodeURIComponent(server.url)}&autoOpen=true&autoConnect=1`, `url=${encodeURIComponent(server.url)}&name=Evil&scan=1`, "serverUrl=javascript:alert(1)"]) {
    await app.open(`/workspace/connectors/new?${query}`);
    await app.field("Name").waitFor();
    await page.waitForTimeout(500);
  }
  await app.open(`/?serverUrl=${encodeURIComponent(server.url)}&call=look_up`);
  await app.ready();
  await page.waitForTimeout(500);
  assert.equal(server.requests.length, 0, "the server was not asked");
  assert.ok(!network.foreign().includes(server.origin));
  assert.ok(!(await app.kept()).includes(server.host), "nothing was kept");
});

journey("X09 S119 a server on this machine is refused unless that was switched on", async ({ app, network, keep }) => {
  const server = await keep(hostile({ tools: [tool("look_up", READ)] }));
  await app.turnOnDeveloperMode({ thisMachine: false });
  await refusesEach(app, network, [server.url, server.url.replace("127.0.0.1", "localhost"), server.url.replace("127.0.0.1", "[::1]")], /only servers on the internet/);
  assert.equal(server.requests.length, 0);
});
