// The npm package as portals get it: packed, installed, and used from a plain page, a worker, a Vite project and Node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { build, createServer as createViteServer } from "vite";
import { keyId, newKey, payload, sealed } from "../browser/bundles.mjs";
import { DESTROY, READ, hostile, text, tool } from "../servers/hostile.mjs";
import { startEverything, startEverythingSse, startModern } from "../servers/start.mjs";
import { CSP, TYPES, around, browser, foundBy, inNode, installed, page, project, serve } from "./project.mjs";

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
const scenario = readFileSync(path.join(here, "scenario.mjs"), "utf8");

let board;

around(async () => {
  writeFileSync(path.join(project, "scenario.mjs"), scenario);
  board = await startModern();
}, async () => { await board?.stop(); });

/** What a page found, which by default was told where the board is. */
const findings = (url, address = board.url) => foundBy(url, address);

// Without a bundler nobody resolves bare names: the page names the files.
const unbundled = (source) => source
  .replaceAll('"countersign/mcp"', '"./node_modules/countersign/mcp.js"')
  .replaceAll('"countersign"', '"./node_modules/countersign/index.js"');
const leaves = "globalThis.found = await scenario(decodeURIComponent(location.hash.slice(1)));";

const arrived = async () => (await board.witness()).seen.length;

/** What the scenario has to find, wherever it runs, and what may have arrived at the server meanwhile. */
async function proves(found, before) {
  assert.equal(found.error, undefined, found.error);
  assert.deepEqual(found.builtIn.sort(), ["Guide", "Notebook"]);
  assert.deepEqual(found.storage, { state: "memory", why: null });
  assert.equal(found.eventTarget, true);
  assert.equal(found.refused, "address");
  assert.deepEqual(found.added, { host: board.origin.slice("http://".length), stage: "draft", badge: "Dev", local: true, actions: 6 });
  assert.equal(found.frozen, true, "everything handed out is frozen plain data");
  assert.match(found.read, /Printer on floor 3/);

  for (const [how, code] of Object.entries(found.declined)) assert.equal(code, "declined", `a confirm that ${how}`);
  assert.equal(Object.keys(found.declined).length, 9);
  assert.equal(found.notAFunction, "invalid");
  assert.equal(found.causeOfThrowing, "out of order");
  assert.match(found.reason, /not today/);
  assert.deepEqual(found.asked, {
    action: "create_ticket",
    class: "write",
    host: board.origin.slice("http://".length),
    arguments: { title: "From the package" },
    argumentsText: '{"title":"From the package"}',
  });
  assert.match(found.saidYes, /Created/);
  assert.equal(found.object, "resolved");
  assert.equal(found.badArguments, "invalid");
  assert.equal(found.map, "invalid");
  assert.equal(found.unknownAction, "not-found");
  assert.equal(found.unknownOption, "invalid");
  assert.equal(found.isError, true);
  assert.match(found.serverAsks, /No room was booked: decline/);

  assert.equal(found.abortedBefore, "not ours: mine");
  assert.equal(found.abortedDuring, "not ours: mine");
  assert.equal(found.abortedAsking, "not ours: mine");
  assert.equal(found.closedWhileAsking, "cancelled");
  assert.equal(found.closed, "closed");
  assert.equal(found.closedBySignal, "closed");
  assert.deepEqual(found.changes, ["connection", "connectors"]);
  assert.equal(found.fetched, true, "the page's own fetch was used");

  assert.equal(found.server, "board");
  assert.ok(found.tools.includes("delete_ticket"));
  assert.match(found.called, /Printer on floor 3/);
  assert.deepEqual(found.progress[0], { progress: 1, total: 3, message: "counted to 1" });
  assert.ok(found.progress.every((each, at) => at === 0 || each.progress > found.progress[at - 1].progress));
  assert.equal(found.clientAborted, "not ours: mine");
  assert.deepEqual(found.serverError, { code: "server", cause: -32602, hint: "string" });
  assert.equal(found.clientArguments, "invalid");
  assert.equal(found.clientClosed, "closed");
  assert.deepEqual(found.elicited, {
    accepts: "Booked Blue for 3 on Friday.",
    declines: "No room was booked: decline.",
    "answers with nothing": "No room was booked: cancel.",
    throws: "No room was booked: cancel.",
  });
  assert.deepEqual(found.asked2, [["form", "Which room on Friday?", ["room", "people"]]]);
  assert.deepEqual(found.noPrompts, []);
  assert.equal(found.notSignedIn, "nothing");
  assert.deepEqual(found.badNames, ["invalid", "invalid", "invalid"]);
  assert.deepEqual(found.wrongOptions.filter(([, code]) => code !== "invalid"), []);
  assert.equal(found.wrongOptions.length, 7);
  assert.deepEqual(found.wrongSignIns, Array.from({ length: 7 }, () => "invalid"));
  assert.equal(found.pinned, "2026-07-28");
  assert.equal(found.badAddress, "address");
  assert.equal(found.badFetch, "network");

  const { seen } = await board.witness();
  const since = seen.slice(before);
  const calls = since.filter((each) => each.message.method === "tools/call").map((each) => each.message.params);
  const writes = calls.filter(({ name }) => /^(create|delete|book|archive)/.test(name)).map(({ name, arguments: given }) => [name, JSON.stringify(given)]);
  // A question of the server is answered by sending the call again with the answer: the same call, allowed once.
  assert.deepEqual(writes.filter((each, at) => each[0] !== "book_room" || writes[at - 1]?.[1] !== each[1]), [
    ["create_ticket", '{"title":"From the package"}'],
    ["delete_ticket", '{"id":"T-404"}'],
    ["book_room", '{"day":"Monday"}'],
    ["book_room", '{"day":"Friday"}'],
  ], "the allowed writes are the only ones that arrived");
  assert.ok(since.some((each) => each.headers["x-portal"] === "yes"), "the client's headers arrived");
}

