// Loaded into the runner of the suite (`node --import`), so that its mock servers do what a server for web pages does:
// they answer preflights and expose the headers that the specification gives a meaning to. No file of the suite changes,
// and a browser enforces every rule of CORS against it.
import http from "node:http";

/** What a server that knows its specification lets pages send. `*` would not cover `Authorization`. */
const accepted = new Set([
  "accept",
  "authorization",
  "content-type",
  "dpop",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
]);

/** What it lets pages read. */
const exposed = "DPoP-Nonce, Mcp-Session-Id, WWW-Authenticate";

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, ...given) {
  if (event !== "request") return emit.call(this, event, ...given);
  const [request, response] = given;
  const { origin } = request.headers;
  if (origin === undefined) return emit.call(this, event, ...given);
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Expose-Headers", exposed);
  response.setHeader("Vary", "Origin");
  const method = request.headers["access-control-request-method"];
  if (request.method !== "OPTIONS" || method === undefined) return emit.call(this, event, ...given);
  const asked = (request.headers["access-control-request-headers"] ?? "").split(",").map((name) => name.trim().toLowerCase());
  // A parameter's header is named by the server's own tools, so it knows them.
  const allowed = asked.filter((name) => accepted.has(name) || name.startsWith("mcp-param-"));
  response.writeHead(204, {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": allowed.join(", "),
    "Access-Control-Max-Age": "60",
  });
  response.end();
  return true;
};
