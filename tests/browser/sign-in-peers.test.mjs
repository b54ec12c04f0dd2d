// Signing in where pages are not let in: the provider and the example of an SDK behind nginx, and a page with a document.
import assert from "node:assert/strict";
import { startNamedSite } from "../servers/named.mjs";
import { startGuarded } from "../servers/provider.mjs";
import { startNginxProxy } from "../servers/proxies.mjs";
import { startSdk1 } from "../servers/start.mjs";
import { journey, site } from "./harness.mjs";
import { askToSignIn, createDraft, noSecrets, opens, throughItsPages } from "./signing.mjs";
import { assertSoon } from "./soon.mjs";

journey("the OAuth example of the TypeScript SDK 1, which lets no page in, behind nginx: sign in, call, sign out", async (stage) => {
  const { app, network, page, keep } = stage;
  const server = await keep(startSdk1());
  const proxy = await keep(startNginxProxy([site], { example: server.origin.replace("localhost", "127.0.0.1"), issuer: server.issuer.replace("localhost", "127.0.0.1") }));
  await app.turnOnDeveloperMode();
  await app.goThrough(server.origin, `${proxy.origin}/mcp-proxy/example`);
  await app.goThrough(server.issuer, `${proxy.origin}/mcp-proxy/issuer`);
  await askToSignIn(app, "Example", server.url);
  await opens(stage, "Sign in");
  await createDraft(app, "Example");
  await app.chat();
  await app.propose("greeting tool", { name: "Ada" }, "Greeting Tool");
  await app.answer("Allow once");
  await app.says("Greeting Tool", "Done");
  assert.ok((await app.card("Greeting Tool").textContent()).includes("Hello, Ada!"));
  const past = [...network.to(server.origin), ...network.to(server.issuer)].filter((request) => !request.url.includes("/authorize"));
  assert.deepEqual(past, [], "only the person's own window went past the proxy");
  await app.openConnector("Example", "Authentication");
  await app.button("Sign out").click();
  await page.getByText("The provider offers no way to end it there", { exact: false }).waitFor();
  await page.getByRole("main").getByText("Not signed in").waitFor();
  await app.chat();
  await app.propose("greeting tool", { name: "Bob" }, "Greeting Tool");
  await app.says("Greeting Tool", "Sign-in needed. Nothing was sent.");
});

journey("a page registers at the certified provider through nginx; five seconds later its tokens rotate; removal revokes them", async (stage) => {
  const { app, network, page, keep } = stage;
  const server = await keep(startGuarded({ lifetime: 5 }));
  const proxy = await keep(startNginxProxy([site], { issuer: server.issuer }));
  await app.turnOnDeveloperMode();
  await app.goThrough(server.issuer, `${proxy.origin}/mcp-proxy/issuer`);
  await askToSignIn(app, "Guarded", server.url);
  await throughItsPages(await opens(stage, "Sign in"));
  await createDraft(app);
  assert.equal(server.asked.filter((path) => path === "/reg").length, 1, "it registered once");
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  await new Promise((resolve) => setTimeout(resolve, 6000));
  await app.propose("list tickets", {}, "List tickets");
  await assertSoon(() => server.calls.length === 2, "the second call ran in the same conversation");
  assert.notEqual(server.calls[0].token, server.calls[1].token, "with another token");
  assert.ok(server.used.length >= 1, "a refresh token was used up");
  const renewals = network.to(proxy.origin).filter((request) => request.body?.includes("grant_type=refresh_token"));
  assert.ok(renewals.length >= 1);
  assert.equal(new Set(renewals.map((request) => new URLSearchParams(request.body).get("refresh_token"))).size, renewals.length, "none was used twice");
  await noSecrets(app, server);
  await app.openConnector("Guarded", "Overview");
  await app.button("Remove connector").click();
  await app.button("Remove connector", page.getByRole("alertdialog")).click();
  await assertSoon(() => server.asked.filter((path) => path === "/token/revocation").length >= 2, "both tokens were revoked");
});

/** A Chromium that finds the site under its own name. */
async function named(keep) {
  const front = await keep(startNamedSite());
  return { front, args: front.args };
}

journey("a site with a name is known to the certified provider by its client document", { chromium: named, base: "https://app.example.com/" }, async (stage) => {
  const { app, page, keep, front } = stage;
  const server = await keep(startGuarded({ fetch: front.fetch }));
  await app.turnOnDeveloperMode();
  await askToSignIn(app, "Guarded", server.url);
  const popup = await opens(stage, "Sign in");
  await popup.waitForURL(`${server.issuer}/**`);
  await throughItsPages(popup);
  await createDraft(app);
  assert.deepEqual(front.asked, ["/client.json"], "the provider read the document, once");
  assert.ok(!server.asked.includes("/reg"), "nobody registered");
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  await app.openConnector("Guarded", "Authentication");
  const words = await page.getByRole("main").textContent();
  assert.ok(words.includes(`${front.origin}/client.json`) && words.includes("by this site's client document"), words);
  await noSecrets(app, server);
});
