// Every message between host and page, as the native tests hold the state machine to it, against the JSON Schema that
// the official SDK ships.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KINDS, wrongMessages, wrongWith } from "./apps.mjs";

const lines = JSON.parse(readFileSync(new URL("../../crates/mcp/tests/apps/messages.json", import.meta.url), "utf8"));

test("MCP Apps: every message in both directions is one of the official schema", () => {
  const about = lines.filter((line) => ["McpUiClientCapabilities", "McpUiResourceCsp"].includes(line.is));
  assert.equal(about.length, 2);
  for (const { is, message } of about) assert.deepEqual(wrongWith(is, message), [], is);
  const passed = lines.filter((line) => !about.includes(line));
  // What the page of the last lines was told belongs to another conversation, but has no answer.
  assert.deepEqual(wrongMessages(passed.map((line) => [line.from, line.message])), []);
  for (const { is, message } of passed) {
    if (message.method && is) assert.equal(KINDS[message.method], is);
  }
  const seen = new Set(passed.map((line) => line.message.method).filter(Boolean));
  // This host shows a page when its call goes out, and by then the arguments are whole.
  const never = (method) => method === "ui/notifications/tool-input-partial" || method.startsWith("ui/notifications/sandbox-");
  const missing = Object.keys(KINDS).filter((method) => !seen.has(method) && !never(method));
  assert.deepEqual(missing, [], "every method of the schema that this host has is in the transcript");
});

test("MCP Apps: the schema finds what is wrong", () => {
  const wrong = [["page", { jsonrpc: "2.0", id: 1, method: "ui/open-link", params: { url: 7 } }], ["host", { jsonrpc: "2.0", id: 1, result: 7 }]];
  assert.equal(wrongMessages(wrong).length > 1, true);
});
