// A model that follows a script, on `@copilotkit/aimock`, which speaks every wire with real streaming.
import { createServer, request as forward } from "node:http";
import { LLMock } from "@copilotkit/aimock";

/** What the page calls each wire, and the base URL that goes with it. */
export const WIRES = {
  "OpenAI chat completions": "/v1",
  "OpenAI Responses": "/v1",
  "Anthropic Messages": "/v1",
  Gemini: "/v1beta",
  Ollama: "",
};

/**
 * Starts a model. `script(turn)` answers each request:
 *   turn.said     what the person said last
 *   turn.results  the tool results since then, as text
 *   turn.offered  the names of the actions that the request offers
 *   turn.named(x) the offered name that ends in `x`: how a host builds the whole name is its own affair
 * and returns `{ say }`, `{ say, calls: [[name, arguments], ...] }` or `{ fail: status, message, retryAfter }`; with
 * `think` the model thinks first. `wire` is one of WIRES.
 */
export async function startModel(script, { latency = 0, chunkSize = 12, wire = "OpenAI chat completions" } = {}) {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize, latency, strict: true });
  const asked = [];
  mock.on({ userMessage: /[^]*/ }, (request) => {
    const messages = request.messages ?? [];
    const last = messages.findLastIndex((message) => message.role === "user");
    const said = flat(messages[last]?.content);
    const results = messages.slice(last + 1).filter((message) => message.role === "tool").map((message) => flat(message.content));
    const offered = (request.tools ?? []).map((each) => each.function.name);
    const named = (name) => offered.find((each) => each === name || each.endsWith(name)) ?? name;
    asked.push({ said, results, offered, request });
    const answer = script({ said, results, offered, named, request });
    if (answer.fail) {
      return { error: { message: answer.message ?? "failed", type: "server_error" }, status: answer.fail, retryAfter: answer.retryAfter };
    }
    const thought = answer.think ? { reasoning: answer.think } : {};
    if (!answer.calls) return { content: answer.say, ...thought };
    const toolCalls = answer.calls.map(([name, value]) => ({ name: named(name), arguments: typeof value === "string" ? value : JSON.stringify(value) }));
    return answer.say ? { content: answer.say, toolCalls, ...thought } : { toolCalls, ...thought };
  });
  await mock.start();
  return { origin: mock.url, url: `${mock.url}${WIRES[wire]}`, wire, asked, journal: () => mock.getRequests(), stop: () => mock.stop() };
}

/** Something in front of a model that lets pages read the headers named; none lets no page read anything. */
export async function startFront(origin, expose) {
  const front = createServer((request, response) => {
    const cors = expose === null ? {} : { "access-control-allow-origin": "*", "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*", "access-control-expose-headers": expose };
    if (request.method === "OPTIONS") return response.writeHead(expose === null ? 403 : 204, cors).end();
    const onward = forward(new URL(request.url, origin), { method: request.method, headers: request.headers }, (answer) => {
      const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !name.startsWith("access-control-")));
      response.writeHead(answer.statusCode, { ...headers, ...cors });
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => front.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${front.address().port}`, stop: () => { front.closeAllConnections(); return new Promise((resolve) => front.close(resolve)); } };
}

/** An endpoint that makes keys for people who sign in, in the way of OpenRouter, in front of a model. */
export async function startKeyMaker(model) {
  const { createHash } = await import("node:crypto");
  const asked = { challenge: null, exchanged: [] };
  const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization" };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
    if (url.pathname === "/auth") {
      asked.challenge = url.searchParams.get("code_challenge");
      const back = new URL(url.searchParams.get("callback_url"));
      back.searchParams.set("code", "code-of-the-key-maker");
      return response.writeHead(200, { "content-type": "text/html" }).end(`<title>Keys</title><a href="${back.href.replaceAll("&", "&amp;")}">Agree</a>`);
    }
    if (url.pathname === "/api/v1/auth/keys") {
      let body = "";
      request.on("data", (piece) => { body += piece; });
      request.on("end", () => {
        const said = JSON.parse(body);
        asked.exchanged.push(said);
        const fits = said.code === "code-of-the-key-maker" && createHash("sha256").update(said.code_verifier).digest("base64url") === asked.challenge;
        response.writeHead(fits ? 200 : 403, { ...cors, "content-type": "application/json" }).end(JSON.stringify(fits ? { key: "key-made-by-sign-in" } : { error: "no" }));
      });
      return undefined;
    }
    const onward = forward(new URL(request.url.replace("/api/v1", "/v1"), model.origin), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}/api/v1`, asked, stop: () => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); } };
}

function flat(content) {
  if (Array.isArray(content)) return content.map((part) => part.text ?? "").join("");
  return content ?? "";
}
