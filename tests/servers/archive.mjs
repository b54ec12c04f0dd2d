// An archive of documents on the official TypeScript SDK v2: `search`, `fetch`, and a write.
//
//   node archive.mjs PORT NAME
//
// GET /witness tells which tools were called, in order.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
import { z } from "zod";

const [port, name] = process.argv.slice(2);
const documents = new Map([
  ["harvest", { id: "harvest", title: `Harvest report of ${name}`, url: `https://${name}.example.com/harvest`, text: "The harvest of 1911 was four tons of barley." }],
  ["weather", { id: "weather", title: `Weather diary of ${name}`, url: `https://${name}.example.com/weather`, text: "It rained for nine days in June 1911." }],
]);
const calls = [];
const READ = { readOnlyHint: true, openWorldHint: false };
const data = (structuredContent) => ({ content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent });

function archive() {
  const server = new McpServer({ name, version: "1.0.0" }, { instructions: "An archive of documents." });
  const Hit = z.object({ id: z.string(), title: z.string(), url: z.string() });
  const heard = (tool, answer) => async (given) => { calls.push(tool); return answer(given); };

  server.registerTool("search", {
    title: `Search ${name}`,
    description: "Finds documents by their words.",
    inputSchema: z.object({ query: z.string() }),
    outputSchema: z.object({ results: z.array(Hit) }),
    annotations: READ,
  }, heard("search", ({ query }) => {
    const words = query.toLowerCase().split(/\W+/).filter((word) => word.length > 3);
    const fits = ({ title, text }) => words.some((word) => `${title} ${text}`.toLowerCase().includes(word));
    return data({ results: [...documents.values()].filter(fits).map(({ id, title, url }) => ({ id, title, url })) });
  }));

  server.registerTool("fetch", {
    title: `Read from ${name}`,
    description: "Gives a document by its id.",
    inputSchema: z.object({ id: z.string() }),
    outputSchema: Hit.extend({ text: z.string() }),
    annotations: READ,
  }, heard("fetch", ({ id }) => {
    const found = documents.get(id);
    return found ? data(found) : { content: [{ type: "text", text: `There is no document ${id}` }], isError: true };
  }));

  server.registerTool("file_note", {
    title: "File a note",
    description: "Puts a note beside a document.",
    inputSchema: z.object({ note: z.string() }),
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  }, heard("file_note", ({ note }) => ({ content: [{ type: "text", text: `Filed: ${note}` }] })));
  return server;
}

const handler = toNodeHandler(createMcpHandler(archive, { legacy: "stateless" }));
createServer(async (request, response) => {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
  response.setHeader("Access-Control-Allow-Headers", request.headers["access-control-request-headers"] ?? "*");
  response.setHeader("Access-Control-Expose-Headers", "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate");
  if (request.url === "/witness") return void response.end(JSON.stringify(calls));
  if (request.method === "OPTIONS") return void response.writeHead(204).end();
  let body;
  if (request.method === "POST") {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  }
  await handler(request, response, body);
}).listen(Number(port), "127.0.0.1");
