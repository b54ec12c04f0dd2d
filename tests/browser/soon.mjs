import assert from "node:assert/strict";

/** Waits until something is so; says what was waited for when it never is. */
export async function assertSoon(condition, what, within = 10_000) {
  const until = Date.now() + within;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > until) assert.fail(`not within ${within / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
