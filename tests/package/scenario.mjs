// What a portal does with the package: the same code in a plain page, a worker, a Vite project and in Node.
import { CountersignError, open } from "countersign";
import { connect } from "countersign/mcp";

/** How a call ended, in words that cross a page's border: `resolved`, one of our codes, or what else was thrown. */
async function ended(work) {
  try {
    await work();
    return "resolved";
  } catch (error) {
    return CountersignError.is(error) && error instanceof Error ? error.code : `not ours: ${error?.message ?? error}`;
  }
}

/** Whether everything in a value is frozen plain data. */
function frozen(value) {
  if (typeof value !== "object" || value === null) return true;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return plain && Object.isFrozen(value) && Object.values(value).every(frozen);
}

/** Runs everything against one server and answers with what was found. */
export async function scenario(address) {
  const found = {};
  try {
    await gate(address, found);
    await alone(address, found);
  } catch (error) {
    found.error = `${error?.code ?? error?.name}: ${error?.message} ${error?.hint ?? ""} ${error?.cause ?? ""} ${error?.stack ?? ""}`;
  }
  return found;
}

/** `countersign`: the workspace with its gate. */
async function gate(address, found) {
  const strict = await open({ store: "memory" });
  found.refused = await ended(() => strict.addConnector({ name: "Board", address }));
  await strict.close();

  const asked = [];
  const fetched = [];
  const workspace = await open({
    store: "memory",
    allowLoopback: true,
    identity: { name: "Ann" },
    fetch: (url, init) => {
      fetched.push(init.method);
      return fetch(url, init);
    },
  });
  found.eventTarget = workspace instanceof EventTarget;
  const changes = [];
  workspace.addEventListener("change", (event) => changes.push(event.detail));
  found.storage = await workspace.storage();
  found.builtIn = (await workspace.connectors()).map((connector) => connector.name);
  const board = await workspace.addConnector({ name: "Board", address });
  found.added = { host: board.host, stage: board.stage, badge: board.badge, local: board.local, actions: board.actions.length };
  found.frozen = frozen(await workspace.connectors()) && frozen(board);
  const call = (action, given, options) => workspace.call({ connector: board.id, action, arguments: given }, options);

  const read = await call("list_tickets", {});
  found.read = JSON.stringify(read);
  found.frozen &&= frozen(read);
  const title = "From the package";
  const answers = {
    none: undefined,
    denies: () => false,
    forgets: () => {},
    "says yes in words": () => "yes",
    "says 1": () => 1,
    "answers with a Map": () => new Map([["allow", true]]),
    "allows with a text": () => ({ allow: "true" }),
    throws: () => { throw new Error("out of order"); },
    rejects: async () => { throw new Error("out of order"); },
  };
  found.declined = {};
  for (const [name, confirm] of Object.entries(answers)) {
    found.declined[name] = await ended(() => call("create_ticket", { title }, { confirm }));
  }
  found.notAFunction = await ended(() => call("create_ticket", { title }, { confirm: true }));
  const why = await call("create_ticket", { title }, { confirm: answers.throws }).catch((error) => error);
  found.causeOfThrowing = why.cause?.message;
  const reason = await call("create_ticket", { title }, { confirm: () => ({ allow: false, reason: "not today" }) }).catch((error) => error);
  found.reason = reason.message;

  const saidYes = (options) => ({
    ...options,
    confirm: (question) => {
      asked.push(question);
      return true;
    },
  });
  found.saidYes = JSON.stringify(await call("create_ticket", { title }, saidYes()));
  const [question] = asked;
  found.asked = { action: question.action, class: question.class, host: question.host, arguments: question.arguments, argumentsText: question.argumentsText };
  found.frozen &&= frozen(question);
  found.object = await ended(() => call("list_tickets", {}, { confirm: () => ({ allow: true }) }));
  found.badArguments = await ended(() => call("create_ticket", { title: 5 }, saidYes()));
  found.map = await ended(() => call("create_ticket", new Map([["title", title]]), saidYes()));
  found.unknownAction = await ended(() => call("no_such_action", {}));
  found.unknownOption = await ended(() => open({ stor: "memory" }));
  found.isError = (await call("delete_ticket", { id: "T-404" }, saidYes())).isError;
  found.serverAsks = JSON.stringify(await call("book_room", { day: "Monday" }, saidYes()));

  const before = new AbortController();
  before.abort(new Error("mine"));
  found.abortedBefore = await ended(() => call("list_tickets", {}, { signal: before.signal }));
  const during = new AbortController();
  const slow = ended(() => call("count_slowly", { to: 50, pause_ms: 100 }, { signal: during.signal }));
  setTimeout(() => during.abort(new Error("mine")), 300);
  found.abortedDuring = await slow;
  const asking = new AbortController();
  const waits = () => new Promise((resolve) => setTimeout(() => { asking.abort(new Error("mine")); resolve(true); }, 50));
  found.abortedAsking = await ended(() => call("create_ticket", { title: "never" }, { signal: asking.signal, confirm: waits }));

  let answer;
  const pending = ended(() => call("create_ticket", { title: "never" }, { confirm: () => new Promise((resolve) => { answer = resolve; }) }));
  while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  await workspace.close();
  found.closedWhileAsking = await pending;
  answer(true);
  found.closed = await ended(() => workspace.connectors());
  found.changes = [...new Set(changes.map((change) => change.kind))].sort();
  found.frozen &&= changes.every(frozen);
  found.fetched = fetched.includes("POST");

  const stop = new AbortController();
  const other = await open({ store: "memory", signal: stop.signal });
  stop.abort();
  found.closedBySignal = await ended(() => other.connectors());
}

