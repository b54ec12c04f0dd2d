// A write, from the proposal to the server, with the network watched.
import assert from "node:assert/strict";
import { assertSoon } from "./soon.mjs";

/** Runs a write to its end, and proves from the network that it left the page only after the approval. */
export async function writeAfterApproval({ app, network }, server, text, fields, title, allow = "Allow once") {
  const before = network.calls(server.origin).length;
  await app.propose(text, fields, title);
  await app.decision.waitFor();
  assert.ok((await app.decision.textContent()).includes(new URL(server.url).host), "the host is part of the decision");
  await assertSoon(() => app.button(allow, app.decision).isEnabled(), "the button is armed");
  assert.equal(network.calls(server.origin).length, before, "no call left the page before the approval");
  const approved = Date.now();
  await app.answer(allow);
  await app.says(title, "Done");
  const calls = network.calls(server.origin).slice(before);
  assert.equal(calls.length, 1, "exactly one call left the page");
  assert.ok(calls[0].at >= approved, "it left after the approval");
  return calls[0];
}