test("X123 the record of a portal verifies with countersign/verify, and what was done to it is found", async () => {
  const { open } = await import(pathToFileURL(path.join(installed, "index.js")).href);
  const { verify } = await import(pathToFileURL(path.join(installed, "verify.js")).href);
  const workspace = await open({ store: "memory" });
  await workspace.call({ connector: "notebook", action: "create_note", arguments: { title: "Milk", text: "x" } }, { confirm: () => true });
  await assert.rejects(workspace.call({ connector: "notebook", action: "create_note", arguments: { title: "No", text: "x" } }));
  const first = await verify(await workspace.exportAudit());
  assert.deepEqual([first.ok, first.findings], [true, []]);
  await workspace.call({ connector: "notebook", action: "list_notes" });
  const text = await workspace.exportAudit();
  await workspace.close();
  const kinds = async (changed, options) => (await verify(changed, options)).findings.map((one) => one.kind);
  assert.deepEqual(await kinds(text, { checkpoint: first.checkpoint }), []);
  const lines = text.trimEnd().split("\n");
  const refused = lines.findIndex((line) => line.includes('"refused"'));
  assert.ok((await kinds(text.replace('"refused"', '"allowed"'))).includes("changed"));
  assert.ok((await kinds(text.replace('\n{"chain"', '\n{ "chain"'))).includes("changed"), "a row has one text only");
  assert.ok((await kinds(lines.toSpliced(refused, 1).join("\n"))).includes("missing"));
  assert.ok((await kinds(lines.with(2, lines[3]).with(3, lines[2]).join("\n"))).includes("gap"));
  const short = lines.slice(0, 4);
  const cut = [JSON.stringify({ ...JSON.parse(short[0]), rows: 3, checkpoint: null }), ...short.slice(1)].join("\n");
  assert.deepEqual(await kinds(cut), [], "nothing in a cut file tells");
  assert.deepEqual(await kinds(cut, { checkpoint: first.checkpoint }), ["cut-off"]);
  assert.deepEqual(await kinds(cut, { checkpoint: { ...first.checkpoint, rows: 2 } }), ["kept", "signature"]);
  await assert.rejects(verify("hello"), TypeError);
});

test("X121 a page that is tied to signed settings: they count, what is set here only tightens, and what cannot be verified only reads", async () => {
  const [owner, stranger] = [await newKey("Ada"), await newKey("Eve")];
  const file = (serial, key = owner) => sealed(payload(owner, { serial }), key);
  const files = { one: await file(1), two: await file(2), stranger: await file(3, stranger) };
  files.unsigned = JSON.stringify({ ...JSON.parse(files.two), signatures: [] });
  files.changed = files.two.replace('"Acme"', '"Acmf"');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, `policy-${name}.json`), text);
  writeFileSync(path.join(project, "tied.html"), page("tied.mjs"));
  writeFileSync(path.join(project, "tied.mjs"), unbundled(`
    import { open } from "countersign";
    const key = decodeURIComponent(location.hash.slice(1));
    const at = (name) => new URL("policy-" + name + ".json", location.href);
    const code = (work) => work.then(() => "done", (error) => error.code);
    const note = { connector: "notebook", action: "create_note", arguments: { title: "Milk", text: "x" } };
    const look = async (policy, store = { indexedDb: "tied" }) => {
      const workspace = await open({ store, policy, allowLoopback: true });
      const connectors = await workspace.connectors();
      const found = {
        policy: await workspace.policy(),
        connectors: connectors.map((one) => one.name).sort(),
        reads: await code(workspace.call({ connector: "notebook", action: "list_notes" }, { confirm: () => true })),
        writes: await code(workspace.call(note, { confirm: () => true })),
        // Bob makes no connectors in these settings, and servers of this machine are not let in by them.
        adds: await code(workspace.addConnector({ name: "Mine", address: "http://127.0.0.1:9/mcp" })),
        // What the settings do not know is not there.
        foreign: await code(workspace.call({ connector: "tracker", action: "delete_all" }, { confirm: () => true })),
      };
      await workspace.close();
      return found;
    };
    const by = (name, more) => ({ url: at(name), keys: [key], member: "bob", ...more });
    const found = { own: await open({ store: "memory" }).then((one) => one.policy()) };
    const first = await (await fetch(at("one"))).text();
    found.text = await look({ bundle: first, keys: [key.match(/.{4}/g).join(" ")], member: "bob" }, "memory");
    found.object = await look({ bundle: JSON.parse(first), keys: [key], member: "bob" }, "memory");
    found.signed = await look(by("two"));
    found.older = await look(by("one"));
    found.unsigned = await look(by("unsigned", { contact: "it@example.com" }));
    found.changed = await look(by("changed"));
    found.stranger = await look(by("stranger"));
    found.missing = await look(by("nowhere"), "memory");
    found.again = await look(by("two"));
    found.refused = await Promise.all([
      { policy: { keys: [key] } }, { policy: { ...by("two"), bundle: first } }, { policy: { url: at("two"), keys: [] } },
      { policy: { url: at("two"), keys: ["Ada"] } }, { policy: by("two"), identity: { name: "Bob" } }, { policy: by("two", { member: "nobody" }) },
    ].map((options) => code(open({ store: "memory", ...options }))));
    globalThis.found = found;
  `));
  const host = await serve(project, { ...TYPES, ".json": "application/json" });
  try {
    const found = await foundBy(`${host.url}/tied.html`, keyId(owner.public), "policy-nowhere.json");
    assert.deepEqual(found.own, { state: "own" });
    for (const [how, serial] of [["text", 1], ["object", 1], ["signed", 2], ["again", 2]]) {
      const { policy, ...rest } = found[how];
      assert.deepEqual(policy, { state: "signed", serial, issuedAt: 1_795_651_200_000, signer: { name: "Ada", key: keyId(owner.public) }, contact: "it@example.com" }, how);
      assert.deepEqual(rest, { connectors: ["Guide", "Notebook", "Tracker"], reads: "done", writes: "done", adds: "blocked", foreign: "not-found" }, how);
    }
    const why = { older: /number 1, and number 2 was seen/, unsigned: /is not signed/, changed: /signature .* is not valid/, stranger: /key that is not trusted/, missing: /404/ };
    for (const [how, words] of Object.entries(why)) {
      const { policy, reads, writes, adds } = found[how];
      assert.equal(policy.state, "unverified", how);
      assert.match(policy.why, words, how);
      assert.deepEqual([reads, writes, adds], ["done", "blocked", "blocked"], how);
    }
    assert.equal(found.unsigned.policy.contact, "it@example.com");
    assert.deepEqual(found.refused, ["invalid", "invalid", "invalid", "invalid", "invalid", "not-found"]);
  } finally {
    await host.close();
  }
});