/** `countersign/mcp`: the client alone. */
async function alone(address, found) {
  const client = await connect(address, { name: "portal", version: "1.2.3", headers: { "X-Portal": "yes" } });
  const tools = await client.listTools();
  found.server = client.server.serverInfo?.name;
  found.tools = tools.map((tool) => tool.name);
  const called = await client.callTool("list_tickets", {});
  found.called = JSON.stringify(called);
  found.frozen &&= frozen(tools) && frozen(called) && frozen(client.server);
  const progress = [];
  await client.callTool("count_slowly", { to: 3, pause_ms: 50 }, { onProgress: (each) => progress.push(each) });
  found.progress = progress;
  const during = new AbortController();
  setTimeout(() => during.abort(new Error("mine")), 300);
  found.clientAborted = await ended(() => client.callTool("count_slowly", { to: 50, pause_ms: 100 }, { signal: during.signal }));
  const wrong = await client.callTool("no_such_tool").catch((error) => error);
  found.serverError = { code: wrong.code, cause: wrong.cause?.code, hint: typeof wrong.hint };
  found.clientArguments = await ended(() => client.callTool("list_tickets", "text"));
  await client.close();
  await answers(address, found);
  found.clientClosed = await ended(() => client.listTools());
  found.badAddress = await ended(() => connect("board"));
  found.badFetch = await ended(() => connect(address, { fetch: async () => ({ status: 200 }) }));
}

/** What a page answers to a server, and options that do not fit. */
async function answers(address, found) {
  const asked = [];
  const thrown = console.error;
  const cases = {
    accepts: (question) => {
      asked.push(question);
      return { action: "accept", content: { room: "Blue", people: 3 } };
    },
    declines: async () => ({ action: "decline" }),
    "answers with nothing": () => {},
    throws: () => { throw new Error("out of order"); },
  };
  found.elicited = {};
  console.error = () => {};
  for (const [name, elicit] of Object.entries(cases)) {
    const client = await connect(address, { elicit });
    found.elicited[name] = (await client.callTool("book_room", { day: "Friday" })).content[0].text;
    await client.close();
  }
  console.error = thrown;
  found.asked2 = asked.map(({ mode, message, schema }) => [mode, message, Object.keys(schema.properties)]);
  found.frozen &&= asked.every(frozen);
  const client = await connect(address);
  found.noPrompts = await client.listPrompts();
  found.notSignedIn = await client.signOut();
  found.badNames = [await ended(() => client.getPrompt(5)), await ended(() => client.readResource()), await ended(() => client.request("tools/call", { name: "list_tickets" }))];
  await client.close();
  const wrong = {
    elicit: true,
    onEvent: "log",
    protocol: "2020-01-01",
    logLevel: "loud",
    tasks: "yes",
    auth: "Bearer x",
    other: 1,
  };
  found.wrongOptions = [];
  for (const [name, value] of Object.entries(wrong)) found.wrongOptions.push([name, await ended(() => connect(address, { [name]: value }))]);
  const signIns = [
    {},
    { redirectUri: "https://portal.example/callback", other: 1 },
    { redirectUri: "https://portal.example/callback", store: { get() {} } },
    { redirectUri: "https://portal.example/callback", authorize: "window" },
    { grant: "client_credentials", client: { id: "a", method: "magic" } },
    { grant: "password" },
    { grant: { type: "jwt_bearer" } },
  ];
  found.wrongSignIns = [];
  for (const auth of signIns) found.wrongSignIns.push(await ended(() => connect(address, { auth })));
  const pinned = await connect(address, { protocol: "2026-07-28" });
  found.pinned = pinned.server.protocol;
  await pinned.close();
}
