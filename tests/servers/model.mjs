// A model that follows a script, on `@copilotkit/aimock`: the OpenAI chat-completions wire with real streaming.
import { LLMock } from "@copilotkit/aimock";

/**
 * Starts a model. `script(turn)` answers each request:
 *   turn.said     what the person said last
 *   turn.results  the tool results since then, as text
 *   turn.offered  the names of the actions that the request offers
 *   turn.named(x) the offered name that ends in `x`: how a host builds the whole name is its own affair
 * and returns `{ say }`, `{ say, calls: [[name, arguments], ...] }` or `{ fail: status, message }`.
 */
export async function startModel(script, { latency = 0, chunkSize = 12 } = {}) {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize, latency, strict: true });
  const asked = [];
  mock.on({ endpoint: "chat", userMessage: /[^]*/ }, (request) => {
    const messages = request.messages ?? [];
    const last = messages.findLastIndex((message) => message.role === "user");
    const said = flat(messages[last]?.content);
    const results = messages.slice(last + 1).filter((message) => message.role === "tool").map((message) => flat(message.content));
    const offered = (request.tools ?? []).map((each) => each.function.name);
    const named = (name) => offered.find((each) => each === name || each.endsWith(name)) ?? name;
    asked.push({ said, results, offered, request });
    const answer = script({ said, results, offered, named, request });
    if (answer.fail) return { error: { message: answer.message ?? "failed", type: "server_error" }, status: answer.fail };
    if (!answer.calls) return { content: answer.say };
    const toolCalls = answer.calls.map(([name, value]) => ({ name: named(name), arguments: typeof value === "string" ? value : JSON.stringify(value) }));
    return answer.say ? { content: answer.say, toolCalls } : { toolCalls };
  });
  await mock.start();
  return { origin: mock.url, url: `${mock.url}/v1`, asked, journal: () => mock.getRequests(), stop: () => mock.stop() };
}

function flat(content) {
  if (Array.isArray(content)) return content.map((part) => part.text ?? "").join("");
  return content ?? "";
}