test("X131 an embedding page forbids servers of the person's own: none is added, drafts in the store do not run, and nothing is loosened by it", async () => {
  const owner = await newKey("Ada");
  const bundle = await sealed(payload(owner, { change: (signed) => { signed.rules.workspace.only_published = true; } }), owner);
  writeFileSync(path.join(project, "policy-published.json"), bundle);
  writeFileSync(path.join(project, "own-servers.html"), page("own-servers.mjs"));
  writeFileSync(path.join(project, "own-servers.mjs"), unbundled(`
    import { open } from "countersign";
    const [address, key] = decodeURIComponent(location.hash.slice(1)).split(" ");
    const said = (work) => work.then(() => "done", (error) => error.code + ": " + error.message);
    const store = { indexedDb: "own-servers" };
    const found = {};
    let board;
    const look = async (options) => {
      const workspace = await open({ store, allowLoopback: true, ...options });
      board ??= (await workspace.addConnector({ name: "Board", address })).id;
      const outcome = {
        draft: await said(workspace.call({ connector: board, action: "find" })),
        adds: await said(workspace.addConnector({ name: "Again", address })),
        builtIn: await said(workspace.call({ connector: "notebook", action: "list_notes" })),
      };
      await workspace.close();
      return outcome;
    };
    found.allowed = await look({ customServers: true });
    found.forbidden = await look({ customServers: false });
    found.silent = await look({});
    const policy = { url: new URL("policy-published.json", location.href), keys: [key], member: "ada" };
    const tied = await open({ store: "memory", allowLoopback: true, customServers: true, policy });
    found.tied = [(await tied.policy()).state, await said(tied.addConnector({ name: "Board", address: "https://board.example/mcp" }))];
    await tied.close();
    found.wrong = await said(open({ store: "memory", customServers: "no" }));
    globalThis.found = found;
  `));
  const server = await hostile({ tools: [tool("find", READ)], call: () => text("found") });
  const host = await serve(project, { ...TYPES, ".json": "application/json" });
  const no = /^blocked: servers of your own cannot be used/i;
  try {
    const found = await foundBy(`${host.url}/own-servers.html`, `${server.url} ${keyId(owner.public)}`);
    assert.deepEqual(found.allowed, { draft: "done", adds: "done", builtIn: "done" });
    assert.match(found.forbidden.draft, no);
    assert.match(found.forbidden.adds, no);
    assert.equal(found.forbidden.builtIn, "done", "what is part of the product goes on");
    assert.deepEqual(found.silent, { draft: "done", adds: "done", builtIn: "done" }, "it is about one handle and not stored");
    assert.equal(found.tied[0], "signed");
    assert.match(found.tied[1], no, "signed settings that forbid it are not opened up by a page");
    assert.match(found.wrong, /^invalid: /);
    assert.deepEqual(server.calls.map((call) => call.name), ["find", "find"], "nothing was sent while it was forbidden");
  } finally {
    await host.close();
    await server.close();
  }
});

test("a portal hears of a list whose changes its server does not tell", async () => {
  const server = await hostile({
    modern: true,
    tools: [tool("find", READ)],
    on: (message, exchange) => {
      if (message.method !== "subscriptions/listen") return false;
      exchange.stream().send({
        jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged",
        params: { _meta: { "io.modelcontextprotocol/subscriptionId": message.id }, notifications: {} },
      });
      return true;
    },
  });
  try {
    const found = await inNode("not-told.mjs", `
      import { open } from "countersign";
      const workspace = await open({ store: "memory", allowLoopback: true });
      const { id } = await workspace.addConnector({ name: "Board", address: process.argv[2] });
      const heard = new Promise((resolve) => workspace.addEventListener("change", ({ detail }) => detail.kind === "not-told" && resolve(detail)));
      await workspace.call({ connector: id, action: "find" });
      console.log(JSON.stringify({ id, heard: await heard }));
      process.exit(0);
    `, server.url);
    assert.deepEqual(found.heard, { kind: "not-told", connector: found.id, list: "tools" });
  } finally {
    await server.close();
  }
});

test("the package holds what it needs and nothing else", () => {
  const files = readdirSync(installed, { recursive: true }).map(String).filter((name) => statSync(path.join(installed, name)).isFile()).sort();
  assert.deepEqual(files, [
    "LICENSE-APACHE", "LICENSE-MIT", "README.md", "index.d.ts", "index.js", "mcp.d.ts", "mcp.js", "package.json", "shared.js",
    "verify.d.ts", "verify.js",
    "wasm/host/sdk.js", "wasm/host/sdk_bg.wasm", "wasm/mcp/sdk.js", "wasm/mcp/sdk_bg.wasm",
  ]);
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    assert.equal(readFileSync(path.join(installed, name), "utf8"), readFileSync(path.join(root, name), "utf8"), `${name} is the project's`);
  }
  const about = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(about.scripts ?? {}), [], "nothing runs on install");
  assert.equal(about.dependencies, undefined);
  const version = readFileSync(path.join(root, "Cargo.toml"), "utf8").match(/^version = "(.+)"$/m)?.[1];
  assert.equal(about.version, version, "one version for the crates and the package");
});

test("the package names no path of the machine that built it", () => {
  for (const name of readdirSync(installed, { recursive: true }).map(String)) {
    const file = path.join(installed, name);
    if (!statSync(file).isFile()) continue;
    const bytes = readFileSync(file).toString("latin1");
    for (const place of [homedir(), root, "/home/", "/Users/", ".cargo/registry"]) {
      const at = bytes.indexOf(place);
      assert.equal(at, -1, `${name}: ${bytes.slice(Math.max(0, at - 20), at + 120)}`);
    }
  }
});

