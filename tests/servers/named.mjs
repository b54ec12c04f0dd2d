// The built site under a name of its own, over https and with its client document, as a deployment has it.
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Serves the site of COUNTERSIGN_SITE at the origin of the document in COUNTERSIGN_CLIENT_DOCUMENT.
 *   origin     where it is
 *   document   the text of the client document
 *   args       with which a Chromium finds and trusts it
 *   fetch      the same for Node, as far as an authorization server needs it
 *   asked      the paths that were requested by `fetch`
 */
export async function startNamedSite() {
  const document = process.env.COUNTERSIGN_CLIENT_DOCUMENT;
  if (!document) throw new Error("COUNTERSIGN_CLIENT_DOCUMENT is not set: it is the text of a client document");
  const { origin, hostname } = new URL(JSON.parse(document).client_id);
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-named-"));
  execFileSync(process.env.COUNTERSIGN_PYTHON, [path.join(here, "certificate.py"), hostname, folder]);
  const [key, cert] = ["key.pem", "certificate.pem"].map((file) => readFileSync(path.join(folder, file)));
  rmSync(folder, { recursive: true, force: true });

  const server = https.createServer({ key, cert }, (request, response) => {
    if (request.url === "/client.json") {
      response.writeHead(200, { "content-type": "application/json" }).end(document);
      return;
    }
    const behind = new URL(request.url, process.env.COUNTERSIGN_SITE);
    request.pipe(http.request(behind, { method: request.method, headers: { ...request.headers, host: behind.host } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }).on("error", () => response.destroy()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  const asked = [];
  return {
    origin,
    document,
    asked,
    args: [
      `--host-resolver-rules=MAP ${hostname}:443 127.0.0.1:${port}`,
      `--ignore-certificate-errors-spki-list=${createHash("sha256").update(spki).digest("base64")}`,
    ],
    fetch: (url) => new Promise((resolve, reject) => {
      const wanted = new URL(url);
      asked.push(wanted.pathname);
      const to = { host: "127.0.0.1", port, servername: wanted.hostname, ca: cert, path: wanted.pathname, headers: { host: wanted.host } };
      https.get(to, async (answer) => {
        const chunks = await answer.toArray();
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: { "content-type": answer.headers["content-type"] } }));
      }).on("error", reject);
    }),
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
