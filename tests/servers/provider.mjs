// A board of tickets that asks for a sign-in, and the authorization server that it trusts: the certified `oidc-provider`
// with its own pages, rotating refresh tokens and revocation. Two origins, as in life.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
import Provider from "oidc-provider";
import { z } from "zod";

const text = (value) => ({ content: [{ type: "text", text: value }] });

function board(tickets) {
  const server = new McpServer({ name: "guarded-board", version: "1.0.0" });
  server.registerTool(
    "list_tickets",
    { title: "List tickets", description: "Lists every ticket on the board.", inputSchema: z.object({}), annotations: { readOnlyHint: true, openWorldHint: false } },
    async () => text(tickets.join(", ")),
  );
  server.registerTool(
    "create_ticket",
    {
      title: "Create a ticket",
      description: "Puts a new ticket on the board.",
      inputSchema: z.object({ title: z.string().min(1) }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    async ({ title }) => {
      tickets.push(title);
      return text(`Created: ${title}`);
    },
  );
  return server;
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

function end(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

const sha256 = (value) => createHash("sha256").update(value).digest("base64url");

/** Whether the proof of a request (RFC 9449, section 4.3) is of now, of this request and this token, and by the key with this thumbprint. */
function proves(request, url, token, thumbprint) {
  const [head, claims, signature] = (request.headers.dpop ?? "..").split(".");
  const read = (part) => JSON.parse(Buffer.from(part, "base64url").toString() || "{}");
  const [{ typ, alg, jwk }, { htm, htu, ath, iat }] = [read(head), read(claims)];
  if (typ !== "dpop+jwt" || alg !== "ES256" || jwk === undefined || "d" in jwk) return false;
  const { crv, kty, x, y } = jwk;
  if (sha256(JSON.stringify({ crv, kty, x, y })) !== thumbprint) return false;
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  return htm === request.method && htu === url && ath === sha256(token) && Math.abs(Date.now() / 1000 - iat) < 60 && verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"));
}

/** The client that the operator registered by hand: pages cannot register themselves here, for want of CORS. */
export const CLIENT = "countersign-by-hand";

/**
 * Starts both. `lifetime` is how long an access token lives, in seconds; `redirects` are the addresses of the client;
 * `fetch` is how the provider fetches client documents, which it takes only when it is given; with `people` it says in its
 * documents that it can ask which account is meant, and in its tokens who signed in.
 *   url, origin      the board's
 *   issuer           the provider's
 *   tickets          what is on the board
 *   secrets          every token that was given out
 *   used             the refresh tokens that were used up
 *   calls            what the board ran, each with the token that came with it, whose it is, and the key that it is bound to, if it is
 *   listed           whose tokens came with requests for the list
 *   asked            paths of the provider that were requested
 *   refuse()         ends every token at once, refresh tokens too
 */
export async function startGuarded({ lifetime = 3600, redirects = [], fetch, people = false } = {}) {
  const tickets = ["Printer is out of toner"];
  const [secrets, saved, used, calls, listed, asked] = [[], [], [], [], [], []];

  const http = createServer();
  const issuer = await listen(http);
  const boardServer = createServer();
  const origin = await listen(boardServer);
  const url = `${origin}/mcp`;
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;

  const provider = new Provider(issuer, {
    clientBasedCORS: () => true,
    clientDefaults: { token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] },
    clients: [{ client_id: CLIENT, client_name: "Countersign", application_type: "native", redirect_uris: redirects }],
    scopes: ["openid", "offline_access", "tickets"],
    ...(people && {
      scopes: ["openid", "email", "offline_access", "tickets"],
      claims: { openid: ["sub"], email: ["email"] },
      conformIdTokenClaims: false,
      discovery: { prompt_values_supported: ["none", "login", "consent"] },
      findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.com` }) }),
    }),
    rotateRefreshToken: true,
    cookies: { keys: ["of the test"] },
    ...(fetch && { fetch }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      ...(fetch && { clientIdMetadataDocument: { enabled: true, ack: "draft-02" } }),
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx, resource) => {
          if (resource !== url) throw new Error("another resource");
          return { scope: "tickets", audience: url, accessTokenFormat: "opaque", accessTokenTTL: lifetime };
        },
        useGrantedResource: () => true,
      },
    },
  });
  for (const kind of ["access_token", "refresh_token"]) {
    provider.on(`${kind}.saved`, (token) => { secrets.push(token.jti); saved.push(token); });
  }
  provider.on("refresh_token.consumed", (token) => { used.push(token.jti); });
  const answer = provider.callback();
  http.on("request", (request, response) => {
    asked.push(new URL(request.url, issuer).pathname);
    answer(request, response);
  });

  const handler = toNodeHandler(createMcpHandler(() => board(tickets), { legacy: "stateless" }));
  boardServer.on("request", async (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-expose-headers", "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version");
    if (request.method === "OPTIONS") {
      response.writeHead(204, { "access-control-allow-methods": "GET, POST, DELETE", "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "" }).end();
      return;
    }
    if (request.url === new URL(metadata).pathname) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ resource: url, authorization_servers: [issuer], scopes_supported: people ? ["openid", "email", "tickets"] : ["tickets"] }));
      return;
    }
    const [scheme, value] = request.headers.authorization?.split(" ") ?? [];
    const token = value && (await provider.AccessToken.find(value));
    const shown = token && (token.jkt ? scheme === "DPoP" && proves(request, url, value, token.jkt) : scheme === "Bearer");
    if (!shown || token.aud !== url) {
      response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` }).end();
      return;
    }
    let body;
    if (request.method === "POST") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      for (const message of [body].flat()) if (message.method === "tools/call") calls.push({ name: message.params.name, token: value, who: token.accountId, key: token.jkt });
      for (const message of [body].flat()) if (message.method === "tools/list") listed.push(token.accountId);
    }
    await handler(request, response, body);
  });

  return {
    url,
    origin,
    issuer,
    tickets,
    secrets,
    used,
    calls,
    listed,
    asked,
    refuse: () => Promise.all(saved.splice(0).map((token) => token.destroy())),
    stop: () => Promise.all([end(http), end(boardServer)]),
  };
}
