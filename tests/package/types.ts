// What somebody writes against the package's types. Compiled and not run; every `@ts-expect-error` must be one.
import { CountersignError, open, type Change, type Code, type Connector, type Question, type Workspace } from "countersign";
import { connect, CountersignError as Same, type Client, type Tool } from "countersign/mcp";

export async function uses(signal: AbortSignal): Promise<void> {
  const workspace: Workspace = await open({ store: { indexedDb: "portal" }, identity: { name: "Ann" }, fetch, signal, wasm: new URL("https://portal.example/host.wasm") });
  const connectors: readonly Connector[] = await workspace.connectors();
  workspace.addEventListener("change", (event) => {
    const change: Change = event.detail;
    if (change.kind === "connection") change.state satisfies string;
    if (change.kind === "storage") change.why satisfies string | null;
  });
  workspace.addEventListener("something", (event: Event) => event.type);
  const result = await workspace.call(
    { connector: "notebook", action: "create_note", arguments: { title: "Shopping", tags: ["a", 1, null] } },
    { signal, confirm: async (question: Question) => ({ allow: question.class === "read", reason: "no" }) },
  );
  result.isError satisfies boolean | undefined;
  await workspace.call({ connector: "guide", action: "search" }, { confirm: () => true });
  const client: Client = await connect(new URL("https://board.example/mcp"), { headers: new Headers(), signal });
  const tools: readonly Tool[] = await client.listTools({ signal });
  await client.callTool("a", { b: 1 }, { onProgress: ({ progress, total }) => progress / (total ?? 1) });
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
  // @ts-expect-error errors are made by the package
  new CountersignError();
  // @ts-expect-error no such code
  ("no-such-code") satisfies Code;
}
