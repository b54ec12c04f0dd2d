// Signing in with the package, in Node and in a page: against a played server that counts, and against a certified provider.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { startProtected } from "../servers/protected.mjs";
import { startGuarded } from "../servers/provider.mjs";
import { foundBy, inNode, page, project, serve } from "./project.mjs";

/** What somebody writes to sign in without a person: the test's authorization server answers at once. */
const signIn = `
  import { connect, CountersignError } from "countersign/mcp";
  const opened = [];
  const authorize = async (url) => {
    opened.push(url);
    return (await fetch(url, { redirect: "manual" })).headers.get("location");
  };
  const store = new Map();
  const auth = { redirectUri: "http://localhost:9/callback", authorize, store, clientName: "Portal" };
  const whoami = async (options) => {
    const client = await connect(process.argv[2], options);
    try {
      return (await client.callTool("whoami")).content[0].text;
    } finally {
      await client.close();
    }
  };
`;

/** The page that a provider leads back to: it hands its address over and closes. */
writeFileSync(path.join(project, "callback.html"), page("callback.mjs"));
writeFileSync(path.join(project, "callback.mjs"), 'new BroadcastChannel("sign-in").postMessage(location.href);\nclose();\n');

test("a sign-in is kept, renewed without a person, and revoked", async () => {
  const server = await startProtected();
  try {
    const found = await inNode("sign-in.mjs", `${signIn}
      const first = await whoami({ auth });
      const again = await whoami({ auth });
      const kept = [...store.keys()];
      const client = await connect(process.argv[2], { auth });
      const out = await client.signOut();
      await client.close();
      console.log(JSON.stringify({ first, again, kept, out, left: [...store.keys()], opened: opened.map((url) => Object.fromEntries(new URL(url).searchParams)) }));
    `, server.url);
    assert.deepEqual([found.first, found.again], ["Ann", "Ann"]);
    assert.equal(found.opened.length, 1, "the second client uses what the first one kept");
    assert.equal(found.opened[0].resource, server.url);
    assert.equal(found.opened[0].code_challenge_method, "S256");
    assert.deepEqual(found.kept, [`countersign sign-in ${server.url}`]);
    assert.equal(found.out, "done");
    assert.deepEqual(found.left, []);
    assert.deepEqual(server.asked.token, ["authorization_code"]);
    assert.equal(server.asked.register, 1);
    assert.equal(server.asked.revoke.length, 2, "the refresh token and the access token");
  } finally {
    await server.stop();
  }
});

test("a token that ended is renewed once for everybody who shares the store, and the call goes through", async () => {
  // A second is no lifetime that a client believes: it learns from the server that the token has ended.
  const server = await startProtected({ lifetime: [1, 3600] });
  try {
    const found = await inNode("renewed.mjs", `${signIn}
      await whoami({ auth });
      const client = await connect(process.argv[2], { auth });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const names = await Promise.all(Array.from({ length: 5 }, async () => (await client.callTool("whoami")).content[0].text));
      await client.close();
      console.log(JSON.stringify({ names, opened: opened.length }));
    `, server.url);
    assert.deepEqual(found.names, ["Ann", "Ann", "Ann", "Ann", "Ann"]);
    assert.equal(found.opened, 1);
    assert.ok(server.asked.ended > 0, "the token had ended");
    assert.deepEqual(server.asked.token, ["authorization_code", "refresh_token"], "one renewal for five calls, and nobody signed in twice");
  } finally {
    await server.stop();
  }
});

test("X117 what was read as somebody is forgotten when a person signs in anew", async () => {
  const server = await startProtected({ lifetime: [1, 3600], refusesRefresh: true, ttl: 3_600_000 });
  try {
    const found = await inNode("anew.mjs", `${signIn}
      const client = await connect(process.argv[2], { auth });
      await client.listTools();
      await client.listTools();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // The list is kept, so nothing is asked; the call is, and leads to the sign-in page.
      await client.listTools();
      const before = opened.length;
      await client.callTool("whoami");
      await client.listTools();
      await client.close();
      console.log(JSON.stringify({ before, opened: opened.length }));
    `, server.url);
    assert.deepEqual(found, { before: 1, opened: 2 });
    assert.equal(server.asked.lists, 2, "once as either of them");
  } finally {
    await server.stop();
  }
});

test("a token is renewed shortly before it ends, once, and no call is refused", async () => {
  const server = await startProtected({ lifetime: [8, 3600] });
  try {
    const found = await inNode("before.mjs", `${signIn}
      const client = await connect(process.argv[2], { auth });
      await client.callTool("whoami");
      await new Promise((resolve) => setTimeout(resolve, 6500));
      const names = await Promise.all(Array.from({ length: 5 }, async () => (await client.callTool("whoami")).content[0].text));
      await client.close();
      console.log(JSON.stringify({ names, opened: opened.length }));
    `, server.url);
    assert.deepEqual(found, { names: ["Ann", "Ann", "Ann", "Ann", "Ann"], opened: 1 });
    assert.equal(server.asked.ended, 0);
    assert.deepEqual(server.asked.token, ["authorization_code", "refresh_token"]);
  } finally {
    await server.stop();
  }
});