test("the weight of the package is told", async (t) => {
  for (const [face, parts] of [["countersign", ["index.js", "wasm/host/sdk.js", "wasm/host/sdk_bg.wasm"]], ["countersign/mcp", ["mcp.js", "wasm/mcp/sdk.js", "wasm/mcp/sdk_bg.wasm"]]]) {
    const all = [...parts, "shared.js"].map((name) => readFileSync(path.join(installed, name)));
    const sum = async (packed) => (await Promise.all(all.map(packed))).reduce((total, one) => total + one.length, 0);
    const [raw, gz, brotli] = [await sum((one) => one), await sum((one) => promisify(gzip)(one, { level: 9 })), await sum((one) => promisify(brotliCompress)(one))];
    assert.ok(raw > gz && gz > brotli);
    t.diagnostic(`measured ${face}: ${raw} bytes, ${gz} gzip, ${brotli} Brotli`);
  }
});

test("the codes of errors agree in Rust, in the types, in the code and in the README", () => {
  const read = (...names) => readFileSync(path.join(root, ...names), "utf8");
  const rust = [...read("crates", "browser", "src", "error.rs").matchAll(/Code::\w+ => "([a-z-]+)"/g)].map((match) => match[1]);
  const types = [...read("pkg", "index.d.ts").match(/export type Code =([^;]+);/)[1].matchAll(/"([a-z-]+)"/g)].map((match) => match[1]);
  const readme = [...read("pkg", "README.md").matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
  const written = ["index.js", "mcp.js", "shared.js"].flatMap((name) => [...read("pkg", name).matchAll(/code: "([a-z-]+)"/g)].map((match) => match[1]));
  assert.ok(rust.length >= 19, "the list of error.rs was found");
  assert.deepEqual(readme, types, "the README and the types list the same codes in the same order");
  assert.deepEqual(types.slice(0, rust.length), rust, "the codes of Rust come first, in their order");
  assert.deepEqual([...new Set(written)].filter((code) => !rust.includes(code)).sort(), types.slice(rust.length).sort(), "what JavaScript adds is listed, and nothing else");
  for (const code of written) assert.ok(types.includes(code), `${code} is listed`);
});

for (const lib of ["dom", "webworker"]) {
  test(`the types of the package fit what people write, with the ${lib} library`, async () => {
    const folder = path.join(project, `types-${lib}`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, "types.ts"), readFileSync(path.join(here, "types.ts")));
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, target: "es2022", lib: ["es2022", lib], module: "nodenext", types: [], skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: false },
      files: ["types.ts"],
    }));
    const tsc = path.join(here, "..", "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
    assert.equal(stdout, "");
  });
}

test("the package works from a plain module page in Chromium", async () => {
  writeFileSync(path.join(project, "plain.html"), page("plain.mjs"));
  writeFileSync(path.join(project, "plain.mjs"), `${unbundled(scenario)}\n${leaves}\n`);
  const host = await serve(project);
  try {
    const before = await arrived();
    const found = await findings(`${host.url}/plain.html`);
    await proves(found, before);
    for (const part of ["host", "mcp"]) assert.equal(found.loaded.filter((name) => name.endsWith(`/wasm/${part}/sdk_bg.wasm`)).length, 1, `${part} was loaded once`);
  } finally {
    await host.close();
  }
});

test("the package works in a worker in Chromium", async () => {
  writeFileSync(path.join(project, "worker.html"), page("worker-page.mjs"));
  writeFileSync(path.join(project, "worker-page.mjs"), `
    const policy = globalThis.trustedTypes.createPolicy("default", { createScriptURL: (url) => url });
    const worker = new Worker(policy.createScriptURL("worker.mjs"), { type: "module" });
    worker.onmessage = ({ data }) => { globalThis.found = data; };
    worker.postMessage(decodeURIComponent(location.hash.slice(1)));
  `);
  writeFileSync(path.join(project, "worker.mjs"), `${unbundled(scenario)}\nonmessage = async ({ data }) => postMessage({ ...(await scenario(data)), window: typeof window });\n`);
  const host = await serve(project);
  try {
    const before = await arrived();
    const found = await findings(`${host.url}/worker.html`);
    assert.equal(found.window, "undefined");
    await proves(found, before);
  } finally {
    await host.close();
  }
});

test("a page that uses only the client loads only the client", async () => {
  writeFileSync(path.join(project, "client.html"), page("client.mjs"));
  writeFileSync(path.join(project, "client.mjs"), `
    import { connect } from "./node_modules/countersign/mcp.js";
    await using client = await connect(decodeURIComponent(location.hash.slice(1)));
    globalThis.found = { tools: (await client.listTools()).length };
  `);
  const host = await serve(project);
  try {
    const found = await findings(`${host.url}/client.html`);
    assert.equal(found.tools, 6);
    assert.deepEqual(found.loaded.filter((name) => name.includes("/wasm/")).sort(), ["/node_modules/countersign/wasm/mcp/sdk.js", "/node_modules/countersign/wasm/mcp/sdk_bg.wasm"]);
  } finally {
    await host.close();
  }
});

test("one call after the other asks the server for permission once, not each time", async () => {
  writeFileSync(path.join(project, "permissions.html"), page("permissions.mjs"));
  writeFileSync(path.join(project, "permissions.mjs"), `
    import { connect } from "./node_modules/countersign/mcp.js";
    const client = await connect(decodeURIComponent(location.hash.slice(1)));
    const took = [];
    for (let call = 0; call < 10; call += 1) {
      const from = performance.now();
      await client.callTool("list_tickets", {});
      took.push(performance.now() - from);
    }
    await client.close();
    globalThis.found = { seconds: took.reduce((sum, each) => sum + each, 0) / 1000 };
  `);
  const host = await serve(project);
  const before = (await board.witness()).permissions;
  try {
    const found = await findings(`${host.url}/permissions.html`);
    // Connecting and calling carry different headers, and Chromium keeps an answer for five seconds.
    const most = 3 + Math.ceil(found.seconds / 5);
    const asked = (await board.witness()).permissions - before;
    assert.ok(asked > 0, "the server is on another origin");
    assert.ok(asked <= most, `ten calls asked ${asked} times`);
  } finally {
    await host.close();
  }
});

