// An MCP server that asks for a sign-in, and the authorization server that it trusts, in one small process of the test:
// short tokens, rotation and revocation, and a record of what was asked. Signing in needs nobody.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const DISCOVERED = {
  resultType: "complete",
  supportedVersions: ["2026-07-28"],
  capabilities: { tools: {} },
  ttlMs: 0,
  cacheScope: "private",
  _meta: { "io.modelcontextprotocol/serverInfo": { name: "protected", version: "1.0.0" } },
};

/**
 * Starts both on one origin. `lifetime` is how long an access token lives, in seconds, or a list of it for one token after
 * the other, the last one for all that follow. `asked` counts what came to each endpoint, and the requests with a token that
 * has ended; `offers` are the scopes that its metadata lists, and may be changed; with `mixed` only the action `whoami` asks for a sign-in; `ttl` is how long a list may be kept, in milliseconds, and `cacheScope` for whom; without `renews` there are no refresh tokens; with `refusesClients` no client is registered, for this reason; with `several` each sign-in is another person, and `listed` has who asked for a list, by their number; `tokens` are the access tokens that were given out, `expire()` ends all of them.
 */
export async function startProtected({ lifetime = 3600, refusesRefresh = false, ttl = 0, cacheScope = "private", offers = [], mixed = false, several = false, renews = true, refusesClients = null } = {}) {
  const asked = { authorize: 0, token: [], register: 0, revoke: [], mcp: 0, ended: 0, lists: 0, listed: [] };
  const lifetimes = [lifetime].flat();
  const tokens = new Set();
  const people = new Map();
  const alive = new Set();
  const refreshes = new Map();
  let signedIn = 0;
  const codes = new Map();
  const json = (response, status, body, headers = {}) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  const give = (response, person) => {
    const [access, refresh] = [`canary-access-${randomUUID()}`, `canary-refresh-${randomUUID()}`];
    tokens.add(access);
    people.set(access, person);
    alive.add(access);
    refreshes.set(refresh, person);
    const seconds = lifetimes.length > 1 ? lifetimes.shift() : lifetimes[0];
    setTimeout(() => alive.delete(access), seconds * 1000).unref();
    json(response, 200, { access_token: access, token_type: "Bearer", expires_in: seconds, ...(renews && { refresh_token: refresh }), scope: "mcp" });
  };

  const http = createServer(async (request, response) => {
    let body = "";
    for await (const bytes of request) body += bytes;
    const origin = `http://${request.headers.host}`;
    const { pathname, searchParams } = new URL(request.url, origin);
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-expose-headers", "WWW-Authenticate");
    if (request.method === "OPTIONS") {
      response.writeHead(204, { "access-control-allow-methods": "GET, POST, DELETE", "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "" }).end();
      return;
    }
    const form = new URLSearchParams(body);
    switch (pathname) {
      case "/.well-known/oauth-protected-resource/mcp":
        return json(response, 200, { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ["mcp"] });
      case "/.well-known/oauth-authorization-server":
        return json(response, 200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          revocation_endpoint: `${origin}/revoke`,
          response_types_supported: ["code"],
          grant_types_supported: ["authorization_code", "refresh_token"],
          code_challenge_methods_supported: ["S256"],
          ...(offers.length > 0 && { scopes_supported: offers }),
          token_endpoint_auth_methods_supported: ["none"],
          authorization_response_iss_parameter_supported: true,
        });
      case "/register":
        asked.register += 1;
        if (refusesClients !== null) return json(response, 400, { error: "invalid_redirect_uri", error_description: refusesClients });
        return json(response, 201, { ...JSON.parse(body), client_id: `client-${asked.register}` });
      case "/authorize": {
        asked.authorize += 1;
        const code = randomUUID();
        codes.set(code, searchParams.get("code_challenge"));
        const back = new URL(searchParams.get("redirect_uri"));
        for (const [name, value] of [["code", code], ["state", searchParams.get("state")], ["iss", origin]]) back.searchParams.set(name, value);
        return response.writeHead(302, { location: back.href }).end();
      }
      case "/token": {
        asked.token.push(form.get("grant_type"));
        if (form.get("grant_type") === "refresh_token") {
          // A refresh token works once; a second use is theft and gets nothing.
          const person = refreshes.get(form.get("refresh_token"));
          if (refusesRefresh || !refreshes.delete(form.get("refresh_token"))) return json(response, 400, { error: "invalid_grant" });
          return give(response, person);
        }
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
        if (codes.get(form.get("code")) !== challenge) return json(response, 400, { error: "invalid_grant" });
        codes.delete(form.get("code"));
        signedIn += 1;
        return give(response, several ? signedIn : 1);
      }
      case "/revoke":
        asked.revoke.push(form.get("token"));
        alive.delete(form.get("token"));
        refreshes.delete(form.get("token"));
        return response.writeHead(200).end();
      case "/mcp": {
        if (request.method !== "POST") return response.writeHead(405).end();
        asked.mcp += 1;
        const token = request.headers.authorization?.replace("Bearer ", "");
        const message = body ? JSON.parse(body) : {};
        const open = mixed && token === undefined && message.params?.name !== "whoami";
        if (!open && !alive.has(token)) {
          if (token !== undefined) asked.ended += 1;
          const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
          return json(response, 401, { error: "unauthorized" }, { "www-authenticate": challenge });
        }
        const { id, method } = message;
        const number = people.get(token) ?? 1;
        if (method === "tools/list") {
          asked.lists += 1;
          asked.listed.push(number);
        }
        if (id === undefined) return response.writeHead(202).end();
        const who = number === 1 ? "Ann" : `Person ${number}`;
        const results = {
          "server/discover": DISCOVERED,
          "tools/list": { resultType: "complete", ttlMs: ttl, cacheScope, tools: [...(mixed ? [{ name: "open_hours", title: "Open hours", inputSchema: { type: "object" }, annotations: { readOnlyHint: true, openWorldHint: false } }] : []), { name: "whoami", inputSchema: { type: "object" } }] },
          "tools/call": { resultType: "complete", content: [{ type: "text", text: message.params?.name === "open_hours" ? "Nine to five" : who }] },
        };
        return json(response, 200, { jsonrpc: "2.0", id, result: results[method] });
      }
      default:
        return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${http.address().port}`;
  return {
    origin,
    url: `${origin}/mcp`,
    asked,
    tokens,
    expire: () => alive.clear(),
    stop: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}
