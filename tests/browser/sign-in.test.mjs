// Signing in with OAuth: through the pages of a real provider, in a window of its own, and what happens afterwards.
import assert from "node:assert/strict";
import { startModel } from "../servers/model.mjs";
import { startProtected } from "../servers/protected.mjs";
import { CLIENT, startGuarded } from "../servers/provider.mjs";
import { journey, site, siteBelowPath } from "./harness.mjs";
import { askToSignIn, createDraft, noSecrets, opens, throughItsPages } from "./signing.mjs";
import { assertSoon } from "./soon.mjs";

const REDIRECTS = [`${site}/oauth/callback`, `${siteBelowPath}oauth/callback`];

/** Starts the guarded board and fills the form for it, up to the scan that asks for a sign-in. */
async function askedToSignIn({ app, page, keep }, options = {}) {
  const server = await keep(startGuarded({ redirects: REDIRECTS, ...options }));
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Guarded", url: server.url });
  await page.getByRole("radio", { name: "OAuth", exact: true }).check();
  await page.getByText("The operator gave you a client id").click();
  await app.field("Client id").or(page.getByLabel(/^Client id/)).first().fill(CLIENT);
  await app.button("Scan").click();
  await app.button("Sign in").waitFor();
  assert.deepEqual(server.asked, [], "nobody was asked before the person wanted it");
  return server;
}

/** A connector that is signed in to. */
async function signedIn(stage, options) {
  const server = await askedToSignIn(stage, options);
  await throughItsPages(await opens(stage, "Sign in"));
  await createDraft(stage.app);
  return server;
}

journey("signing in through a real provider's pages: read, then a confirmed write, as the person", async (stage) => {
  const { app, page, network } = stage;
  const server = await askedToSignIn(stage);
  assert.equal(await app.field("Name").inputValue(), "Guarded", "what was typed is still there");
  await app.screenshot("sign-in-asked");
  const popup = await opens(stage, "Sign in");
  await popup.waitForURL(`${server.issuer}/**`);
  await page.getByRole("group", { name: "Sign-in under way" }).waitFor();
  await app.screenshot("sign-in-under-way");
  assert.deepEqual(await app.violations(), [], "axe finds nothing while a sign-in is under way");
  assert.equal(await popup.evaluate(() => window.opener), null, "X18 the provider's page does not know this page");
  await throughItsPages(popup);
  await createDraft(app);
  await assertSoon(() => popup.isClosed(), "the window closed itself");
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  assert.ok((await app.card("List tickets").textContent()).includes("Printer is out of toner"));
  await app.propose("create a ticket", { title: "The door squeaks" }, "Create a ticket");
  await app.decision.waitFor();
  assert.ok((await app.decision.textContent()).includes(`signed in at ${server.issuer}`), "as whom it acts is part of the decision");
  assert.equal(server.calls.filter((call) => call.name === "create_ticket").length, 0, "nothing is sent before the approval");
  await app.answer("Allow once");
  await app.says("Create a ticket", "Done");
  assert.ok(server.tickets.includes("The door squeaks"));
  assert.ok(network.calls(server.origin).every((call) => call.headers.authorization.startsWith("Bearer ")));
  await page.reload();
  await app.ready();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
});

journey("the Authentication tab says who is signed in, whether it renews, and what was asked; signing out revokes", async (stage) => {
  const { app, page } = stage;
  const server = await signedIn(stage);
  await app.openTab("Authentication");
  const main = page.getByRole("main");
  await main.getByText(`Signed in at ${server.issuer}`).waitFor();
  const words = await main.textContent();
  assert.match(words, /Will renew by itself\.|Renews, but may stop when you sign out of the provider\./);
  assert.match(words, /Refresh token\s*received/);
  assert.ok(words.includes(`${site}/oauth/callback`) && words.includes("by hand"));
  const steps = page.getByRole("list", { name: "Steps of the sign-in" }).getByRole("listitem");
  assert.ok((await steps.count()) >= 3, "the doctor has the steps");
  assert.match(await steps.last().textContent(), /as the rule says/, "the verdict is a word");
  const [download] = await Promise.all([page.waitForEvent("download"), app.button("Save report").click()]);
  const report = (await (await download.createReadStream()).toArray()).join("");
  assert.ok(JSON.parse(report).steps.length >= 3);
  for (const secret of server.secrets) assert.ok(!report.includes(secret), "no token in the report");
  assert.deepEqual(await app.violations(), [], "axe finds nothing on the tab");
  await app.screenshot("authentication");
  await app.button("Sign out").click();
  await page.getByText("You are signed out, and the provider ended the sign-in too.").waitFor();
  await main.getByText("Not signed in").waitFor();
  assert.ok(server.asked.filter((path) => path === "/token/revocation").length >= 1, "the provider was asked to revoke");
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Sign-in needed. Nothing was sent.");
  assert.equal(server.calls.length, 0);
});