test("a workspace of a page is there again after it was closed", async () => {
  writeFileSync(path.join(project, "kept.html"), page("kept.mjs"));
  writeFileSync(path.join(project, "kept.mjs"), `
    import { open } from "./node_modules/countersign/index.js";
    const options = { store: { indexedDb: "portal" }, identity: { name: "Ann" }, allowLoopback: true };
    const first = await open(options);
    const { id } = await first.addConnector({ name: "Board", address: decodeURIComponent(location.hash.slice(1)) });
    await first.call({ connector: "notebook", action: "create_note", arguments: { title: "Kept", text: "for later" } }, { confirm: () => true });
    await first.close();
    const second = await open(options);
    const notes = JSON.stringify(await second.call({ connector: "notebook", action: "list_notes" }));
    const names = (await second.connectors()).map((connector) => connector.id === id);
    globalThis.found = { storage: await second.storage(), notes, kept: names.includes(true) };
    await second.close();
  `);
  const host = await serve(project);
  try {
    const found = await findings(`${host.url}/kept.html`);
    assert.deepEqual(found.storage, { state: "kept", why: null });
    assert.match(found.notes, /Kept/);
    assert.equal(found.kept, true);
  } finally {
    await host.close();
  }
});

test("N02 a refresh gives the digest of what a server lists now, what differs from what is approved, and takes nothing over", async () => {
  const board = tool("show_board", READ, { title: "Show the board", _meta: { ui: { resourceUri: "ui://board" } } });
  const queue = { title: "List the queue", description: "Lists what waits." };
  let html = "<p>one</p>";
  let instructions = "Tickets have numbers.";
  let standing = [
    tool("find_ticket", READ, { title: "Find a ticket", description: "Finds a ticket." }),
    tool("list_queue", READ, queue),
    board,
  ];
  // The list changes with the first call, and so do the page and what the server says in a new session.
  let ended = null;
  const call = (name, given, exchange) => {
    ended = exchange.request.headers["mcp-session-id"];
    html = "<p>two</p>";
    instructions = "Tickets have numbers. Closed ones are not listed.";
    standing = [
      tool("find_ticket", READ, { title: "Find a ticket", description: "Finds a ticket by its number." }),
      tool("list_queues", READ, queue),
      board,
      tool("delete_ticket", DESTROY, { title: "Delete a ticket" }),
    ];
    return text("found");
  };
  const on = (message, exchange) => {
    if (message.method !== "resources/read") return false;
    exchange.result({ contents: [{ uri: "ui://board", mimeType: "text/html;profile=mcp-app", text: html, _meta: { ui: {} } }] });
    return true;
  };
  const http = (request, response) => {
    if (ended === null || request.headers["mcp-session-id"] !== ended) return false;
    response.writeHead(404).end();
    return true;
  };
  const server = await hostile({ capabilities: { tools: {}, resources: {} }, get instructions() { return instructions; }, tools: () => standing, call, on, http });
  writeFileSync(path.join(project, "refreshed.html"), page("refreshed.mjs"));
  writeFileSync(path.join(project, "refreshed.mjs"), `
    import { open } from "./node_modules/countersign/index.js";
    const workspace = await open({ store: "memory", identity: { name: "Ann" }, allowLoopback: true });
    const { id } = await workspace.addConnector({ name: "Board", address: decodeURIComponent(location.hash.slice(1)) });
    const same = await workspace.refresh(id);
    await workspace.call({ connector: id, action: "find_ticket" });
    const other = await workspace.refresh(id);
    const again = await workspace.refresh(id);
    const held = await workspace.call({ connector: id, action: "find_ticket" }).catch((error) => error.code);
    const code = (work) => work.then(() => "none", (error) => error.code);
    const wrong = [await code(workspace.refresh(7)), await code(workspace.refresh("nobody"))];
    globalThis.found = { same, other, again, held, wrong, frozen: Object.isFrozen(other.changes[0]), id };
    await workspace.close();
  `);
  const host = await serve(project);
  try {
    const found = await foundBy(`${host.url}/refreshed.html`, server.url);
    assert.equal(found.error, undefined, found.error);
    assert.match(found.same.digest, /^[0-9a-f]{64}$/);
    assert.equal(found.same.digest, found.same.approved);
    assert.deepEqual(found.same.changes, []);
    assert.equal(found.same.link, `workspace/connectors/${found.id}/changes`);
    assert.equal(found.other.approved, found.same.approved, "nothing was taken over");
    assert.notEqual(found.other.digest, found.other.approved);
    assert.deepEqual(found.other.changes, [
      { action: "delete_ticket", change: "added", was: null, page: null, weight: "risk" },
      { action: null, change: "page", was: null, page: "ui://board", weight: "risk" },
      { action: "find_ticket", change: "changed", was: null, page: null, weight: "text" },
      { action: "list_queues", change: "renamed", was: "list_queue", page: null, weight: "text" },
      { action: null, change: "instructions", was: null, page: null, weight: "text" },
    ], "the heaviest first");
    assert.deepEqual(found.again, found.other, "the digest is one of what is listed");
    assert.equal(found.held, "held", "what differs is held");
    assert.deepEqual(found.wrong, ["invalid", "not-found"]);
    assert.equal(found.frozen, true);
  } finally {
    await host.close();
    await server.close();
  }
});

test("a page that cannot start WebAssembly is told what to change, and may try again", async () => {
  writeFileSync(path.join(project, "blocked.html"), page("blocked.mjs"));
  writeFileSync(path.join(project, "blocked.mjs"), `
    import { CountersignError, open } from "./node_modules/countersign/index.js";
    const told = (error) => ({ ours: CountersignError.is(error), code: error.code, hint: error.hint, cause: String(error.cause) });
    const found = { missing: await open({ store: "memory", wasm: "/nowhere.wasm" }).then(() => "opened", told) };
    found.again = await open({ store: "memory" }).then(() => "opened", told);
    globalThis.found = found;
  `);
  const strict = await serve(project, TYPES, CSP.replace(" 'wasm-unsafe-eval'", ""));
  const host = await serve(project);
  const told = (found) => {
    assert.equal(found.ours, true);
    assert.equal(found.code, "wasm-load");
    assert.match(found.hint, /wasm-unsafe-eval/);
  };
  const context = await browser.newContext();
  try {
    for (const [url, again] of [[host.url, "opened"], [strict.url, "told"]]) {
      const tab = await context.newPage();
      await tab.goto(`${url}/blocked.html`);
      const found = await (await tab.waitForFunction(() => globalThis.found, null, { timeout: 60_000 })).jsonValue();
      told(found.missing);
      if (again === "opened") assert.equal(found.again, "opened");
      else told(found.again);
    }
  } finally {
    await context.close();
    await host.close();
    await strict.close();
  }
});

