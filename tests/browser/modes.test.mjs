// The modes of a chat: Knowledge, Research and Agent, with the numbers of their sources, the plan, and what each refuses.
import assert from "node:assert/strict";
import { appServer, page as appPage } from "../servers/apps.mjs";
import { READ, WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { startModel } from "../servers/model.mjs";
import { startArchive } from "../servers/start.mjs";
import { journey } from "./harness.mjs";
import { looksWell } from "./seen.mjs";
import { assertSoon } from "./soon.mjs";

/** A text of a download. */
async function read(download) {
  const pieces = await (await download.createReadStream()).toArray();
  return Buffer.concat(pieces).toString("utf8");
}

const plain = (name) => tool(name, READ, { title: name });

journey("modes S085 S087 S127 Knowledge asks connectors with search and fetch, and answers with numbered sources", async ({ app, page, network, keep }) => {
  const archive = await keep(startArchive("north"));
  const board = await keep(hostile({ tools: [plain("list_cards"), tool("post_card", WRITE, { title: "Post a card", inputSchema: strings("body") })], call: () => text("card") }));
  const model = await keep(startModel(({ results, offered, named }) => {
    if (results.length === 0) return { calls: [[named("north__search"), { query: "harvest of 1911" }]] };
    if (results.length === 1) return { calls: [[named("north__fetch"), { id: "harvest" }]] };
    const number = /\[(\d+)\] Harvest report/.exec(results[1])?.[1] ?? "?";
    return { say: `The harvest was **four tons** [${number}]. There is no source for the year after [97].` };
  }));
  await app.connect({ name: "North", url: archive.url });
  await app.connect({ name: "Board", url: board.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Knowledge");
  const part = page.getByText("2 of 4 connectors take part");
  await part.click();
  await page.getByText(/Left out: it has no `search` and `fetch`/).first().waitFor();
  await looksWell({ app, page }, "modes-knowledge-new");
  await part.click();
  await app.say("How big was the harvest of 1911?");
  await app.log.getByText("four tons").first().waitFor();
  const offered = model.asked[0].offered;
  assert.ok(offered.some((name) => name.endsWith("north__search")) && offered.some((name) => name.endsWith("guide__fetch")), offered.join());
  for (const never of ["post_card", "list_cards", "file_note", "plan", "notebook"]) assert.ok(!offered.some((name) => name.includes(never)), never);
  assert.equal(network.calls(board.origin).length, 0);

  // The panel opens beside the answer, and the number in it leads to its source.
  await app.sources.getByText("Named in the answer").waitFor();
  await app.log.getByText("There is no source for the year after [97]").waitFor();
  await app.button(/^Source \d+: Harvest report of north/, app.log).click();
  const entry = app.sources.getByRole("listitem").filter({ hasText: "Harvest report of north" });
  await assertSoon(() => entry.evaluate((element) => element === document.activeElement), "the source has the focus");
  const link = entry.getByRole("link", { name: "Open at" });
  assert.equal(await link.getAttribute("href"), "https://north.example.com/harvest");
  assert.match(await entry.innerText(), /north\.example\.com/);
  assert.match(await entry.innerText(), new RegExp(archive.host.replaceAll(".", "\\.")));
  await app.button("Show result", entry).click();
  await assertSoon(() => app.card("Read from north").evaluate((element) => element === document.activeElement), "the card has the focus");
  await looksWell({ app, page }, "modes-knowledge");

  // All of it is there after a reload.
  await page.reload();
  await app.log.getByText("four tons").first().waitFor();
  await app.message.focus();
  await app.button("Mode: Knowledge").waitFor();
  await app.button(/^Source \d+: Harvest report of north/, app.log).waitFor();
  await app.sources.getByText("Named in the answer").waitFor();
  await app.button("Close sources").click();
  await assertSoon(async () => (await app.sources.count()) === 0, "the panel is closed");
  await app.button(/^Sources · /).click();
  await app.sources.waitFor();
  assert.ok(!network.requests.some((request) => request.url.includes("example.com")), "no source was loaded");
  assert.deepEqual(await archive.witness(), ["search", "fetch"]);
});

journey("modes S085 Knowledge without a model searches everything that can be searched, and reads what is picked", async ({ app, page, keep }) => {
  const [north, south] = [await keep(startArchive("north")), await keep(startArchive("south"))];
  const odd = await keep(hostile({
    tools: [tool("search", READ, { title: "Odd search", inputSchema: strings("from", "to") }), plain("fetch")],
    call: () => text("never"),
  }));
  await app.connect({ name: "North", url: north.url });
  await app.connect({ name: "South", url: south.url });
  await app.connect({ name: "Odd", url: odd.url });
  await app.chat();
  await app.chooseMode("Knowledge");
  await app.say("harvest report");
  const found = app.log.getByRole("group", { name: "What was found" });
  await found.getByText("Harvest report of north").waitFor();
  await found.getByText("Harvest report of south").waitFor();
  await found.getByText(/Odd · .* was not searched: its search wants more than a text/).waitFor();
  assert.equal(odd.calls.length, 0);
  await app.button("Read Harvest report of south", found).click();
  await app.says("Read from south", "Done");
  assert.deepEqual(await south.witness(), ["search", "fetch"]);
  assert.deepEqual(await north.witness(), ["search"]);
  // What floats above the thread covers what is under it only until it is pressed.
  const end = app.button("Go to the end");
  if (await end.isVisible()) await end.click();
  await end.waitFor({ state: "hidden" });
  await looksWell({ app, page }, "modes-found");
  await page.reload();
  await found.getByText("Harvest report of north").waitFor();
  // What plans needs a model, and says so.
  await app.message.focus();
  await app.mode.click();
  for (const name of ["Research", "Agent"]) {
    await app.modeChoice(name).filter({ hasText: "Needs a language model" }).waitFor();
    assert.equal(await app.modeChoice(name).getAttribute("aria-disabled"), "true");
  }
});

journey("modes S122 Research reads with custom connectors in several steps, shows its plan, and ends in a report", async ({ app, page, keep }) => {
  const archive = await keep(startArchive("north"));
  const steps = (...states) => ({ steps: ["Find the reports", "Read the best one", "Write it up"].map((words, at) => ({ text: words, state: states[at] })) });
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  const board = await keep(hostile({ tools: [plain("read_board"), tool("post_card", WRITE, { title: "Post a card", inputSchema: strings("body") })], call: async () => { await held; return text("the board is empty"); } }));
  const model = await keep(startModel(({ results }) => {
    const rounds = [
      { calls: [["plan", steps("now", "open", "open")], ["north__search", { query: "harvest" }], ["board__read_board", {}]] },
      { calls: [["plan", steps("done", "now", "open")], ["north__fetch", { id: "harvest" }]] },
      { calls: [["plan", steps("done", "done", "now")]] },
    ];
    const at = [0, 3, 5].indexOf(results.length);
    if (at >= 0) return rounds[at];
    const number = /\[(\d+)\] Harvest report/.exec(results.join("\n"))?.[1] ?? "?";
    return { say: `## Summary\n\nFour tons of barley [${number}].\n\n## Details\n\nNothing else is known.` };
  }));
  await app.connect({ name: "North", url: archive.url });
  await app.connect({ name: "Board", url: board.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Research");
  await app.say("What is known of the harvest of 1911?");
  const plan = app.log.getByRole("group", { name: "Plan · Research" });
  await plan.getByText("Find the reports").waitFor();
  await plan.getByText("0 of 3 steps · 2 of 12 calls").waitFor();
  assert.equal(await plan.locator("[aria-current=step]").innerText().then((words) => words.includes("Find the reports")), true);
  await looksWell({ app, page }, "modes-research-running");
  goOn();
  await app.log.getByText("Four tons of barley").first().waitFor();
  await plan.getByText("2 of 3 steps · 3 of 12 calls").waitFor();
  await plan.getByText("Finished").waitFor();
  assert.ok(model.asked[0].offered.some((name) => name.endsWith("north__fetch")));
  for (const never of ["post_card", "file_note"]) assert.ok(!model.asked[0].offered.some((name) => name.includes(never)), never);
  assert.deepEqual(await archive.witness(), ["search", "fetch"]);
  await app.sources.getByText("Named in the answer").waitFor();
  await looksWell({ app, page }, "modes-research");
  const [download] = await Promise.all([page.waitForEvent("download"), app.button("Save report as Markdown").click()]);
  assert.match(download.suggestedFilename(), /\.md$/);
  const report = await read(download);
  assert.match(report, /^# What is known of the harvest of 1911\?/);
  assert.match(report, /## Sources\n\n- \[\d+\] Harvest report of north, https:\/\/north\.example\.com\/harvest \(North · /);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await app.button("Copy report").click();
  await app.button("Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), report);
  await page.reload();
  await plan.getByText("Finished").waitFor();
  await app.button("Save report as Markdown").waitFor();
});

journey("modes S121 Agent goes on by itself with connectors of the product alone, and a write still asks", async ({ app, page, network, keep }) => {
  const archive = await keep(startArchive("north"));
  const plan = (...states) => ["plan", { steps: ["Look into the notebook", "Write a note"].map((words, at) => ({ text: words, state: states[at] })) }];
  const model = await keep(startModel(({ results, said, named }) => {
    if (said.startsWith("[from the page")) return results.length === 0 ? { calls: [plan("done", "now"), [named("create_note"), { title: "Harvest", text: "Four tons" }]] } : results.length === 2 ? { calls: [plan("done", "done")] } : { say: "The note is written." };
    if (results.length === 0) return { calls: [plan("now", "open"), [named("list_notes"), {}]] };
    return { say: "I have looked." };
  }));
  await app.connect({ name: "North", url: archive.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Agent");
  await page.getByText("2 of 3 connectors take part").click();
  await page.getByText(/Left out: people added it/).waitFor();
  await page.getByRole("spinbutton", { name: /Step budget/ }).fill("5");
  await page.keyboard.press("Tab");
  await app.say("Write a note about the harvest");
  await app.log.getByText("Its plan has open steps, so the model was asked to go on.").waitFor();
  await app.decision.waitFor();
  assert.match(await app.decision.innerText(), /Four tons/);
  const shown = app.log.getByRole("group", { name: "Plan · Agent" });
  await shown.getByText("1 of 2 steps · 2 of 5 calls").waitFor();
  await app.answer("Allow once");
  await app.log.getByText("The note is written.").first().waitFor();
  await shown.getByText("2 of 2 steps · 2 of 5 calls").waitFor();
  for (const { offered } of model.asked) assert.ok(!offered.some((name) => name.startsWith("north")), offered.join());
  assert.equal(network.calls(archive.origin).length, 0);
  await looksWell({ app, page }, "modes-agent");
});

journey("modes the step budget ends a turn that would go on for ever, and Stop ends it at any moment", async ({ app, page, keep }) => {
  let calls = 0;
  const model = await keep(startModel(({ said, named }) => {
    calls += 1;
    return { calls: [["plan", { steps: [{ text: `Round ${calls}`, state: "now" }] }], [named("list_notes"), {}]], say: said.includes("slowly") ? "Going on." : "" };
  }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Agent");
  await page.getByRole("spinbutton", { name: /Step budget/ }).fill("3");
  await page.keyboard.press("Tab");
  await app.say("go on for ever");
  await app.log.getByText("The 3 calls that you allowed for one message are used up.").waitFor({ timeout: 30_000 });
  await app.log.getByText("Paused: every allowed call was made").waitFor();
  assert.equal(await app.cards("List").count(), 3);
  await page.getByRole("spinbutton", { name: /Step budget/ }).fill("60");
  await page.keyboard.press("Tab");
  await app.say("go on slowly");
  await assertSoon(async () => (await app.cards("List").count()) > 4, "it goes on");
  await app.button("Stop").click();
  await app.log.getByText("Stopped by you").waitFor();
  await app.button("Send").waitFor();
  const at = calls;
  const cards = await app.cards("List").count();
  await page.reload();
  // It is shown as stopped once that is kept, and not before.
  await app.log.getByText("Stopped by you").waitFor();
  assert.equal(await app.cards("List").count(), cards);
  assert.ok(calls <= at + 1, "nothing more was asked");
});

journey("modes a page that is reloaded in the middle of a Research turn has what was read, says so, and sends nothing again", async ({ app, page, keep }) => {
  const archive = await keep(startArchive("north"));
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  const board = await keep(hostile({ tools: [plain("read_board")], call: async () => { await held; return text("the board is empty"); } }));
  const steps = { steps: [{ text: "Find the reports", state: "done" }, { text: "Look at the board", state: "now" }] };
  const model = await keep(startModel(({ said, results }) => {
    if (said.includes("Go on")) return { say: "Four tons of barley." };
    if (results.length === 0) return { say: "I look for the reports first.", calls: [["plan", steps], ["north__search", { query: "harvest" }]] };
    return { calls: [["board__read_board", {}]] };
  }));
  await app.connect({ name: "North", url: archive.url });
  await app.connect({ name: "Board", url: board.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Research");
  await app.say("What is known of the harvest of 1911?");
  const plan = app.log.getByRole("group", { name: "Plan · Research" });
  await app.says("read_board", "Running");
  await plan.getByText("1 of 2 steps · 2 of 12 calls").waitFor();
  const asked = model.asked.length;
  await page.reload();
  await plan.getByText("Stopped: the page was closed in the middle").waitFor();
  await plan.getByText("Look at the board").waitFor();
  await app.log.getByText("I look for the reports first.").first().waitFor();
  await app.says("Search north", "Done");
  await app.says("read_board", "It may have happened");
  await app.ready();
  await app.button("Send").waitFor();
  goOn();
  // The conversation goes on when the person says so, and knows what was got.
  await app.say("Go on, please");
  await app.log.getByText("Four tons of barley.").first().waitFor();
  assert.equal(model.asked.length, asked + 1, "nothing was asked by itself in between");
  assert.equal(board.calls.length, 1, "the call was not made again");
  assert.deepEqual(await archive.witness(), ["search"]);
  const told = JSON.stringify(model.asked.at(-1).request);
  assert.match(told, /Harvest report/);
  assert.match(told, /status: unknown outcome/);
});

journey("modes X71 a page that is reloaded while an Agent waits for a decision says that nobody answered, and nothing goes on by itself", async ({ app, page, keep }) => {
  const plan = ["plan", { steps: [{ text: "Look into the notebook", state: "done" }, { text: "Write a note", state: "now" }] }];
  const model = await keep(startModel(({ said, results, named }) => {
    if (said.includes("leave it")) return { say: "I leave it." };
    if (results.length === 0) return { calls: [plan, [named("list_notes"), {}]] };
    return { say: "Now the note.", calls: [[named("create_note"), { title: "Harvest", text: "Four tons" }]] };
  }));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.chooseMode("Agent");
  await app.say("Write a note about the harvest");
  await app.decision.waitFor();
  const shown = app.log.getByRole("group", { name: "Plan · Agent" });
  await page.reload();
  await shown.getByText("Stopped: the page was closed in the middle").waitFor();
  await app.says("List", "Done");
  await app.says("Create a note", "Nobody answered. Nothing was sent.");
  await app.log.getByText("Now the note.").first().waitFor();
  await app.ready();
  await app.button("Send").waitFor();
  assert.equal(await app.decision.count(), 0, "nothing waits any more");
  const asked = model.asked.length;
  assert.equal(asked, 2);
  // That nobody answered is on record, and no note was written.
  await app.say("Then leave it");
  await app.log.getByText("I leave it.").first().waitFor();
  assert.equal(model.asked.length, asked + 1, "nothing was asked by itself in between");
  assert.match(JSON.stringify(model.asked.at(-1).request), /status: not answered/);
  await app.open("/workspace/audit/refusals");
  await page.getByRole("row").filter({ hasText: "create_note" }).or(page.getByRole("listitem").filter({ hasText: "create_note" })).first().waitFor();
  assert.match(await app.kept(), /"notes":\[\]/, "no note was written");
});

journey("modes X76 a model that calls what was not offered, and a call that the list held before the mode changed, are both refused", async ({ app, page, network, keep }) => {
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  const desk = await keep(hostile({
    tools: [plain("read_slowly"), tool("post_leaflet", WRITE, { title: "Post a leaflet", inputSchema: strings("body") })],
    call: async (name) => { if (name === "read_slowly") await held; return text(`result of ${name}`); },
  }));
  const model = await keep(startModel(({ said, results }) => {
    if (said.includes("sneak")) return results.length === 0 ? { calls: [["desk__post_leaflet", { body: "sneaky" }]] } : { say: `Told: ${results[0]}` };
    if (results.length === 0) return { calls: [["desk__read_slowly", {}]] };
    if (results.length === 1) return { calls: [["desk__post_leaflet", { body: "late" }]] };
    return { say: "It was refused, I see." };
  }));
  await app.connect({ name: "Desk", url: desk.url });
  await app.chooseModel({ url: model.url });
  await app.chat();

  // Offered in Chat; the mode changes while the turn runs. The dispatcher refuses on its own.
  await app.say("read and post");
  await app.card("read_slowly").waitFor();
  await app.chooseMode("Research");
  goOn();
  await app.log.getByText("It was refused, I see.").first().waitFor();
  assert.ok(model.asked[0].offered.some((name) => name.endsWith("post_leaflet")), "it had been offered");
  await app.says("Post a leaflet", "Not allowed here: the mode Research only reads; to use this, switch to Chat. Nothing was sent.");
  assert.match(model.asked[2].results[1], /status: blocked/);
  await app.card("Post a leaflet").getByText("Why can't I use this?").click();
  await app.card("Post a leaflet").getByText(/mode Research only reads/).nth(1).waitFor();

  // Not offered, and called all the same.
  await app.say("sneak something in");
  await app.log.getByText("Told: status: not a call").first().waitFor();
  assert.ok(!model.asked.at(-1).offered.some((name) => name.endsWith("post_leaflet")), "it is not offered");
  assert.equal(await app.decision.count(), 0, "nobody was even asked");
  assert.deepEqual(network.calls(desk.origin).map((call) => call.name), ["read_slowly"]);

  // And by hand: what direct mode proposed in a chat is refused in Knowledge.
  await app.button(/^Script/).click();
  await page.getByRole("menuitemradio", { name: "Direct mode" }).click();
  await app.chooseMode("Chat");
  await app.say("post a leaflet");
  await app.suggestion.waitFor();
  await app.fill(app.suggestion, "body", "by hand");
  await app.chooseMode("Knowledge");
  await app.button("Run action", app.suggestion).click();
  await app.says("Post a leaflet", "the mode Knowledge only reads, from connectors that can search and fetch");
  assert.deepEqual(network.calls(desk.origin).map((call) => call.name), ["read_slowly"]);
});

journey("modes S129 S010 in Knowledge a result that has an app is shown as text, and as an app again in Chat", { expected: [/Content Security Policy/, /sandbox/i] }, async ({ app, page, keep }) => {
  const server = await keep(appServer({
    html: appPage("await start(); say('the app is here');"),
    tools: [tool("search", READ, { title: "Search the shelf", inputSchema: strings("query"), _meta: { ui: { resourceUri: "ui://hostile/page" } } }), plain("fetch")],
    call: () => ({ content: [{ type: "text", text: JSON.stringify({ results: [{ id: "1", title: "A shelf", url: "https://shelf.example.com/" }] }) }] }),
  }));
  await app.connect({ name: "Shelf", url: server.url });
  await app.chat();
  await app.chooseMode("Knowledge");
  await app.say("what is on the shelf?");
  const card = app.card("Search the shelf");
  await card.getByText("This connector has an app for it. Knowledge shows the result as text.").waitFor();
  await card.getByRole("group", { name: /^Result from/ }).waitFor();
  assert.equal(await page.locator("iframe").count(), 0);
  await app.chooseMode("Chat");
  await app.insideApp("Shelf").getByText("the app is here").waitFor();
  await app.chooseMode("Knowledge");
  await assertSoon(async () => (await page.locator("iframe").count()) === 0, "the app is gone");
});

journey("modes in Chat an answer has its results at hand in the panel, and the menu works with the keyboard alone", async ({ app, page, keep }) => {
  const archive = await keep(startArchive("north"));
  const model = await keep(startModel(({ said, results, named }) => {
    if (said.includes("note")) return results.length === 0 ? { calls: [[named("create_note"), { title: "Rain" }]] } : { say: "Noted." };
    return results.length === 0 ? { calls: [[named("north__search"), { query: "weather" }]] } : { say: "It rained. [1] stays text here." };
  }));
  await app.connect({ name: "North", url: archive.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  // What was written is nothing that an answer stands on.
  await app.say("make a note");
  await app.answer("Allow once");
  await app.log.getByText("Noted.").first().waitFor();
  await app.button("Send").waitFor();
  assert.equal(await app.button("Sources at hand").count(), 0);
  await app.say("how was the weather?");
  await app.log.getByText("It rained. [1] stays text here.").first().waitFor();
  assert.ok(!model.asked.at(-1).results[0].includes("by the numbers"), "a chat is told no numbers");
  await app.button("Sources at hand").focus();
  await page.keyboard.press("Enter");
  await app.sources.getByText("Weather diary of north").waitFor();
  assert.equal(await app.sources.getByText("Named in the answer").count(), 0);
  await app.button("Close sources").focus();
  await page.keyboard.press("Escape");
  await assertSoon(() => app.button("Sources at hand").evaluate((element) => element === document.activeElement), "the focus is back");
  await app.mode.focus();
  await page.keyboard.press("Enter");
  await app.modeChoice("Chat").waitFor();
  await app.screenshot("modes-menu");
  assert.deepEqual(await app.violations(), []);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await app.button("Mode: Research").waitFor();
});
