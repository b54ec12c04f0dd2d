// The real proxies: with the ready files of `site/deploy/`, their marked places filled in, or with lines of an operator.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, start } from "./start.mjs";

const deploy = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../site/deploy");

/** A program that the environment names. */
function program(variable, what) {
  const file = process.env[variable];
  if (!file) throw new Error(`${variable} is not set: it names ${what}`);
  return file;
}

/** A ready file, with `changes` made in it: each a place as it is in the file, and what stands there instead. */
function filled(name, changes) {
  let text = readFileSync(path.join(deploy, name), "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`site/deploy/${name} has no \`${from}\``);
    text = text.replace(from, () => to);
  }
  return text;
}

/** A server that leaves nothing behind. */
const tidy = (server, folder) => ({ ...server, stop: async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); } });

/** nginx with what a function of its port gives for its `http { }`. */
async function startNginx(conf) {
  const nginx = program("COUNTERSIGN_NGINX", "an nginx");
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-nginx-"));
  writeFileSync(path.join(folder, "proxy.conf"), conf(port));
  const own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  writeFileSync(path.join(folder, "nginx.conf"), `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n${own}\n  include ${folder}/proxy.conf;\n}\n`);
  return tidy(await start("nginx", nginx, ["-p", folder, "-c", path.join(folder, "nginx.conf"), "-e", "stderr"], { port, path: "" }), folder);
}

/** nginx for the origins of the pages, and `servers`, an object of names and origins. */
export function startNginxProxy(pages, servers) {
  const lines = (entries) => entries.map(([from, to]) => `    ${from} ${to};`).join("\n");
  return startNginx((port) => filled("mcp-proxy.nginx.conf", [
    ['    "https://chat.example.com" $http_origin;', lines(pages.map((page) => [`"${page}"`, "$http_origin"]))],
    ['    "example" https://mcp.example.com;', lines(Object.entries(servers).map(([name, origin]) => [`"${name}"`, origin]))],
    ["listen 127.0.0.1:8091;", `listen 127.0.0.1:${port};`],
  ]));
}

/** nginx in front of the server at an origin, with lines of its operator in the location of the endpoint. */
export async function startNginxBefore(origin, lines) {
  const server = await startNginx((port) => `server {\nlisten 127.0.0.1:${port};\nlocation /mcp {\n${lines}\nproxy_http_version 1.1;\nproxy_set_header Connection "";\nproxy_pass ${origin};\n}\n}\n`);
  return { ...server, url: `${server.origin}/mcp` };
}

/** Caddy with what a function of the beginning of its site gives for its file. */
async function startCaddy(conf) {
  const caddy = program("COUNTERSIGN_CADDY", "a Caddy");
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-caddy-"));
  const file = path.join(folder, "Caddyfile");
  // Loopback only, no certificates, nobody who may administer it.
  writeFileSync(file, conf(`{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:${port} {\n\tbind 127.0.0.1`));
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  return tidy(await start("Caddy", caddy, ["run", "--config", file, "--adapter", "caddyfile"], { port, path: "", env }), folder);
}

/** Caddy for the origin of one page and one server, which is reached below `/mcp-proxy/NAME`. */
export function startCaddyProxy(page, name, origin) {
  return startCaddy((begin) => filled("mcp-proxy.Caddyfile", [
    ["proxy.example.com {", begin],
    ["https://chat.example.com", page],
    ["/mcp-proxy/example/*", `/mcp-proxy/${name}/*`],
    ["reverse_proxy https://mcp.example.com {", `reverse_proxy ${origin} {`],
  ]));
}

/** Caddy in front of the server at an origin, with lines of its operator in the site. */
export async function startCaddyBefore(origin, lines) {
  const server = await startCaddy((begin) => `${begin}\n${lines}\nreverse_proxy ${origin}\n}\n`);
  return { ...server, url: `${server.origin}/mcp` };
}