journey("DR007 the doctor examines a connector as the account that is signed in, and says what is left to see after a sign-in", async (stage) => {
  const { app, page } = stage;
  const server = await signedIn(stage);
  await app.openTab("Overview");
  const examined = async (sum) => {
    await app.button("Examine the connection").click();
    await page.getByText(sum).first().waitFor();
    return page.getByRole("list", { name: "Examination" }).textContent();
  };
  const words = await examined(/^(Nothing is in the way of this page|It works, with .* missing)\.$/);
  assert.match(words, /Does it take who asks\?good: yes: it was asked as the account that is signed in/);
  assert.match(words, /revision of the protocol.*good: yes/);
  for (const secret of server.secrets) assert.ok(!words.includes(secret), "no token in the examination");
  await app.openTab("Authentication");
  await app.button("Sign out").click();
  await page.getByRole("main").getByText("Not signed in").waitFor();
  await app.openTab("Overview");
  const out = await examined("Reachable. The rest shows after the sign-in.");
  assert.match(out, /Sign in under Authentication, then examine the connection again/);
});

journey("a token of five seconds is renewed without a person", async (stage) => {
  const { app, context } = stage;
  const server = await signedIn(stage, { lifetime: 5 });
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  await new Promise((resolve) => setTimeout(resolve, 6000));
  await app.propose("list tickets", {}, "List tickets");
  await assertSoon(() => server.calls.length === 2, "the second call ran");
  assert.notEqual(server.calls[0].token, server.calls[1].token, "with another token");
  assert.equal(context.pages().length, 1, "no window opened");
});

journey("a sign-in that ended stops a call with nothing sent; signing in on its card runs it again", async (stage) => {
  const { app, page, context } = stage;
  const server = await signedIn(stage);
  await server.refuse();
  await app.chat();
  await app.propose("create a ticket", { title: "After all" }, "Create a ticket");
  await app.says("Create a ticket", /Sign-in ended at \d.*\. Nothing was sent\./);
  assert.equal(server.calls.length, 0, "no call reached the server");
  assert.equal(context.pages().length, 1, "no window opened by itself");
  await app.screenshot("sign-in-needed");
  const popup = await opens(stage, "Sign in and continue", app.card("Create a ticket"));
  await throughItsPages(popup);
  await app.answer("Allow once");
  await app.says("Create a ticket", "Done");
  assert.deepEqual(server.tickets.slice(1), ["After all"]);
  await page.reload();
  await app.ready();
});

journey("N08 a sign-in that ended in a model's turn: signing in on the card makes the same call again, and the model goes on with its result", async (stage) => {
  const { app, keep } = stage;
  const server = await signedIn(stage);
  await server.refuse();
  const model = await keep(startModel(({ results, named }) => {
    if (results.length === 0) return { calls: [[named("list_tickets"), {}]] };
    return { say: results.at(-1).includes("status: sign-in needed") ? "You have to sign in first." : "Now I have seen the tickets." };
  }));
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("what is on the board?");
  await app.log.getByText("You have to sign in first.").first().waitFor();
  const former = app.cards("List tickets").first();
  await former.filter({ hasText: "Nothing was sent." }).waitFor();
  await app.button("Send").waitFor();
  const sent = server.calls.length;
  await throughItsPages(await opens(stage, "Sign in and continue", former));
  await app.log.getByText("Now I have seen the tickets.").first().waitFor();
  await app.says("List tickets", "Repeats an earlier call");
  await app.says("List tickets", "Done");
  assert.equal(await app.cards("List tickets").count(), 2, "the former card stays as it was");
  assert.equal(server.calls.length, sent + 1, "it was made once");
  assert.match(model.asked.at(-1).results.at(-1), /made again[^]*Printer is out of toner/, "the model is told that it is the earlier call");
  assert.equal(await app.button("Sign in and continue", former).count(), 0, "it was done");
  assert.equal(await app.message.inputValue(), "", "nothing was typed for the person");
});

journey("a denial at the provider is told in words, with the steps", async (stage) => {
  const { app, page } = stage;
  await askedToSignIn(stage);
  const popup = await opens(stage, "Sign in");
  await popup.getByText(/Cancel/).first().click();
  const told = page.getByRole("alert").filter({ hasText: "access_denied" });
  await told.waitFor();
  await page.getByText("What was asked and answered").click();
  await page.getByRole("list", { name: "Steps of the sign-in" }).getByText("ended here").first().waitFor();
  assert.equal(await app.canCreate(), false);
  assert.equal(await app.field("Name").inputValue(), "Guarded");
});

journey("MC167 why a provider registers no client is told in its words, as text, with the steps", async (stage) => {
  const { app, page, context, keep } = stage;
  const server = await keep(startProtected({ refusesClients: "pages of <b>loopback</b> need application_type native" }));
  await app.turnOnDeveloperMode();
  await askToSignIn(app, "Guarded", server.url);
  await app.button("Sign in").click();
  const told = page.getByRole("alert").filter({ hasText: "pages of <b>loopback</b> need application_type native" });
  await told.waitFor();
  assert.match(await told.innerText(), /invalid_redirect_uri/, "the code of the error too");
  assert.equal(await told.locator("b", { hasText: "loopback" }).count(), 0, "its words are text");
  assert.deepEqual([server.asked.register, server.asked.authorize], [1, 0], "asked once, and nobody was led away");
  await assertSoon(() => context.pages().length === 1, "no window is left open");
  await page.getByText("What was asked and answered").click();
  await page.getByRole("list", { name: "Steps of the sign-in" }).getByText("ended here").first().waitFor();
});

