// What somebody writes against the package's types. Compiled and not run; every `@ts-expect-error` must be one.
import { CountersignError, open, type Change, type Code, type Connector, type Policy, type Question, type Refreshed, type Workspace } from "countersign";
import { verify, type Checkpoint, type Finding, type Verdict } from "countersign/verify";
import { connect, CountersignError as Same, type Client, type Prompt, type Resource, type Tool } from "countersign/mcp";

export async function uses(signal: AbortSignal): Promise<void> {
  const workspace: Workspace = await open({ store: { indexedDb: "portal" }, identity: { name: "Ann" }, fetch, signal, wasm: new URL("https://portal.example/host.wasm") });
  const connectors: readonly Connector[] = await workspace.connectors();
  workspace.addEventListener("change", (event) => {
    const change: Change = event.detail;
    if (change.kind === "connection") change.state satisfies string;
    if (change.kind === "storage") change.why satisfies string | null;
    if (change.kind === "not-told") `${change.connector}: ${change.list}` satisfies string;
  });
  workspace.addEventListener("something", (event: Event) => event.type);
  const signsIn: Workspace = await open({ auth: { redirectUri: "https://portal.example/back", authorize: async (url: string) => new URL(url), clientName: "Portal", dpop: true } });
  await signsIn.addConnector({ name: "Board", address: "https://board.example/mcp", signIn: true }, { signal });
  await signsIn.addConnector({ name: "Board", address: "https://board.example/mcp", signIn: { clientId: "a", scope: "b", keep: "device" } });
  await signsIn.signIn("id", { signal });
  (await signsIn.signOut("id")) satisfies "done" | "not-offered" | "failed" | "nothing";
  const refreshed: Refreshed = await workspace.refresh("id", { signal });
  refreshed.changes.map(({ action, change }) => (action === null ? change satisfies string : action satisfies string));
  (refreshed.digest === refreshed.approved) satisfies boolean;
  // @ts-expect-error somebody has to lead the person there and back
  await open({ auth: { redirectUri: "https://portal.example/back" } });
  const result = await workspace.call(
    { connector: "notebook", action: "create_note", arguments: { title: "Shopping", tags: ["a", 1, null] } },
    { signal, confirm: async (question: Question) => ({ allow: question.class === "read", reason: "no" }) },
  );
  result.isError satisfies boolean | undefined;
  await workspace.call({ connector: "guide", action: "search" }, { confirm: () => true });
  const tied: Workspace = await open({ policy: { url: new URL("https://portal.example/policy.json"), keys: ["a"], member: "ada", contact: "it@example.com" } });
  await open({ policy: { bundle: { countersign: "policy-bundle" }, keys: ["a"] } });
  const policy: Policy = await tied.policy();
  (policy.state === "signed" ? policy.signer.name : policy.state === "unverified" ? policy.why : "") satisfies string;
  // @ts-expect-error signed settings that anybody may sign are none
  await open({ policy: { url: "/policy.json" } });
  const verdict: Verdict = await verify(await workspace.exportAudit());
  const kept: Checkpoint | null = verdict.checkpoint;
  const findings: readonly Finding[] = (await verify("", { checkpoint: kept })).findings;
  findings.map((one) => one.kind satisfies string);
  const client: Client = await connect(new URL("https://board.example/mcp"), { headers: new Headers(), signal });
  const tools: readonly Tool[] = await client.listTools({ signal });
  await client.callTool("a", { b: 1 }, { onProgress: ({ progress, total }) => progress / (total ?? 1) });
  const asks: Client = await connect("https://board.example/mcp", {
    protocol: "2026-07-28",
    logLevel: "warning",
    tasks: true,
    elicit: async (question, { signal }) => {
      signal.throwIfAborted();
      return question.mode === "form" ? { action: "accept", content: { schema: question.schema } } : { action: question.url ? "decline" : "cancel" };
    },
    onEvent: (event) => {
      if (event.kind === "sent-again") event.why satisfies string;
      if (event.kind === "log") event.data satisfies unknown;
    },
    auth: { redirectUri: "https://portal.example/callback", store: new Map<string, unknown>(), authorize: async (url) => new URL(url), dpop: true },
  });
  await connect("https://board.example/mcp", { auth: { client: { id: "a", privateKey: "pem", algorithm: "ES256" }, grant: "client_credentials", trustNamedIssuer: true } });
  const prompts: readonly Prompt[] = await asks.listPrompts();
  (await asks.getPrompt(prompts[0].name, { topic: "a" }, { signal })).messages[0].content satisfies object;
  const resources: readonly Resource[] = await asks.listResources();
  (await asks.readResource(resources[0].uri)).contents[0].text satisfies string | undefined;
  (await asks.complete({ prompt: "a", argument: "topic", value: "b", settled: { c: "d" } })).values satisfies readonly string[];
  (await asks.request("com.example/greet", { a: 1 })).hello satisfies unknown;
  (await asks.signOut()) satisfies string;
  try {
    await client.close();
  } catch (error) {
    if (Same.is(error)) error.code satisfies Code;
    if (CountersignError.is(error) && error.code === "unknown-outcome") error.hint satisfies string;
  }

  // @ts-expect-error there is no such store
  await open({ store: "local" });
  // @ts-expect-error a decision is no text
  await workspace.call({ connector: "a", action: "b" }, { confirm: () => "yes" });
  // @ts-expect-error what is handed out is not to be written to
  connectors[0].name = "other";
  // @ts-expect-error what is handed out is not to be written to
  tools.push({ name: "mine", inputSchema: {} });
  // @ts-expect-error a function is no JSON
  await client.callTool("a", { b: () => 1 });
  // @ts-expect-error a prompt's arguments are texts
  await client.getPrompt("a", { b: 1 });
  // @ts-expect-error an answer has an action
  await connect("https://board.example/mcp", { elicit: () => true });
  // @ts-expect-error there is no such grant
  await connect("https://board.example/mcp", { auth: { grant: "password" } });
  // @ts-expect-error errors are made by the package
  new CountersignError();
  // @ts-expect-error no such code
  ("no-such-code") satisfies Code;
}