/** A Vite project that runs the scenario. */
function viteProject(name) {
  const source = path.join(project, name);
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, "index.html"), page("/main.js"));
  writeFileSync(path.join(source, "main.js"), `import { scenario } from "../scenario.mjs";\nscenario(decodeURIComponent(location.hash.slice(1))).then((found) => { globalThis.found = found; });\n`);
  return source;
}

test("the package works in a Vite project in Chromium", async () => {
  const source = viteProject("vite-app");
  await build({ root: source, base: "./", logLevel: "error", configFile: false, build: { outDir: "dist", modulePreload: { polyfill: false } } });
  const modules = readdirSync(path.join(source, "dist"), { recursive: true }).map(String).filter((name) => name.endsWith(".wasm"));
  assert.equal(modules.length, 2, `each module is there once: ${modules}`);
  const host = await serve(path.join(source, "dist"));
  try {
    const before = await arrived();
    await proves(await findings(`${host.url}/index.html`), before);
  } finally {
    await host.close();
  }
});

test("the package works in Vite's development server in Chromium", async () => {
  const server = await createViteServer({ root: viteProject("vite-dev"), logLevel: "error", configFile: false, server: { host: "127.0.0.1", port: 0, fs: { allow: [project] } } });
  await server.listen();
  try {
    const before = await arrived();
    await proves(await findings(`http://127.0.0.1:${server.httpServer.address().port}/`), before);
  } finally {
    await server.close();
  }
});

test("the package works in Node 20", async () => {
  assert.match((await run(process.env.COUNTERSIGN_NODE20, ["--version"])).stdout, /^v20\./);
  const before = await arrived();
  const found = await inNode("node.mjs", 'import { scenario } from "./scenario.mjs";\nconsole.log(JSON.stringify(await scenario(process.argv[2])));\n', board.url);
  await proves(found, before);
});

test("the package can be required in Node 20, and takes its module from bytes", async () => {
  const found = await inNode("required.cjs", `
    const { readFileSync } = require("node:fs");
    const { open, CountersignError } = require("countersign");
    const { connect } = require("countersign/mcp");
    (async () => {
      const bytes = readFileSync(require.resolve("countersign/wasm/host.wasm"));
      const workspace = await open({ store: "memory", wasm: new WebAssembly.Module(bytes) });
      const names = (await workspace.connectors()).map((connector) => connector.name);
      await workspace.close();
      const client = await connect(process.argv[2], { wasm: readFileSync(require.resolve("countersign/wasm/mcp.wasm")) });
      const tools = (await client.listTools()).length;
      await client.close();
      console.log(JSON.stringify({ names, tools, is: CountersignError.is({}) }));
    })();
  `, board.url);
  assert.deepEqual(found, { names: ["Guide", "Notebook"], tools: 6, is: false });
});

test("X01 X02 the package refuses addresses of other schemes, with user names, and of this network, and sends nothing", async () => {
  const found = await inNode("addresses.mjs", `
    import { open } from "countersign";
    import { connect } from "countersign/mcp";
    const addresses = ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "blob:https://board.example/1", "vbscript:x", "ftp://board.example/mcp", "", "board"];
    const gated = ["https://user:secret@board.example/mcp", "http://board.example/mcp", "http://169.254.169.254/mcp", "https://10.0.0.1/mcp", "https://[::ffff:127.0.0.1]/mcp"];
    const sent = [];
    const fetch = async (url) => { sent.push(url); throw new Error("refused by the test"); };
    const workspace = await open({ store: "memory", fetch });
    const before = (await workspace.connectors()).length;
    const codes = {};
    for (const address of [...addresses, ...gated]) {
      codes["open " + address] = await workspace.addConnector({ name: "Board", address }).then(() => "added", (error) => error.code);
    }
    for (const address of addresses) codes["connect " + address] = await connect(address, { fetch }).then(() => "connected", (error) => error.code);
    console.log(JSON.stringify({ codes, sent, more: (await workspace.connectors()).length - before }));
    await workspace.close();
  `);
  assert.equal(Object.keys(found.codes).length, 21);
  for (const [address, code] of Object.entries(found.codes)) assert.equal(code, "address", address);
  assert.deepEqual(found.sent, []);
  assert.equal(found.more, 0);
});

test("the client alone speaks the older revisions too", async () => {
  for (const [start, protocol] of [[startEverything, "2025-11-25"], [startEverythingSse, "2024-11-05"]]) {
    const server = await start();
    try {
      const found = await inNode("older.mjs", `
        import { connect } from "countersign/mcp";
        const client = await connect(process.argv[2]);
        const progress = [];
        const tools = (await client.listTools()).map((tool) => tool.name);
        const echo = await client.callTool("echo", { message: "h\u00e9" });
        await client.callTool("trigger-long-running-operation", { duration: 1, steps: 2 }, { onProgress: (each) => progress.push(each.progress) });
        console.log(JSON.stringify({ protocol: client.server.protocol, tools, echo: echo.content[0].text, last: progress.at(-1) }));
        await client.close();
      `, server.url);
      assert.equal(found.protocol, protocol);
      assert.ok(found.tools.includes("get-sum"));
      assert.match(found.echo, /h\u00e9/);
      assert.equal(found.last, 2);
    } finally {
      await server.stop();
    }
  }
});