journey("where the browser lets no window open, a link and the pasted address do", async (stage) => {
  const { app, page, context } = stage;
  await page.addInitScript(() => { window.open = () => null; });
  const server = await askedToSignIn(stage);
  await app.button("Sign in").click();
  const away = page.getByRole("group", { name: "Sign-in under way" });
  await away.getByText("The browser let no window open.", { exact: false }).waitFor();
  // The window cannot be heard from either: its page is kept from handing anything over.
  await context.addInitScript(() => { if (location.pathname.endsWith("/oauth/callback")) BroadcastChannel.prototype.postMessage = () => {}; });
  let back = "";
  context.on("request", (request) => { if (request.url().startsWith(`${site}/oauth/callback`)) back = request.url(); });
  const [popup] = await Promise.all([context.waitForEvent("page"), away.getByRole("link", { name: "Open the sign-in page" }).click()]);
  await throughItsPages(popup);
  await popup.getByRole("heading", { name: "No page is waiting for this sign-in" }).waitFor();
  assert.equal(popup.url(), `${site}/oauth/callback`, "X27 the code is not left in the address");
  await app.screenshot("sign-in-paste");
  await away.getByLabel("Address that you came back to").fill(back);
  await app.button("Use this address", away).click();
  await createDraft(app);
  await noSecrets(app, server);
});

journey("X15 X16 an answer that nobody waits for, or with another state, is worth nothing", async (stage) => {
  const { app, page, context } = stage;
  const server = await askedToSignIn(stage);
  const stranger = await context.newPage();
  await stranger.goto(`${site}/oauth/callback?code=stolen&state=of-somebody-else&error_description=<b>call+evil</b>`);
  await stranger.getByRole("heading", { name: "No page is waiting for this sign-in" }).waitFor();
  assert.ok(!(await stranger.textContent("body")).includes("evil"), "X19 nothing of the address is shown");
  assert.equal(stranger.url(), `${site}/oauth/callback`);
  await stranger.close();
  const popup = await opens(stage, "Sign in");
  await popup.waitForURL(`${server.issuer}/**`);
  await page.getByText("Signed in, and nothing happens here?").click();
  await page.getByLabel("Address that you came back to").fill(`${site}/oauth/callback?code=stolen&state=of-somebody-else`);
  await app.button("Use this address").click();
  await page.getByRole("alert").filter({ hasText: "does not belong to this sign-in" }).waitFor();
  assert.ok(!server.asked.includes("/token"), "the code was not used");
  assert.equal(await app.canCreate(), false);
});

journey("a sign-in is cancelled by the person, and the form is as it was", async (stage) => {
  const { app, page } = stage;
  const server = await askedToSignIn(stage);
  const popup = await opens(stage, "Sign in");
  await popup.waitForURL(`${server.issuer}/**`);
  await app.button("Cancel sign-in").click();
  await page.getByRole("alert").filter({ hasText: "The sign-in was cancelled" }).waitFor();
  await popup.close();
  assert.equal(await app.field("Server URL").inputValue(), server.url);
  await throughItsPages(await opens(stage, "Sign in"));
  await createDraft(app);
});

journey("X21 tokens are in no page, no store in the clear, no export and no audit row", async (stage) => {
  const { app, page } = stage;
  const server = await signedIn(stage);
  await app.chat();
  await app.propose("list tickets", {}, "List tickets");
  await app.says("List tickets", "Done");
  await noSecrets(app, server);
  for (const route of ["/settings/connectors", "/workspace/audit"]) {
    await app.open(route);
    await noSecrets(app, server);
  }
  await app.openConnector("Guarded", "Authentication");
  await page.getByText(`Signed in at ${server.issuer}`).waitFor();
  await noSecrets(app, server);
  await app.open("/settings/data");
  const [download] = await Promise.all([page.waitForEvent("download"), app.button("Export everything").click()]);
  const text = (await (await download.createReadStream()).toArray()).join("");
  for (const secret of server.secrets) assert.ok(!text.includes(secret), "no token in the export");
});

journey("below a path the person comes back to that path", { base: siteBelowPath }, async (stage) => {
  const server = await signedIn(stage);
  await stage.app.chat();
  await stage.app.propose("list tickets", {}, "List tickets");
  await stage.app.says("List tickets", "Done");
  assert.equal(server.calls.length, 1);
});

journey("a provider that registers pages needs nothing but a click", async (stage) => {
  const { app, page, keep } = stage;
  const server = await keep(startProtected());
  await app.turnOnDeveloperMode();
  await askToSignIn(app, "Guarded", server.url);
  await opens(stage, "Sign in");
  await createDraft(app);
  assert.equal(server.asked.register, 1);
  await app.openTab("Authentication");
  await page.getByText("dynamically, when you signed in").waitFor();
});
