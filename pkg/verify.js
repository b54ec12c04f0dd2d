// countersign/verify: checks an exported audit without the app: no WebAssembly, no network. See verify.d.ts.

const STATEMENT = "countersign audit checkpoint 1";
const FIELDS = ["chain", "seq", "at", "previous", "entry", "hash"];
/** So many findings are told; after that, one more says nothing new. */
const TOLD = 100;

/** Checks the text of an exported audit, and that it agrees with a checkpoint that was kept elsewhere. */
export async function verify(text, options = {}) {
  if (typeof text !== "string") throw new TypeError("verify() takes the text of an exported audit");
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  const header = parsed(lines.shift() ?? "");
  if (header?.countersign !== "audit" || header.version !== 1) {
    throw new TypeError("this is no exported audit: export it as JSONL on the page Audit");
  }
  const kept = checkpointOf(options.checkpoint);
  const claims = [header.checkpoint, kept].filter(Boolean);
  const check = new Check(header.filter !== null, claims);
  for (const line of lines) await check.line(line);
  const { findings, checkpoints, rows } = check.done();
  const tell = (kind, message, more) => findings.push({ kind, message, ...more });
  if (rows !== header.rows) tell("cut-off", `the audit ends at ${rows} rows, but ${header.rows} were written`, { found: rows, expected: header.rows });
  for (const checkpoint of [...checkpoints, ...claims]) {
    if (!(await signed(checkpoint))) tell("signature", `the signature of the checkpoint in row ${checkpoint.rows} does not fit`, { row: checkpoint.rows });
  }
  return { ok: findings.length === 0, chain: header.chain, rows, filter: header.filter, leftOut: header.left_out, findings, checkpoint: checkpoints.at(-1) ?? header.checkpoint ?? null };
}

/** A check under way: rows come in one by one, oldest first. */
class Check {
  #partial;
  #expected;
  #findings = [];
  #checkpoints = [];
  #rows = 0;
  #end = null;
  #next = null;

  constructor(partial, claims) {
    this.#partial = partial;
    this.#expected = claims.map(({ chain, rows, last }) => ({ chain, rows, last }));
  }

  #tell(kind, message, more) {
    if (this.#findings.length < TOLD) this.#findings.push({ kind, message, ...more });
  }

  async line(text) {
    const place = this.#end?.rows ?? 0;
    this.#rows += 1;
    const row = parsed(text);
    // A row that was written has one text only, so that nothing can be put into it that one reader sees and another does not.
    const same = isRow(row) && JSON.stringify(row) === text;
    if (!same) {
      const seq = Number.isSafeInteger(row?.seq) ? row.seq : place;
      this.#tell("changed", `row ${seq} was changed after it was written`, { row: seq });
      if (isRow(row)) this.#goOn(row);
      else if (this.#end) this.#end = { ...this.#end, rows: place + 1, last: null };
      return;
    }
    const { seq } = row;
    if ((await digest(canonical({ chain: row.chain, seq, at: row.at, previous: row.previous, entry: row.entry }))) !== row.hash) {
      this.#tell("changed", `row ${seq} was changed after it was written`, { row: seq });
    }
    const kind = row.entry?.kind;
    const end = this.#end;
    const gap = () => this.#tell("gap", `row ${seq} does not follow the row before it; rows were changed, added or put in another order`, { row: seq });
    if (end === null) {
      if (!this.#partial && (seq !== 0 || kind !== "began" || row.previous !== null)) {
        this.#tell("no-beginning", `the audit starts at row ${seq}; the rows before it are missing`, { row: seq });
      }
    } else if (row.chain !== end.chain || kind === "began" || seq < end.rows) {
      gap();
    } else if (seq > end.rows) {
      const count = seq - end.rows;
      if (!this.#partial) this.#tell("missing", `${count} entries are missing between row ${end.rows - 1} and row ${seq}`, { count, from: end.rows - 1, to: seq, after: end.at, before: row.at });
    } else if (end.last !== null && row.previous !== end.last) {
      gap();
    }
    if (kind === "checkpoint") this.#checkpoint(row);
    this.#goOn(row);
  }

  #checkpoint(row) {
    const checkpoint = row.entry;
    if (checkpoint.chain !== row.chain || checkpoint.rows !== row.seq || checkpoint.last !== row.previous) {
      this.#tell("checkpoint", `the checkpoint in row ${row.seq} is about other rows than the ones before it`, { row: row.seq });
    }
    const before = this.#checkpoints.at(-1);
    if (!this.#partial && before && before.key !== checkpoint.key && this.#next !== checkpoint.key) {
      this.#tell("key", `the checkpoint in row ${row.seq} is signed by another key, which the one before it did not name`, { row: row.seq });
    }
    this.#next = checkpoint.next ?? null;
    const { kind, ...rest } = checkpoint;
    this.#checkpoints.push(rest);
  }

  #goOn(row) {
    const rows = row.seq + 1;
    this.#end = { chain: row.chain, rows, last: row.hash, at: row.at };
    this.#expected = this.#expected.filter((end) => {
      if (end.chain !== row.chain || end.rows !== rows) return true;
      if (end.last !== row.hash) this.#tell("kept", `the first ${rows} rows are not the ones that the kept checkpoint is about`, { rows });
      return false;
    });
  }

  done() {
    if (this.#rows === 0) this.#tell("empty", "the audit is empty, though every audit has a first row");
    const told = new Set();
    for (const end of this.#expected) {
      const found = this.#end?.rows ?? 0;
      const key = `${end.chain} ${end.rows}`;
      if (told.has(key)) continue;
      told.add(key);
      if (this.#end !== null && this.#end.chain !== end.chain) this.#tell("another-chain", "the last row is not the one that was written here");
      else if (!this.#partial) this.#tell("cut-off", `the audit ends at ${found} rows, but ${end.rows} were written`, { found, expected: end.rows });
    }
    return { findings: this.#findings, checkpoints: this.#checkpoints, rows: this.#rows };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRow(row) {
  return typeof row === "object" && row !== null && Object.keys(row).join() === FIELDS.join() && Number.isSafeInteger(row.seq) && Number.isSafeInteger(row.at);
}

function checkpointOf(given) {
  if (given === undefined || given === null) return null;
  const checkpoint = typeof given === "string" ? parsed(given) : given;
  if (typeof checkpoint?.chain !== "string" || !Number.isSafeInteger(checkpoint.rows) || typeof checkpoint.signature !== "string") {
    throw new TypeError("this is no checkpoint: save one on the page Audit, Integrity, and keep it elsewhere");
  }
  return checkpoint;
}

/** RFC 8785 for what an audit holds: texts, whole numbers, lists and objects. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // Keys are sorted by their UTF-16 code units, which is how JavaScript compares texts.
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

async function digest(text) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(digits) {
  return /^([0-9a-f]{2})+$/.test(digits) ? Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16)) : new Uint8Array();
}

/** Whether a checkpoint is signed by the key it names. */
async function signed({ chain, rows, last, at, key, next = null, signature }) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const statement = new TextEncoder().encode(canonical({ statement: STATEMENT, chain, rows, last, at, key, next }));
  try {
    const publicKey = await crypto.subtle.importKey("raw", bytes(key), algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, publicKey, bytes(signature), statement);
  } catch {
    return false;
  }
}
