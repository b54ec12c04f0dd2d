// What a person does to publish a connector: the checklist with its evidence, who gets it, and answering for it.

/** The points of the checklist: the point, the label of its evidence, and evidence. */
export const POINTS = [
  [/^We know who/, /^Who runs it/, "This test runs it"],
  [/^Its terms/, /^Which terms/, "It has none"],
  [/^Its actions were tried/, /^What was tried/, "Listed and created a ticket"],
  [/^The people who get/, /^Who needs it/, "Support answers tickets with it"],
];

/** Ticks every point of the checklist on the page and writes the evidence for it. */
export async function check(app) {
  for (const [point, label, evidence] of POINTS) {
    await app.page.getByRole("checkbox", { name: point }).check();
    await app.page.getByLabel(label).fill(evidence);
  }
}

/** Goes through the review of the connector on the page, up to the button that publishes it for everyone. */
export async function review(app, reason) {
  const main = app.page.getByRole("main");
  await app.openTab("Overview");
  await main.getByRole("link", { name: "Publish", exact: true }).click();
  await complete(app, reason);
}

/** Fills the review on the page. */
export async function complete(app, reason = "It only runs on this machine, for a test.") {
  await app.page.getByRole("heading", { name: /^Publish/ }).waitFor();
  const everyone = app.page.getByRole("radio", { name: "Everyone" });
  if (await everyone.count()) await everyone.check();
  await check(app);
  const why = app.field(/^Why it is published/);
  if (await why.count()) await why.fill(reason);
  await app.page.getByRole("checkbox", { name: /^I have verified it/ }).check();
}

/** The same, and publishes it. */
export async function publish(app) {
  await review(app);
  await app.button("Publish connector").click();
  await app.page.getByRole("main").getByText(/Reviewed by/).first().waitFor();
}
