/** A checkpoint: a signed statement of how far an audit went. Keep it where the browser's owner cannot change it. */
export interface Checkpoint {
  readonly chain: string;
  /** How many rows the chain had. */
  readonly rows: number;
  /** The hash of the last of them. */
  readonly last: string;
  /** When it was signed, in milliseconds since 1970, by the device's clock. */
  readonly at: number;
  /** The public key (P-256, uncompressed point) in hexadecimal digits. */
  readonly key: string;
  /** The key that takes over, in the last statement of an old one. */
  readonly next?: string | null;
  readonly signature: string;
}

/** Something that is wrong with an audit. */
export interface Finding {
  readonly kind:
    | "empty" | "no-beginning" | "changed" | "missing" | "gap" | "cut-off" | "another-chain" | "kept" | "checkpoint"
    | "signature" | "key";
  /** What is wrong, in words. */
  readonly message: string;
  /** The row it is about, where there is one. */
  readonly row?: number;
  /** Of `missing`: how many rows, between which, and when those were written (milliseconds since 1970). */
  readonly count?: number;
  readonly from?: number;
  readonly to?: number;
  readonly after?: number;
  readonly before?: number;
}

/** What a check found. */
export interface Verdict {
  /** Nothing is wrong. Without a checkpoint that was kept elsewhere, rows may still be missing at the end. */
  readonly ok: boolean;
  readonly chain: string;
  readonly rows: number;
  /** Which rows were chosen, in words; null when every row is there. Chosen rows are checked each for itself. */
  readonly filter: string | null;
  /** What the file says is not in it. */
  readonly leftOut: string;
  readonly findings: readonly Finding[];
  /** The last checkpoint in the file. Whoever made the file owns its key: compare it with one that was kept elsewhere. */
  readonly checkpoint: Checkpoint | null;
}

/**
 * Checks an audit that was exported as JSONL: an edited, removed, added or reordered row, a forged signature, and with
 * `checkpoint` (an object, or the text of its file) also a chain that was cut or made anew. Needs WebCrypto: Node 20 or
 * newer, or a page over https. Rejects with a `TypeError` when the text is no exported audit.
 */
export function verify(text: string, options?: { checkpoint?: Checkpoint | string | null }): Promise<Verdict>;