test("a token that the server no longer takes is replaced, and nothing secret is in an error", async () => {
  const server = await startProtected({ refusesRefresh: true });
  try {
    const found = await inNode("refused.mjs", `${signIn}
      const client = await connect(process.argv[2], { auth });
      await client.listTools();
      console.log(JSON.stringify({ ready: true }));
      process.exit(0);
    `, server.url);
    assert.equal(found.ready, true);
    server.expire();
    const refused = await inNode("refused-again.mjs", `${signIn}
      const told = (error) => ({ ours: CountersignError.is(error), code: error.code, message: error.message, hint: error.hint, cause: JSON.stringify(error.cause ?? null) });
      const blocked = await connect(process.argv[2], { auth: { ...auth, authorize: async () => { throw new Error("the window was blocked"); } } }).catch(told);
      const nobody = await connect(process.argv[2], { auth: { ...auth, authorize: undefined } }).catch(told);
      const forged = await connect(process.argv[2], { auth: { ...auth, authorize: async (url) => (await authorize(url)).replace(/state=[^&]+/, "state=other") } }).catch(told);
      const both = await connect(process.argv[2], { auth, headers: { Authorization: "Bearer x" } }).catch(told);
      const without = await connect(process.argv[2]).catch(told);
      console.log(JSON.stringify({ blocked, nobody, forged, both, without }));
    `, server.url);
    for (const name of ["blocked", "nobody", "forged", "without"]) assert.equal(refused[name].code, "sign-in", JSON.stringify(refused[name]));
    assert.equal(refused.both.code, "invalid");
    assert.match(refused.blocked.message, /the window was blocked/);
    assert.match(refused.nobody.message, /a person has to sign in/);
    assert.match(refused.forged.message, /does not belong to this sign-in/);
    for (const token of server.tokens) assert.ok(!JSON.stringify(refused).includes(token), "a token is in no error");
    assert.ok(!JSON.stringify(refused).includes("canary"));
  } finally {
    await server.stop();
  }
});

/** What somebody writes to have a person sign in at the provider's own pages. */
const visits = `
  import { CountersignError, open } from "countersign";
  import { connect } from "countersign/mcp";
  import { signInAt } from ${JSON.stringify(new URL("../servers/person.mjs", import.meta.url).href)};
  const redirectUri = "http://localhost:9/callback";
  const opened = [];
  const authorize = (url) => {
    opened.push(url);
    return signInAt(url, redirectUri);
  };
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
`;

test("the client registers at the certified provider, renews its five seconds by rotation, and revokes", async () => {
  const server = await startGuarded({ lifetime: 5 });
  try {
    const found = await inNode("certified.mjs", `${visits}
      const client = await connect(process.argv[2], { auth: { redirectUri, authorize, clientName: "Portal" } });
      const first = (await client.callTool("list_tickets")).content[0].text;
      await pause(6000);
      const second = (await client.callTool("list_tickets")).content[0].text;
      const out = await client.signOut();
      await client.close();
      console.log(JSON.stringify({ first, second, out, opened: opened.length }));
    `, server.url);
    assert.deepEqual(found, { first: "Printer is out of toner", second: "Printer is out of toner", out: "done", opened: 1 });
    assert.equal(server.asked.filter((path) => path === "/reg").length, 1);
    assert.equal(server.calls.length, 2);
    assert.notEqual(server.calls[0].token, server.calls[1].token);
    assert.ok(server.used.length >= 1, "a refresh token was used up");
    assert.equal(server.asked.filter((path) => path === "/token/revocation").length, 2, "the refresh token and the access token");
  } finally {
    await server.stop();
  }
});

