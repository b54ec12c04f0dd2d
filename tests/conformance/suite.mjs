// The official suite's command line: what a revision requires, and one scenario in strict mode.
import { execFile, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { root } from "../runner.mjs";

const command = path.join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const here = path.join(root, "conformance");

/** How long the suite waits for its client, in milliseconds. */
const PATIENCE = 30_000;
/** When a run of the suite that does not end by itself is ended: its own time-out leaves the client it started behind. */
const WATCHDOG = PATIENCE + 15_000;

/** The client scenarios of a revision's frozen requirements, in order; those that are reported and never scored last. */
export async function requirements(revision) {
  const { stdout } = await promisify(execFile)(process.execPath, [command, "list", "--requirements", revision]);
  const required = stdout.split(/^Client scenarios.*$/m)[1]?.split(/^\S/m)[0] ?? "";
  const scored = [...required.matchAll(/^ {2}- (\S+)$/gm)].map(([, scenario]) => ({ scenario, scored: true }));
  const others = [...stdout.matchAll(/^ {4}- (\S+) \[client\]$/gm)].map(([, scenario]) => ({ scenario, scored: false }));
  if (scored.length === 0) throw new Error(`the suite named no scenarios that ${revision} requires`);
  return [...scored, ...others];
}

/** Runs one scenario and says whether it passed, with the number of checks by their status and words about a failure. */
export async function runScenario({ place, revision, scenario, scored, browser, cors, out }) {
  let told;
  const run = await control(async (words) => {
    // In a browser the client asks for the scenario to be played, in Node it says how that went.
    told = place === "node" ? words : await browser.play({ place, ...words });
    return told;
  });
  const client = `"${process.execPath}" "${path.join(here, place === "node" ? "node.mjs" : "driver.mjs")}"`;
  const preload = cors ? ["--import", pathToFileURL(path.join(here, "cors-preload.mjs")).href] : [];
  const child = spawn(
    process.execPath,
    [...preload, command, "client", "--command", client, "--scenario", scenario, "--spec-version", revision, "--timeout", String(PATIENCE), "-o", out, ...(scored ? [] : ["--force"])],
    { cwd: root, env: { ...process.env, COUNTERSIGN_RUN: run.address }, stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => { said += bytes; });
  let late = false;
  const watchdog = setTimeout(() => {
    late = true;
    // With everything it started: the group is the child's own.
    if (process.platform === "win32") child.kill();
    else process.kill(-child.pid, "SIGKILL");
  }, WATCHDOG);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(watchdog);
  await run.stop();

  const checks = recorded(out, scenario);
  const counts = {};
  for (const { status } of checks) counts[status] = (counts[status] ?? 0) + 1;
  const wrong = [];
  if (late) wrong.push("it did not end and was ended");
  else if (code !== 0) wrong.push(`the suite ended with ${code}`);
  if (!(counts.SUCCESS > 0)) wrong.push("no check succeeded");
  if (told === undefined) wrong.push("the client was never started");
  else if (told.failed !== undefined) wrong.push(`the client failed: ${told.failed}`);
  for (const { status, id, errorMessage, description } of checks) {
    if (status === "FAILURE" || status === "WARNING") wrong.push(`${status.toLowerCase()} ${id}: ${errorMessage ?? description}`);
  }
  if (wrong.length > 0 && checks.length === 0) wrong.push(said.trim().split("\n").slice(-12).join("\n"));
  return { well: wrong.length === 0, counts, words: wrong.join("\n") };
}

/** The checks that the suite recorded: it makes one folder per run, named after the scenario and the time. */
function recorded(out, scenario) {
  const folder = path.join(out, path.dirname(scenario));
  const name = `${path.basename(scenario)}-2`;
  try {
    const last = readdirSync(folder).filter((each) => each.startsWith(name)).sort().at(-1);
    return JSON.parse(readFileSync(path.join(folder, last, "checks.json"), "utf8"));
  } catch {
    return [];
  }
}

/** Where the client of one scenario reports to, on this machine only. */
async function control(answer) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const bytes of request) body += bytes;
    const words = await answer(JSON.parse(body)).catch((error) => ({ failed: String(error?.stack ?? error) }));
    response.setHeader("content-type", "application/json").end(JSON.stringify(words));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
