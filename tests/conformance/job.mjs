// What the suite tells a client it starts, and the way back to the run.

/** The scenario to play. */
export function job() {
  const { MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT } = process.env;
  return {
    url: process.argv.at(-1),
    scenario: MCP_CONFORMANCE_SCENARIO,
    context: MCP_CONFORMANCE_CONTEXT === undefined ? null : JSON.parse(MCP_CONFORMANCE_CONTEXT),
  };
}

/** Tells the run something about this scenario and gives back what it says. */
export async function report(words) {
  const response = await fetch(process.env.COUNTERSIGN_RUN, { method: "POST", body: JSON.stringify(words) });
  if (!response.ok) throw new Error(`the run answered ${response.status}`);
  return response.json();
}