test("a workspace signs in: on the way to a new connector and when asked to, never by a call, and out again", async () => {
  const server = await startGuarded({ lifetime: 5 });
  try {
    const found = await inNode("workspace.mjs", `${visits}
      const ended = (work) => work.then(() => "resolved", (error) => error.code);
      const without = await open({ store: "memory", allowLoopback: true });
      const refused = await ended(without.addConnector({ name: "Guarded", address: process.argv[2], signIn: true }));
      const plain = await ended(without.addConnector({ name: "Guarded", address: process.argv[2] }));
      await without.close();
      const halves = await ended(open({ store: "memory", auth: { redirectUri } }));
      const workspace = await open({ store: "memory", allowLoopback: true, auth: { redirectUri, authorize, clientName: "Portal" } });
      const blocked = await ended(workspace.addConnector({ name: "Two", address: process.argv[2], signIn: true, header: { name: "X", value: "y" } }));
      const { id } = await workspace.addConnector({ name: "Guarded", address: process.argv[2], signIn: true });
      const call = (action, given, options) => workspace.call({ connector: id, action, arguments: given }, options);
      const first = (await call("list_tickets")).content[0].text;
      await pause(6000);
      let account;
      const wrote = (await call("create_ticket", { title: "Door" }, { confirm: (question) => { account = question.account; return true; } })).content[0].text;
      const visitsBefore = opened.length;
      const out = await workspace.signOut(id);
      const after = await ended(call("list_tickets"));
      const visitsOfCalls = opened.length - visitsBefore;
      await workspace.signIn(id);
      const again = (await call("list_tickets")).content[0].text;
      const unknown = await ended(workspace.signIn("nobody"));
      const notAnId = await ended(workspace.signOut(7));
      await workspace.close();
      console.log(JSON.stringify({ refused, plain, halves, blocked, first, wrote, account, out, after, visitsOfCalls, again, unknown, notAnId, opened: opened.length }));
    `, server.url);
    assert.equal(found.refused, "sign-in", "without `auth` nobody can sign in");
    assert.equal(found.plain, "sign-in");
    assert.equal(found.halves, "invalid");
    assert.equal(found.blocked, "invalid");
    assert.equal(found.first, "Printer is out of toner");
    assert.equal(found.wrote, "Created: Door");
    assert.equal(found.account, `signed in at ${server.issuer}`);
    assert.notEqual(server.calls[0].token, server.calls[1].token, "the token was renewed without a person");
    assert.deepEqual([...new Set(server.calls.map((call) => call.key))], [undefined], "nobody wanted them bound");
    assert.equal(found.out, "done");
    assert.equal(found.after, "sign-in");
    assert.equal(found.visitsOfCalls, 0, "a call leads nobody away");
    assert.equal(found.again, "Printer is out of toner, Door");
    assert.equal(found.unknown, "not-found");
    assert.equal(found.notAnId, "invalid");
    assert.equal(found.opened, 2, "for the connector and when asked to");
  } finally {
    await server.stop();
  }
});

test("a workspace that is opened with `dpop` binds its tokens to a key at the certified provider, and every request proves it", async () => {
  const server = await startGuarded({ lifetime: 5 });
  try {
    const found = await inNode("bound.mjs", `${visits}
      const workspace = await open({ store: "memory", allowLoopback: true, auth: { redirectUri, authorize, dpop: true } });
      const { id } = await workspace.addConnector({ name: "Guarded", address: process.argv[2], signIn: true });
      const read = async () => (await workspace.call({ connector: id, action: "list_tickets" })).content[0].text;
      const first = await read();
      await pause(6000);
      const second = await read();
      const out = await workspace.signOut(id);
      await workspace.signIn(id);
      const third = await read();
      await workspace.close();
      console.log(JSON.stringify({ read: [first, second, third], out, opened: opened.length }));
    `, server.url);
    assert.deepEqual(found, { read: Array(3).fill("Printer is out of toner"), out: "done", opened: 2 });
    const [first, second, third] = server.calls;
    assert.ok(first.key, "the provider bound the token, and the board took it only with a proof");
    assert.deepEqual([second.key, second.token === first.token], [first.key, false], "renewed with the same key");
    assert.ok(third.key && third.key !== first.key, "the key went with the sign-out");
  } finally {
    await server.stop();
  }
});

test("a workspace in a page keeps a sign-in on the device, encrypted, and uses it when it is opened again", async () => {
  const server = await startProtected();
  writeFileSync(path.join(project, "device.html"), page("device.mjs"));
  writeFileSync(path.join(project, "device.mjs"), `
    import { open as openWorkspace } from "./node_modules/countersign/index.js";
    let windows = 0;
    const nobody = async () => { throw new Error("nobody is there"); };
    const visit = (address) => new Promise((resolve, reject) => {
      windows += 1;
      const channel = new BroadcastChannel("sign-in");
      channel.onmessage = ({ data }) => { channel.close(); resolve(data); };
      if (!open(address, "_blank", "popup,width=480,height=640")) reject(new Error("the window was blocked"));
    });
    const names = [];
    for (let round = 0; round < 2; round += 1) {
      const auth = { redirectUri: new URL("callback.html", location.href).href, authorize: round === 0 ? visit : nobody };
      const workspace = await openWorkspace({ store: { indexedDb: "device" }, allowLoopback: true, auth });
      const address = decodeURIComponent(location.hash.slice(1));
      if (round === 0) await workspace.addConnector({ name: "Guarded", address, signIn: { keep: "device" } });
      const guarded = (await workspace.connectors()).find((connector) => connector.name === "Guarded");
      const result = await workspace.call({ connector: guarded.id, action: "whoami" }, { confirm: () => true });
      names.push(result.content[0].text);
      await workspace.close();
    }
    const done = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
    const database = await done(indexedDB.open("device"));
    const kept = await Promise.all([...database.objectStoreNames].map((name) => done(database.transaction(name).objectStore(name).getAll())));
    globalThis.found = { names, windows, kept: JSON.stringify(kept) };
  `);
  const host = await serve(project);
  try {
    const found = await foundBy(`${host.url}/device.html`, server.url);
    assert.deepEqual(found.names, ["Ann", "Ann"]);
    assert.equal(found.windows, 1, "the second opening needs nobody");
    assert.ok(server.tokens.size > 0 && !found.kept.includes("canary"), "no token is in the clear");
  } finally {
    await host.close();
    await server.stop();
  }
});

