// What work costs the main thread of a page, in the thread's own time: a busy machine makes a task wait, not longer.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The time, in ms, of every task of the page's main thread while `work` runs, the longest first. For a Chromium of one's own. */
export async function tasksDuring(page, work) {
  const folder = mkdtempSync(path.join(tmpdir(), "tasks-"));
  const file = path.join(folder, "trace.json");
  const browser = page.context().browser();
  try {
    await browser.startTracing(page, { path: file, categories: ["toplevel", "__metadata"] });
    await work();
    await browser.stopTracing();
    const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
    const mains = new Set(traceEvents.filter((event) => event.name === "thread_name" && event.args.name === "CrRendererMain").map((event) => `${event.pid}/${event.tid}`));
    const times = new Map();
    for (const { name, pid, tid, tdur } of traceEvents) {
      if (name !== "ThreadControllerImpl::RunTask" || !mains.has(`${pid}/${tid}`) || tdur === undefined) continue;
      const key = `${pid}/${tid}`;
      times.set(key, [...(times.get(key) ?? []), tdur / 1000]);
    }
    // The page is the renderer that did most.
    const sum = (list) => list.reduce((all, one) => all + one, 0);
    return ([...times.values()].sort((a, b) => sum(b) - sum(a))[0] ?? []).sort((a, b) => b - a);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The main-thread time, in ms, that `work` takes in the page. */
export async function busyDuring(page, work) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await session.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
  const before = await busy();
  await work();
  const after = await busy();
  await session.detach();
  return after - before;
}

/** The memory that the page holds after everything unused was collected, in bytes: of scripts, and of WebAssembly. */
export async function memory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  for (let time = 0; time < 3; time += 1) await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const scripts = (await session.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "JSHeapUsedSize").value;
  const { result } = await session.send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: result.objectId });
  const sized = await session.send("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration: "function () { return this.reduce((all, one) => all + one.buffer.byteLength, 0); }", returnByValue: true });
  await session.detach();
  return { scripts, wasm: sized.result.value };
}

/**
 * A promise for the end of the answer that streams in next. It looks at nothing meanwhile, so it costs the page nothing.
 * The page calls back: a promise of the page that is awaited for long is sometimes said to be collected.
 */
export async function answerOver(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.enable");
  await session.send("Runtime.addBinding", { name: "answerIsOver" });
  const over = new Promise((resolve) => session.once("Runtime.bindingCalled", resolve));
  await page.evaluate(() => {
    globalThis.watcher = new MutationObserver((changes) => {
      if (!changes.some((change) => change.target.getAttribute("aria-busy") === "false")) return;
      globalThis.watcher.disconnect();
      globalThis.answerIsOver("");
    });
    globalThis.watcher.observe(document.querySelector('[role="log"]'), { subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
  });
  return { over: over.finally(() => session.detach()) };
}
