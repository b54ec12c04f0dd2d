// A record of any length in the store of a page, written as the page writes it. Rows are made here, by counting, so that
// a test knows what is in them.
import { createHash } from "node:crypto";

const digest = (text) => createHash("sha256").update(text).digest("hex");

/** RFC 8785 for what is in a row: texts without escapes, whole numbers, no number too large for a double. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
  }
  return JSON.stringify(value);
}

const START = Date.UTC(2026, 0, 1);
/** Between two rows, in ms: 10,000 of them are more than two days. */
const EVERY = 20_000;

/** What the nth call is: one in ten is refused, one in a thousand ran by a remembered answer. */
export function callAt(n) {
  const connector = n % 2 ? "notebook" : "guide";
  const refused = n % 10 === 3;
  return {
    facts: { id: `call-${n}`, connector, connection: connector, action: `action_${n % 40}`, definition: "a".repeat(64), arguments: "b".repeat(64), by: "model", member: n % 5 ? "me" : "somebody", conversation: "c-1" },
    class: n % 2 ? "write" : "read",
    decided: !refused ? (n % 1000 === 1 ? "by grant" : n % 2 ? "allowed once" : "by policy") : n % 20 === 3 ? "denied" : "not answered",
  };
}

const BASIS = { "by grant": { kind: "remembered", grant: "grant-1" }, "allowed once": { kind: "answer" }, "by policy": { kind: "reading" } };
const CAUSE = { denied: { kind: "denied", reason: null }, "not answered": { kind: "not_answered" } };

/** The entry at a place of the chain and its marks (`policy::audit::line::marks`): each call has three. */
function entryAt(seq) {
  if (seq === 0) return [{ kind: "began", after: null }, ["changes"]];
  const n = Math.floor((seq - 1) / 3);
  const call = callAt(n);
  const about = `call=${call.facts.id}`;
  if (CAUSE[call.decided] && (seq - 1) % 3 > 0) {
    return [{ kind: "changed", by: "me", subject: "workspace", how: `renamed ${seq}` }, ["changes", "by=me"]];
  }
  switch ((seq - 1) % 3) {
    case 1: return [{ kind: "sent", call: call.facts.id, attempt: 1, again: null }, [about]];
    case 2: return [{ kind: "finished", call: call.facts.id, outcome: "done", took: 12 }, [about]];
  }
  const marks = [about, "calls", `person=${call.facts.member}`, `connector=${call.facts.connector}`, `action=${call.facts.action}`, `class=${call.class === "read" ? "Read" : "Write"}`, `decided=${call.decided}`];
  if (CAUSE[call.decided]) return [{ kind: "refused", call: call.facts, cause: CAUSE[call.decided], class: call.class }, [...marks, "refused"]];
  if (call.decided === "by grant") marks.push("grant=grant-1");
  return [{ kind: "allowed", call: call.facts, class: call.class, basis: BASIS[call.decided] }, marks];
}

/** Rows of a chain with their keys, as text, and with their marks. */
export function* rowsOf(count) {
  let previous = null;
  for (let seq = 0; seq < count; seq += 1) {
    const [entry, marks] = entryAt(seq);
    const row = { chain: "seeded", seq, at: START + seq * EVERY, previous, entry };
    previous = digest(canonical(row));
    const key = String(seq).padStart(12, "0");
    yield { key, text: JSON.stringify({ ...row, hash: previous }), marks: marks.map((mark) => `${mark}\u0001${key}`), hash: previous };
  }
}

/** Writes one piece, which is JSON text because that is handed over quickly; runs in the page. */
async function write(piece) {
  const { records, settings, clear, version } = JSON.parse(piece);
  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const request = indexedDB.open("countersign", version);
  request.onupgradeneeded = () => ["settings", "conversations", "items", "audit", "notes", "models", "secrets", "keys"].forEach((name) => request.result.createObjectStore(name));
  const database = await done(request);
  const transaction = database.transaction(["audit", "settings"], "readwrite", { durability: "relaxed" });
  const [audit, kept] = [transaction.objectStore("audit"), transaction.objectStore("settings")];
  if (clear) audit.clear();
  for (const { key, text, marks } of records) audit.put(marks ? { text, marks } : text, key);
  for (const [key, value] of Object.entries(settings)) value === null ? kept.delete(key) : kept.put(value, key);
  await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
  database.close();
}

/** So many rows are written at once. */
const PIECE = 10_000;

/**
 * Puts a record of `count` rows into the store of a page that is open at the site.
 *   firstVersion   without marks, in a database that the first version of the page made
 */
export async function seed(page, count, { firstVersion = false } = {}) {
  const version = firstVersion ? 1 : undefined;
  let records = [];
  let last = null;
  let clear = true;
  const put = async (settings = {}) => {
    await page.evaluate(write, JSON.stringify({ records, settings, clear, version }));
    [records, clear] = [[], false];
  };
  for (const { hash, key, text, marks } of rowsOf(count)) {
    last = hash;
    records.push(firstVersion ? { key, text } : { key, text, marks });
    if (records.length === PIECE) await put();
  }
  const marked = firstVersion ? {} : { "audit-marked": "all", "audit-checkpoint": null };
  await put({ "audit-end": JSON.stringify({ name: "seeded", rows: count, last }), ...marked });
}