test("a page signs in in a window, once for all clients that share a store", async () => {
  const server = await startProtected();
  writeFileSync(path.join(project, "window.html"), page("window.mjs"));
  writeFileSync(path.join(project, "window.mjs"), `
    import { connect } from "./node_modules/countersign/mcp.js";
    const stateOf = (address) => new URL(address).searchParams.get("state");
    let windows = 0;
    const authorize = (address) => new Promise((resolve, reject) => {
      windows += 1;
      const channel = new BroadcastChannel("sign-in");
      channel.onmessage = ({ data }) => stateOf(data) === stateOf(address) && (channel.close(), resolve(data));
      if (!open(address, "_blank", "popup,width=480,height=640")) reject(new Error("the window was blocked"));
    });
    const auth = { redirectUri: new URL("callback.html", location.href).href, authorize, store: new Map() };
    const names = [];
    for (let round = 0; round < 2; round += 1) {
      const client = await connect(decodeURIComponent(location.hash.slice(1)), { auth });
      names.push((await client.callTool("whoami")).content[0].text);
      await client.close();
    }
    const held = (await navigator.locks.query()).held.length;
    globalThis.found = { names, windows, held };
  `);
  const host = await serve(project);
  try {
    const found = await foundBy(`${host.url}/window.html`, server.url);
    assert.deepEqual(found.names, ["Ann", "Ann"]);
    assert.equal(found.windows, 1);
    assert.equal(found.held, 0, "no lock is left behind");
  } finally {
    await host.close();
    await server.stop();
  }
});

test("X23 who stops waiting for another tab's renewal leaves no claim behind, and the next one gets through", async () => {
  const server = await startProtected();
  writeFileSync(path.join(project, "waiting.html"), page("waiting.mjs"));
  writeFileSync(path.join(project, "waiting.mjs"), `
    import { connect } from "./node_modules/countersign/mcp.js";
    const url = decodeURIComponent(location.hash.slice(1));
    let windows = 0;
    const authorize = async (address) => {
      windows += 1;
      const { promise, resolve } = Promise.withResolvers();
      const channel = new BroadcastChannel("sign-in");
      channel.onmessage = ({ data }) => { channel.close(); resolve(data); };
      open(address, "_blank", "popup,width=480,height=640");
      return promise;
    };
    const auth = { redirectUri: new URL("callback.html", location.href).href, authorize, store: new Map() };
    const key = "countersign sign-in " + url;
    const asked = async (state) => (await navigator.locks.query())[state].filter(({ name }) => name === key).length;
    const until = async (holds) => { while (!await holds()) await new Promise((done) => setTimeout(done, 10)); };

    // As if another tab renewed: somebody has the lock for as long as we say.
    let letGo;
    const there = new Promise((ready) => navigator.locks.request(key, () => { ready(); return new Promise((done) => { letGo = done; }); }));
    await there;
    const stop = new AbortController();
    const left = connect(url, { auth, signal: stop.signal }).then(() => "connected", (error) => error.name);
    await until(async () => await asked("pending") === 1);
    stop.abort();
    const how = await left;
    await until(async () => await asked("pending") === 0);
    const second = connect(url, { auth });
    await until(async () => await asked("pending") === 1);
    letGo();
    const client = await second;
    const name = (await client.callTool("whoami")).content[0].text;
    await client.close();
    await until(async () => await asked("held") === 0);
    globalThis.found = { how, name, windows };
  `);
  const host = await serve(project);
  try {
    const { how, name, windows } = await foundBy(`${host.url}/waiting.html`, server.url);
    assert.deepEqual({ how, name, windows }, { how: "AbortError", name: "Ann", windows: 1 });
  } finally {
    await host.close();
    await server.stop();
  }
});
