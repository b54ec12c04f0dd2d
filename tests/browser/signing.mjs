// What a person does to sign in, and where no secret may be afterwards.
import assert from "node:assert/strict";
import { CLIENT, startGuarded } from "../servers/provider.mjs";
import { site } from "./harness.mjs";

export const ANN = "ann@example.com";
export const BOB = "bob@example.com";

/** Signs in at the provider's own pages, as `who` where they ask. */
export async function throughItsPages(popup, who = "ann") {
  const login = popup.getByPlaceholder("Enter any login");
  const go = popup.getByRole("button", { name: "Continue" });
  await login.or(go).first().waitFor();
  if (await login.isVisible()) {
    await login.fill(who);
    await popup.getByPlaceholder("and password").fill("of no matter");
    await popup.getByRole("button", { name: "Sign-in" }).click();
  }
  await go.click();
}

/** Fills the form for a server that signs in with OAuth, of which nothing else is known, and has it scanned. */
export async function askToSignIn(app, name, url) {
  await app.describe({ name, url });
  await app.page.getByRole("radio", { name: "OAuth", exact: true }).check();
  await app.button("Scan").click();
  await app.button("Sign in").waitFor();
}

/** Presses a button that opens the sign-in window, and gives the window. */
export async function opens({ app, context }, name, scope = app.page) {
  const [popup] = await Promise.all([context.waitForEvent("page"), app.button(name, scope).click()]);
  return popup;
}

/** Creates the draft once the scan is through. */
export async function createDraft(app, name = "Guarded") {
  const understood = app.page.getByRole("checkbox", { name: /^I understand/ });
  await understood.waitFor({ timeout: 30_000 });
  await understood.check();
  await app.button("Create draft").click();
  await app.page.getByRole("heading", { name }).first().waitFor();
}

/** No token and none of `verifiers` is in the page, in what it keeps in the clear, or in its address. */
export async function noSecrets(app, server, verifiers = []) {
  assert.ok(server.secrets.length > 0, "there are tokens to look for");
  const seen = { DOM: await app.page.content(), storage: await app.kept(), history: app.page.url() };
  for (const secret of [...server.secrets, ...verifiers]) {
    for (const [where, text] of Object.entries(seen)) assert.ok(!text.includes(secret), `a secret is in the ${where}`);
  }
}

/** The section of an account on the Authentication tab. */
export const section = (page, name) => page.getByRole("region", { name, exact: true });

/** A connector at which Ann is signed in, and Bob as her second account. */
export async function annAndBob(stage) {
  const { app, page, keep } = stage;
  const server = await keep(startGuarded({ redirects: [`${site}/oauth/callback`], people: true }));
  await app.turnOnDeveloperMode();
  await app.describe({ name: "Guarded", url: server.url });
  await page.getByRole("radio", { name: "OAuth", exact: true }).check();
  await page.getByText("The operator gave you a client id").click();
  await page.getByLabel(/^Client id/).first().fill(CLIENT);
  await app.button("Scan").click();
  await app.button("Sign in").waitFor();
  await throughItsPages(await opens(stage, "Sign in"), "ann");
  await createDraft(app);
  await app.openTab("Authentication");
  const popup = await opens(stage, "Add account");
  await popup.waitForURL(`${server.issuer}/**`);
  await throughItsPages(popup, "bob");
  await section(page, BOB).getByText(`Signed in at ${server.issuer}`).waitFor();
  return server;
}
