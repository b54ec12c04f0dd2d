// Errands on the official TypeScript SDK 1, each of which must run as a task (2025-11-25). The server keeps no sessions: a task
// belongs to the server, and is there for whoever has its name.
//
//   node errands.mjs PORT
//
// POST /finish has every errand end. GET /witness tells the methods of the messages that came, in their order.
import { createServer } from "node:http";
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const taskStore = new InMemoryTaskStore();
const taskMessageQueue = new InMemoryTaskMessageQueue();
const methods = [];
const open = new Map();

function errands() {
  const server = new McpServer({ name: "errands", version: "1.0.0" }, {
    capabilities: { tasks: { cancel: {}, requests: { tools: { call: {} } } } },
    taskStore,
    taskMessageQueue,
  });
  server.experimental.tasks.registerToolTask("run_errand", {
    title: "Run an errand",
    description: "Goes out for something, and takes its time.",
    inputSchema: { what: z.string() },
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    execution: { taskSupport: "required" },
  }, {
    createTask: async ({ what }, extra) => {
      const task = await extra.taskStore.createTask({ ttl: 300_000, pollInterval: 500 });
      open.set(task.taskId, what);
      return { task };
    },
    getTask: (_, extra) => extra.taskStore.getTask(extra.taskId),
    getTaskResult: (_, extra) => extra.taskStore.getTaskResult(extra.taskId),
  });
  return server;
}

async function finish() {
  for (const [task, what] of open) await taskStore.storeTaskResult(task, "completed", { content: [{ type: "text", text: `Fetched ${what}.` }] });
  open.clear();
}

const http = createServer(async (request, response) => {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
  response.setHeader("Access-Control-Allow-Headers", request.headers["access-control-request-headers"] ?? "*");
  if (request.method === "OPTIONS") return response.writeHead(204).end();
  if (request.url === "/finish") return finish().then(() => response.end());
  if (request.url === "/witness") return response.end(JSON.stringify({ methods }));
  if (request.method !== "POST") return response.writeHead(405).end();
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  methods.push(...[body].flat().map((message) => message.method).filter(Boolean));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  const server = errands();
  response.on("close", () => { transport.close(); server.close(); });
  await server.connect(transport);
  return transport.handleRequest(request, response, body);
});
http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));
