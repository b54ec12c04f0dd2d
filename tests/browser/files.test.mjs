// Files of the person's computer that go with a message: chosen, dropped and pasted; what a model is given, and what is said
// before anything is sent.
import assert from "node:assert/strict";
import { WRITE, hostile, strings, text, tool } from "../servers/hostile.mjs";
import { WIRES, startModel } from "../servers/model.mjs";
import { DESKTOP, PHONE, journey } from "./harness.mjs";
import { assertSoon } from "./soon.mjs";

const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const note = (name, words) => ({ name, mimeType: "text/plain", buffer: Buffer.from(words) });
const picture = (name) => ({ name, mimeType: "image/png", buffer: Buffer.from(PICTURE, "base64") });
const chips = (app) => app.page.getByRole("list", { name: "Files of this message" });
const attached = (app) => app.log.getByRole("article", { name: "Attached file" });

/** Chooses files, once what takes them is there. */
async function choose(app, ...files) {
  await app.message.click();
  await app.page.getByLabel("Files to attach").setInputFiles(files);
}

for (const colorScheme of ["light", "dark"]) {
  journey(`files: a text and a picture go to a model whole, and stay with their message, in ${colorScheme}`, { colorScheme }, async ({ app, page, network, keep }) => {
    const model = await keep(startModel(() => ({ say: "I read both." })));
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url });
    await app.chat();
    await app.button("Add").click();
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), app.button("Attach files of this computer").click()]);
    await chooser.setFiles([note("notes.txt", "The meeting is at noon."), picture("dot.png")]);
    await chips(app).getByText("notes.txt").waitFor();
    await chips(app).getByText("dot.png").waitFor();
    await app.screenshot(`files-${colorScheme}`);
    assert.deepEqual(await app.violations(), []);
    assert.equal(network.to(model.origin).filter((request) => request.method === "POST").length, 0, "nothing goes out before the message is sent");
    await app.say("when is it?");
    await app.log.getByText("I read both.").first().waitFor();
    const told = JSON.stringify(model.asked.at(-1).request);
    assert.ok(told.includes("[The person attached their file notes.txt. Its text:]\\nThe meeting is at noon.\\n[End of the file notes.txt]"), told);
    assert.ok(told.includes(`data:image/png;base64,${PICTURE}`), told);
    assert.equal(await chips(app).count(), 0, "they are on their way");
    assert.equal(await attached(app).count(), 2);
    await attached(app).first().getByText("What is in it").click();
    await attached(app).first().getByText("The meeting is at noon.").waitFor();
    await attached(app).last().getByText("What is in it").click();
    await attached(app).last().getByRole("img", { name: "Picture dot.png" }).waitFor();
    await app.screenshot(`files-sent-${colorScheme}`);
    await page.setViewportSize(PHONE);
    await app.screenshot(`files-sent-${colorScheme}-phone`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${sideways} px too wide for a phone`);
    assert.deepEqual(await app.violations(), []);
    await page.setViewportSize(DESKTOP);
    await app.button("Send").waitFor();
    await page.reload();
    await app.log.getByText("I read both.").first().waitFor();
    assert.equal(await attached(app).count(), 2, "they are kept");
    // The next turn still has them.
    await app.say("and where?");
    await assertSoon(() => model.asked.length === 2, "asked again");
    assert.ok(JSON.stringify(model.asked[1].request).includes("The meeting is at noon."));
  });
}

journey("files: what cannot go is said with the next step, what is known is said before it goes, and nothing is lost", async ({ app, page, keep }) => {
  const model = await keep(startModel(() => ({ say: "Read." })));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url, context: 4096 });
  await app.chat();
  await app.message.fill("what is in this?");
  await choose(app, { name: "tool.bin", mimeType: "text/plain", buffer: Buffer.from([0x4d, 0x5a, 0, 1]) }, note("long.log", "a".repeat(512 * 1024 + 1)), note("kept.txt", "words"));
  const problems = page.getByRole("alert");
  await problems.getByText(/tool\.bin.* is neither text in UTF-8 nor a picture .*save it as one of these/).waitFor();
  await problems.getByText(/long\.log.* is larger than 512 KB/).waitFor();
  await chips(app).getByText("kept.txt").waitFor();
  assert.equal(await chips(app).getByRole("listitem").count(), 1);
  assert.equal(await app.message.inputValue(), "what is in this?");
  await app.screenshot("files-refused");
  assert.deepEqual(await app.violations(), []);
  await app.button("Take kept.txt off this message").click();
  await chips(app).waitFor({ state: "detached" });
  // What looks like a secret, and what is longer than the model holds.
  await choose(app, note("keys.env", "TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ0123"), note("book.txt", "once upon a time ".repeat(2000)));
  await page.getByText("keys.env contains what looks like a GitHub token. Script is given it as it is.").waitFor();
  await page.getByText(/book\.txt is about 8\s500 tokens long, and Script holds 4\s096\. Attach a part of it\./).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("files-notes");
  // Nobody reads files in direct mode.
  await app.button("Take keys.env off this message").click();
  await app.button("Take book.txt off this message").click();
  await app.open("/settings/models");
  await page.getByRole("radio", { name: /^Direct mode/ }).check();
  await app.chat();
  await choose(app, note("kept.txt", "words"));
  await page.getByText("Files are for a language model. In direct mode nothing reads them; they stay with the message.").waitFor();
  await app.say("hello");
  await attached(app).getByText("kept.txt").waitFor();
  assert.equal(model.asked.length, 0);
});

/** Where each wire has a picture, and how it says what it is. */
const PICTURES = {
  "OpenAI chat completions": (body) => body.messages.flatMap((message) => message.content).find((part) => part.type === "image_url").image_url.url,
  "OpenAI Responses": (body) => body.input.flatMap((item) => item.content).find((part) => part.type === "input_image").image_url,
  "Anthropic Messages": (body) => {
    const { source } = body.messages.flatMap((message) => message.content).find((part) => part.type === "image");
    assert.equal(source.type, "base64");
    return `data:${source.media_type};base64,${source.data}`;
  },
  Gemini: (body) => {
    const { inlineData } = body.contents.flatMap((content) => content.parts).find((part) => part.inlineData);
    return `data:${inlineData.mimeType};base64,${inlineData.data}`;
  },
  Ollama: (body) => `data:image/png;base64,${body.messages.find((message) => message.images).images[0]}`,
};

for (const wire of Object.keys(WIRES)) {
  journey(`files: CT003 ${wire}: a picture goes to the model whole, in the words of this wire`, async ({ app, network, keep }) => {
    const model = await keep(startModel(() => ({ say: "One dot." }), { wire }));
    await app.turnOnDeveloperMode();
    await app.chooseModel({ url: model.url, wire });
    await app.chat();
    await choose(app, picture("dot.png"));
    await chips(app).getByText("dot.png").waitFor();
    await app.say("what is on it?");
    await app.log.getByText("One dot.").first().waitFor();
    const journal = model.journal().filter((entry) => entry.method === "POST");
    assert.deepEqual(journal.map((entry) => entry.response.status), [200], "the endpoint took it");
    const [sent] = network.to(model.origin).filter((request) => request.method === "POST");
    assert.equal(PICTURES[wire](JSON.parse(sent.body)), `data:image/png;base64,${PICTURE}`);
    assert.ok(sent.body.includes("[The person attached their picture dot.png.]"), sent.body);
  });
}

journey("files: CT002 what was attached and not sent stays with its draft, and goes with the message that is sent later", async ({ app, page, keep }) => {
  const model = await keep(startModel(() => ({ say: "Read." })));
  await app.turnOnDeveloperMode();
  await app.chooseModel({ url: model.url });
  await app.chat();
  await app.say("hello");
  await app.log.getByText("Read.").first().waitFor();
  await app.button("Send").waitFor();
  const chat = page.url();
  await choose(app, note("notes.txt", "The meeting is at noon."), picture("dot.png"));
  await chips(app).getByText("dot.png").waitFor();
  await app.message.fill("when is it?");
  // Another page, a chat that has nothing attached, and back.
  await app.button("New chat").click();
  await assertSoon(() => page.url() !== chat, "another page");
  await app.ready();
  assert.equal(await chips(app).count(), 0, "each has its own");
  await choose(app, note("other.txt", "Something else."));
  await chips(app).getByText("other.txt").waitFor();
  await page.locator("#rail").getByRole("link", { name: "Connectors", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Connectors" }).waitFor();
  await page.goto(chat);
  await chips(app).getByText("notes.txt").waitFor();
  await chips(app).getByText("dot.png").waitFor();
  assert.equal(await chips(app).getByRole("listitem").count(), 2);
  assert.equal(await app.message.inputValue(), "when is it?");
  assert.deepEqual(await app.violations(), []);
  await app.screenshot("files-draft");
  await app.button("Send").click();
  await assertSoon(() => model.asked.length === 2, "it is sent");
  const told = JSON.stringify(model.asked[1].request);
  assert.ok(told.includes("The meeting is at noon.") && told.includes(PICTURE), told);
  await chips(app).waitFor({ state: "detached" });
  await app.button("Send").waitFor();
  await page.reload();
  await app.log.getByText("when is it?").first().waitFor();
  await app.ready();
  assert.equal(await chips(app).count(), 0, "what was sent is no draft");
  // The page of a new chat shows its own before anybody touches it, and what is taken off is gone.
  await app.chat();
  await chips(app).getByText("other.txt").waitFor();
  await app.button("Take other.txt off this message").click();
  await chips(app).waitFor({ state: "detached" });
  await assertSoon(async () => !(await app.kept()).includes("Something else."), "nothing of it is kept");
});

journey("files: CT002 a picture comes back from the file of its conversation, and a secret in a text does not", async ({ app, page }) => {
  await app.chat();
  await choose(app, picture("dot.png"), note("keys.env", "TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ0123"));
  await chips(app).getByText("keys.env").waitFor();
  await app.say("look at these");
  await attached(app).first().waitFor();
  await app.button("Send").waitFor();
  await app.button("Conversation menu").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export conversation" }).click()]);
  let text = "";
  for await (const piece of await download.createReadStream()) text += piece;
  assert.ok(text.includes(PICTURE) && !text.includes("ghp_0123456789"), "the picture is whole, the token is masked");
  await app.open("/settings/data");
  await page.getByLabel("File with conversations").setInputFiles({ name: "conversation.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await app.button("Import 1 conversation").click();
  await page.getByText("1 conversation imported.").first().waitFor();
  await app.open("/");
  await app.conversations.getByRole("link", { name: "look at these", exact: true }).first().click();
  await app.log.getByText("This conversation was imported from a file.").first().waitFor();
  await attached(app).first().getByText("What is in it").click();
  const shown = attached(app).first().getByRole("img", { name: "Picture dot.png" });
  await shown.waitFor();
  await assertSoon(() => shown.evaluate((image) => image.complete && image.naturalWidth === 1), "it is a picture");
});

journey("files: a message waits for a file that is still being read, and a file dropped beside the composer opens nothing", async ({ app, page }) => {
  await app.chat();
  await app.message.click();
  await page.getByLabel("Files to attach").waitFor({ state: "attached" });
  await page.evaluate(() => {
    const read = File.prototype.arrayBuffer;
    const held = new Promise((resolve) => { globalThis.letThemRead = resolve; });
    File.prototype.arrayBuffer = async function () { await held; return read.call(this); };
  });
  await choose(app, note("slow.txt", "slow words"));
  await app.say("read this");
  await page.getByText("A file is still being read. Send the message in a moment; your text stays here.").waitFor();
  assert.equal(await app.message.inputValue(), "read this");
  assert.equal(await app.log.count(), 0, "nothing was said");
  await page.evaluate(() => globalThis.letThemRead());
  await chips(app).getByText("slow.txt").waitFor();
  await app.button("Send").click();
  await attached(app).getByText("slow.txt").waitFor();
  await app.button("Send").waitFor();
  // Beside the composer: the page stays, and nothing is taken.
  const dropped = await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["words"], "beside.txt", { type: "text/plain" }));
    const events = ["dragover", "drop"].map((name) => new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
    return events.map((event) => document.querySelector("main h1").dispatchEvent(event));
  });
  assert.deepEqual(dropped, [false, false], "the browser does not open it");
  assert.equal(await chips(app).count(), 0);
});

journey("files: a file is dropped on the composer or pasted, and pasted words stay words", async ({ app, page }) => {
  await app.chat();
  await app.message.click();
  await page.getByLabel("Files to attach").waitFor({ state: "attached" });
  const carried = (name, words, text = "") => page.evaluateHandle(([file, content, plain]) => {
    const data = new DataTransfer();
    data.items.add(new File([content], file, { type: "text/plain" }));
    if (plain) data.setData("text/plain", plain);
    return data;
  }, [name, words, text]);
  const dropped = await carried("dropped.txt", "dropped words");
  await app.message.dispatchEvent("dragover", { dataTransfer: dropped });
  await app.screenshot("files-dropping");
  await app.message.dispatchEvent("drop", { dataTransfer: dropped });
  await chips(app).getByText("dropped.txt").waitFor();
  const paste = (data) => app.message.evaluate((area, clipboardData) => !area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })), data);
  assert.equal(await paste(await carried("pasted.txt", "pasted words")), true, "the page takes it");
  await chips(app).getByText("pasted.txt").waitFor();
  assert.equal(await paste(await carried("cells.txt", "a picture of cells", "a\tb")), false, "the words are meant, and the browser pastes them");
  assert.equal(await chips(app).getByRole("listitem").count(), 2);
  assert.equal(new URL(page.url()).pathname.endsWith(".txt"), false, "the page is still here");
});

journey("files: N20 a call that takes words of a file says so before it is made", async ({ app, keep }) => {
  const server = await keep(hostile({ tools: [tool("create_ticket", WRITE, { title: "Create ticket", inputSchema: strings("subject") })], call: () => text("made") }));
  const model = await keep(startModel(({ results }) => (results.length === 0 ? { calls: [["create_ticket", { subject: "The salary of Ada Lovelace is 4711" }]] } : { say: "Done." })));
  await app.connect({ name: "Desk", url: server.url });
  await app.chooseModel({ url: model.url });
  await app.chat();
  await choose(app, note("payroll.csv", "The salary of Ada Lovelace is 4711, paid monthly"));
  await chips(app).getByText("payroll.csv").waitFor();
  await app.say("make a ticket of this");
  await app.decision.waitFor();
  await app.decision.getByText(/payroll\.csv/).first().waitFor();
  await app.decision.getByText(/your file/).first().waitFor();
  await app.screenshot("files-lineage");
  assert.deepEqual(await app.violations(), []);
  await app.answer("Deny");
  await app.log.getByText("Done.").first().waitFor();
});
