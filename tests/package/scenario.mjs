// What a portal does with the package: the same code in a plain page, in a Vite project and in Node.
import { CountersignError, open } from "countersign";
import { connect } from "countersign/mcp";

/** Runs everything against one server and answers with what was found. */
export async function scenario(address) {
  const found = {};
  const code = async (work) => {
    try {
      await work();
      return "resolved";
    } catch (error) {
      return CountersignError.is(error) ? error.code : `not ours: ${error}`;
    }
  };
  try {
    const strict = await open({ store: "memory" });
    found.refused = await code(() => strict.addConnector({ name: "Board", address }));
    await strict.close();

    const workspace = await open({ store: "memory", allowLoopback: true });
    found.builtIn = (await workspace.connectors()).map((connector) => connector.name);
    found.added = await workspace.addConnector({ name: "Board", address });
    found.frozen = Object.isFrozen(found.added) && Object.isFrozen(found.added.actions);
    const call = (action, given, options) => workspace.call({ connector: found.added.id, action, arguments: given }, options);
    found.read = JSON.stringify(await call("list_tickets", {}));
    const title = "From the package";
    found.withoutConfirm = await code(() => call("create_ticket", { title }));
    found.saidNo = await code(() => call("create_ticket", { title }, { confirm: () => false }));
    found.saidYes = JSON.stringify(await call("create_ticket", { title }, {
      confirm: (question) => {
        found.asked = { action: question.action, class: question.class, arguments: question.arguments };
        return true;
      },
    }));
    await workspace.close();
    found.closed = await code(() => workspace.connectors());

    const client = await connect(address);
    found.tools = (await client.listTools()).map((tool) => tool.name);
    found.called = JSON.stringify(await client.callTool("list_tickets", {}));
    await client.close();
  } catch (error) {
    found.error = `${error?.code ?? error?.name}: ${error?.message} ${error?.hint ?? ""} ${error?.cause ?? ""}`;
  }
  return found;
}
