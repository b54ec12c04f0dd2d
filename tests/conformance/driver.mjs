// The client that the suite starts when the package runs in a browser: it asks the run's long-lived Chromium to play the
// scenario and ends as that ended.
//
//   node driver.mjs URL     with the suite's MCP_CONFORMANCE_… in the environment
import { job, report } from "./job.mjs";

const { failed } = await report(job());
if (failed !== undefined) console.error(failed);
process.exit(failed === undefined ? 0 : 1);
