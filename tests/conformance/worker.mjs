// The package in a module worker, where there is no window.
import { CountersignError, connect } from "/pkg/mcp.js";
import { play } from "./scenarios.mjs";

addEventListener("message", ({ data }) => {
  play({ connect, CountersignError, ...data }).then(
    () => postMessage({}),
    (error) => postMessage({ failed: `${error?.code ?? error?.name}: ${error?.message}` }),
  );
});
