// The package in a page: the window itself plays a scenario, or has a worker play it.
import { CountersignError, connect } from "/pkg/mcp.js";
import { play } from "./scenarios.mjs";

const stateOf = (address) => new URL(address).searchParams.get("state");

/** Signs in in a window of its own, as a page does: it comes back to our origin, which hands over its whole address. */
async function authorize(url) {
  const channel = new BroadcastChannel("countersign-sign-in");
  try {
    const back = new Promise((resolve) => channel.addEventListener("message", ({ data }) => stateOf(data) === stateOf(url) && resolve(data)));
    if (open(url, "_blank", "popup,width=480,height=640") === null) throw new Error("the window to sign in with was blocked");
    return await back;
  } finally {
    channel.close();
  }
}

const inPage = (job) => play({ connect, CountersignError, authorize, ...job });

function inWorker(job) {
  return new Promise((resolve, reject) => {
    const worker = new Worker("/worker.mjs", { type: "module" });
    worker.addEventListener("message", ({ data }) => (data.failed === undefined ? resolve() : reject(new Error(data.failed))));
    worker.addEventListener("error", (event) => reject(new Error(`the worker broke down: ${event.message}`)));
    worker.postMessage(job);
  });
}

globalThis.run = ({ place, ...job }) => (place === "worker" ? inWorker(job) : inPage({ redirectUri: `${location.origin}/callback.html`, ...job }));
