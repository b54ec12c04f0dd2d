// The client that the suite starts when the package runs in Node: the package in this very process.
//
//   node node.mjs URL       with the suite's MCP_CONFORMANCE_… in the environment
import { CountersignError, connect } from "../../pkg/mcp.js";
import { job, report } from "./job.mjs";
import { play } from "./scenarios.mjs";

/** Signs in without a person: the suite's authorization server answers at once with a redirect, which Node may read. */
async function authorize(url) {
  const response = await fetch(url, { redirect: "manual" });
  const back = response.headers.get("location");
  if (back === null) throw new Error(`the authorization server answered ${response.status} and no redirect`);
  return back;
}

const redirectUri = "http://localhost:3000/callback";
const failed = await play({ connect, CountersignError, redirectUri, authorize, ...job() }).then(
  () => undefined,
  (error) => `${error?.code ?? error?.name}: ${error?.message}`,
);
await report({ failed });
if (failed !== undefined) console.error(failed);
process.exit(failed === undefined ? 0 : 1);