test("the client alone speaks either era of a server that has both, and ends its session", async () => {
  const server = await startModern("--sessions");
  try {
    const found = await inNode("eras.mjs", `
      import { connect } from "countersign/mcp";
      const witness = async () => (await (await fetch(new URL("/witness", process.argv[2]))).json()).sessions;
      const spoken = [];
      for (const protocol of [undefined, "2025-11-25"]) {
        const client = await connect(process.argv[2], {
          protocol,
          elicit: ({ schema }) => ({ action: "accept", content: { room: Object.keys(schema.properties)[0], people: 3 } }),
        });
        const used = client.server.protocol;
        const progress = [];
        await client.callTool("count_slowly", { to: 3 }, { onProgress: (each) => progress.push(each.progress) });
        const booked = (await client.callTool("book_room", { day: "Monday" })).content[0].text;
        const during = await witness();
        await client.close();
        let after = await witness();
        for (let tries = 0; after > 0 && tries < 50; tries += 1) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          after = await witness();
        }
        spoken.push({ protocol: used, first: progress[0], booked, during, after });
      }
      console.log(JSON.stringify(spoken));
    `, server.url);
    const both = { first: 1, booked: "Booked room for 3 on Monday.", after: 0 };
    assert.deepEqual(found, [{ protocol: "2026-07-28", during: 0, ...both }, { protocol: "2025-11-25", during: 1, ...both }]);
  } finally {
    await server.stop();
  }
});

test("a server that dies during a call leaves an unknown outcome, in both faces", async () => {
  for (const face of ["host", "client"]) {
    const server = await startModern();
    try {
      const file = path.join(project, `dies-${face}.mjs`);
      writeFileSync(file, `
        import { open } from "countersign";
        import { connect } from "countersign/mcp";
        const [, , face, address] = process.argv;
        const given = { to: 100, pause_ms: 100 };
        let call;
        if (face === "host") {
          const workspace = await open({ store: "memory", allowLoopback: true });
          const { id } = await workspace.addConnector({ name: "Board", address });
          call = workspace.call({ connector: id, action: "count_slowly", arguments: given });
        } else {
          call = (await connect(address)).callTool("count_slowly", given);
        }
        console.log(JSON.stringify(await call.then(() => "resolved", (error) => ({ code: error.code, hint: error.hint }))));
        process.exit(0);
      `);
      const ended = run(process.env.COUNTERSIGN_NODE20, [file, face, server.url], { timeout: 60_000 });
      while (!(await server.witness()).seen.some((each) => each.message.method === "tools/call")) await new Promise((resolve) => setTimeout(resolve, 50));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.kill();
      const found = JSON.parse((await ended).stdout);
      assert.equal(found.code, "unknown-outcome", face);
      assert.match(found.hint, /may have happened/);
    } finally {
      await server.stop();
    }
  }
});

test("what a server sends is handed over whole: large numbers, a member called __proto__", async () => {
  const http = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}");
    const results = {
      initialize: '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"odd","version":"1"}}',
      "tools/list": '{"tools":[{"name":"odd","inputSchema":{"type":"object"}}]}',
      "tools/call": '{"content":[],"structuredContent":{"__proto__":{"polluted":true},"id":12345678901234567890},"later":-9007199254740995}',
    };
    response.setHeader("Content-Type", "application/json");
    if (request.method !== "POST") { response.writeHead(405).end(); return; }
    if (id === undefined) { response.writeHead(202).end(); return; }
    const result = results[method];
    response.end(result ? `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}` : JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "no such method" } }));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const found = await inNode("odd.mjs", `
      import { connect } from "countersign/mcp";
      const client = await connect(process.argv[2]);
      const { structuredContent, later } = await client.callTool("odd");
      console.log(JSON.stringify({ own: Object.keys(structuredContent), polluted: structuredContent.polluted ?? null, id: structuredContent.id, later }));
      await client.close();
    `, `http://127.0.0.1:${http.address().port}/mcp`);
    assert.deepEqual(found, { own: ["__proto__", "id"], polluted: null, id: 12345678901234567890, later: -9007199254740995 });
  } finally {
    http.closeAllConnections();
    http.close();
  }
});

test("the client alone says what it leaves out of a list and why, and that a server speaks an older revision than last time", async () => {
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const bytes of request) body += bytes;
    const { id, method, params } = JSON.parse(body || "{}");
    if (request.method !== "POST") return response.writeHead(405).end();
    if (id === undefined) return response.writeHead(202).end();
    const results = {
      initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {}, prompts: {} }, serverInfo: { name: "half", version: "1" } },
      "tools/list": { tools: [{ name: "whole", inputSchema: { type: "object" } }, { name: "half" }] },
      "prompts/list": { prompts: [{ name: "fine" }, { title: "nameless" }] },
    };
    response.setHeader("Content-Type", "application/json");
    const answer = method in results && params !== null ? { result: results[method] } : { error: { code: -32601, message: "no such method" } };
    return response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const found = await inNode("half.mjs", `
      import { connect } from "countersign/mcp";
      const leftOut = [];
      const onEvent = ({ kind, list, entries }) => kind === "left-out" && leftOut.push({ list, entries });
      const client = await connect(process.argv[2], { lastProtocol: "2025-11-25", onEvent });
      const tools = (await client.listTools()).map(({ name }) => name);
      const prompts = (await client.listPrompts()).map(({ name }) => name);
      const { protocol, downgrade } = client.server;
      await client.close();
      const again = await connect(process.argv[2], { lastProtocol: protocol });
      const same = again.server.downgrade;
      await again.close();
      const odd = await connect(process.argv[2], { lastProtocol: "yesterday" }).then(() => "connected", (error) => error.code);
      console.log(JSON.stringify({ tools, prompts, leftOut, protocol, downgrade, same, odd }));
    `, `http://127.0.0.1:${http.address().port}/mcp`);
    const { leftOut, ...rest } = found;
    assert.deepEqual(rest, { tools: ["whole"], prompts: ["fine"], protocol: "2025-06-18", downgrade: true, same: false, odd: "invalid" });
    assert.deepEqual(leftOut.map(({ list, entries }) => [list, entries.map(({ name }) => name)]), [["tools", ["half"]], ["prompts", ["#2"]]]);
    for (const { entries } of leftOut) assert.match(entries[0].reason, /[a-z]+ [a-z]+/);
  } finally {
    http.closeAllConnections();
    http.close();
  }
});

