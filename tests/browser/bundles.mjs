// Policy bundles made here, by other code than the product's: docs/policy-bundle.md read and written again.
import { createHash, webcrypto } from "node:crypto";

const { subtle } = webcrypto;
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** RFC 8785 for what is in these bundles: no numbers but whole ones. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

export const digest = (value) => createHash("sha256").update(canonical(value)).digest("hex");

/** A key's id: the thumbprint of its JWK (RFC 7638). */
export const keyId = ({ x, y }) => digest({ crv: "P-256", kty: "EC", x, y });

/** The id as the page shows it. */
export const spoken = (key) => keyId(key).match(/.{4}/g).join(" ");

/** A signing key of this test. */
export async function newKey(name) {
  const pair = await subtle.generateKey(ES256, true, ["sign", "verify"]);
  const { x, y } = await subtle.exportKey("jwk", pair.publicKey);
  return { public: { name, x, y }, private: pair.privateKey };
}

const toSign = (signed) => Buffer.from(`countersign policy bundle\n${digest(signed)}`);

/** The file of a payload. */
export async function sealed(signed, key) {
  const value = Buffer.from(await subtle.sign(ES256, key.private, toSign(signed))).toString("base64url");
  return JSON.stringify({ countersign: "policy-bundle", schema: 1, signed, signatures: [{ key: key.public, value }] });
}

/** Whether every signature of a file is right. */
export async function verified(file) {
  const { signed, signatures } = JSON.parse(file);
  const each = signatures.map(async ({ key, value }) => {
    const read = await subtle.importKey("jwk", { kty: "EC", crv: "P-256", x: key.x, y: key.y }, ES256, false, ["verify"]);
    return subtle.verify(ES256, read, Buffer.from(value, "base64url"), toSign(signed));
  });
  return (await Promise.all(each)).every(Boolean);
}

function action(name, annotations) {
  const definition = { name, description: `Does ${name}.`, inputSchema: { type: "object", properties: {} }, annotations };
  return { definition, digest: digest(definition) };
}

/** A workspace of two: Ada owns it, Bob is in Support, and one connector is for Support only. */
export function payload(key, { serial = 1, change = () => {} } = {}) {
  const actions = [action("find_ticket", { readOnlyHint: true }), action("create_ticket", { readOnlyHint: false, destructiveHint: false })];
  const approved = { instructions: null, actions: actions.map((one) => [one.definition.name, one.digest]).sort() };
  const signed = {
    serial,
    issued_at: 1_795_651_200_000,
    keys: [key.public],
    contact: "it@example.com",
    rules: {
      workspace: { name: "Acme", profile: "enterprise", developer_gate: true, developers: { kind: "nobody" } },
      members: [
        { id: "ada", name: "Ada", role: "owner", groups: [] },
        { id: "bob", name: "Bob", role: "member", groups: ["support"] },
      ],
      groups: [{ id: "support", name: "Support" }],
      connectors: [{
        id: "tracker", name: "Tracker", description: "Tickets", address: "https://mcp.example.com/mcp", host: "mcp.example.com",
        reach: "public", provider: "custom", provenance: "vendor", stage: "published", owner: "ada", created_at: 1, updated_at: 1,
        snapshot: { version: 1, taken_at: 1, server: { name: "tracker", version: "1" }, protocol: "2025-11-25", instructions: null, actions, digest: digest(approved) },
        controls: { find_ticket: { on: true }, create_ticket: { on: true } },
        access: { kind: "only", members: [], groups: ["support"], roles: [] },
        sign_in: { kind: "none" },
      }],
    },
  };
  change(signed);
  return signed;
}