test("a fault inside ends what is running and everything after it, with a sentence", async () => {
  // No real input is known that makes the module panic: the glue is played, everything around it is real.
  const { Instance, CountersignError } = await import(pathToFileURL(path.join(installed, "shared.js")));
  let panic;
  const instance = new Instance(async () => ({ default: async () => {}, onPanic: (listener) => { panic = listener; } }), new URL("http://portal.example/x.wasm"));
  await instance.load();
  const running = instance.run(() => new Promise(() => {})).catch((error) => error);
  const said = [];
  const { error } = console;
  console.error = (...words) => said.push(words.join(" "));
  try {
    panic("panicked at somewhere");
  } finally {
    console.error = error;
  }
  for (const thrown of [await running, await instance.run(async () => "fine").catch((later) => later)]) {
    assert.ok(CountersignError.is(thrown));
    assert.equal(thrown.code, "dead");
    assert.match(thrown.hint, /reload/);
    assert.equal(thrown.cause, "panicked at somewhere");
  }
  assert.deepEqual(said, ["panicked at somewhere"]);
  const trapped = new Instance(async () => ({ default: async () => {}, onPanic: () => {} }), new URL("http://portal.example/x.wasm"));
  const trap = await trapped.run(async () => { throw new WebAssembly.RuntimeError("unreachable"); }).catch((thrown) => thrown);
  assert.equal(trap.code, "dead");
});

test("the client alone has prompts, resources, completion, subscriptions and log messages", async () => {
  const server = await startEverything();
  try {
    const found = await inNode("everything.mjs", `
      import { connect } from "countersign/mcp";
      const events = [];
      const client = await connect(process.argv[2], { onEvent: (event) => events.push(event) });
      const prompts = (await client.listPrompts()).map((prompt) => prompt.name);
      const prompt = await client.getPrompt("args-prompt", { city: "Bern" });
      const resources = await client.listResources();
      const templates = (await client.listResourceTemplates()).map((template) => template.uriTemplate);
      const read = await client.readResource(resources[0].uri);
      const completion = await client.complete({ prompt: "completable-prompt", argument: "department", value: "S" });
      await client.setLogLevel("debug");
      await client.subscribe(resources[0].uri);
      await client.unsubscribe(resources[0].uri);
      const unknown = await client.readResource("demo://nowhere").then(() => "read", (error) => error.code);
      const plain = await client.request("ping").then(() => "answered", (error) => error.code);
      console.log(JSON.stringify({ prompts, prompt, uri: resources[0].uri, templates, read, completion, unknown, plain }));
      await client.close();
    `, server.url);
    assert.ok(found.prompts.includes("args-prompt"));
    assert.match(JSON.stringify(found.prompt.messages), /Bern/);
    assert.ok(found.templates.length > 0);
    assert.equal(found.read.contents[0].uri, found.uri);
    assert.ok(found.completion.values.includes("Sales"), JSON.stringify(found.completion));
    assert.equal(found.unknown, "server");
    assert.equal(found.plain, "answered");
  } finally {
    await server.stop();
  }
});

test("the client alone waits for as long as a request may take, and says what is known when it took longer", async () => {
  const told = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const bytes of request) body += bytes;
    if (request.method === "GET") return response.writeHead(405).end();
    const { id, method, params } = body ? JSON.parse(body) : {};
    if (id === undefined) {
      told.push(method);
      return response.writeHead(202).end();
    }
    const served = { protocolVersion: "2025-11-25", capabilities: { tools: {}, resources: {} }, serverInfo: { name: "slow", version: "1" } };
    const slow = params?.name === "slow" || method === "resources/read";
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: method === "initialize" ? served : { content: [], contents: [] } }));
    }, slow ? 3_000 : 0);
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const found = await inNode("limits.mjs", `
      import { connect } from "countersign/mcp";
      const client = await connect(process.argv[2], { protocol: "2025-11-25" });
      const ends = (asked) => asked.then(() => "answered", (error) => error.code);
      const found = {
        odd: [await ends(client.callTool("slow", {}, { timeout: "long" })), await ends(client.callTool("slow", {}, { timeout: 0 }))],
        read: await ends(client.readResource("demo://slow", { timeout: 200 })),
        call: await ends(client.callTool("slow", {}, { timeout: 200 })),
        enough: await ends(client.callTool("slow", {}, { timeout: 20_000 })),
      };
      await client.close();
      console.log(JSON.stringify(found));
    `, `http://127.0.0.1:${http.address().port}/mcp`);
    assert.deepEqual(found, { odd: ["invalid", "invalid"], read: "timeout", call: "unknown-outcome", enough: "answered" });
    assert.equal(told.filter((method) => method === "notifications/cancelled").length, 2, "the server was told of both");
  } finally {
    http.closeAllConnections();
    http.close();
  }
});

test("the client alone asks a silent server whether it is there, as often as the page wants", async () => {
  let pings = 0;
  const streams = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const bytes of request) body += bytes;
    if (request.method === "GET") {
      if (request.url === "/pings") return response.end(String(pings));
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      return streams.push(response);
    }
    const { id, method } = body ? JSON.parse(body) : {};
    if (id === undefined) return response.writeHead(202).end();
    if (method === "ping") pings += 1;
    const served = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "silent", version: "1" } };
    response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "one" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: method === "initialize" ? served : {} }));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const found = await inNode("silent.mjs", `
      import { connect } from "countersign/mcp";
      const [url, counter] = process.argv.slice(2);
      const odd = await connect(url, { ping: "often" }).then(() => "connected", (error) => error.code);
      const events = [];
      const client = await connect(url, { protocol: "2025-11-25", ping: 200, onEvent: ({ kind }) => events.push(kind) });
      const pings = async () => Number(await (await fetch(counter)).text());
      while ((await pings()) < 3) await new Promise((resolve) => setTimeout(resolve, 50));
      await client.close();
      console.log(JSON.stringify({ odd, events }));
    `, `http://127.0.0.1:${http.address().port}/mcp`, `http://127.0.0.1:${http.address().port}/pings`);
    assert.deepEqual(found, { odd: "invalid", events: [] });
    assert.equal(streams.length, 1, "a server that answers keeps its stream");
  } finally {
    http.closeAllConnections();
    http.close();
  }
});
