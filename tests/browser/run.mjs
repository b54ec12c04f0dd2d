// Runs the browser suite: journeys, attacks, and the servers that they rely on.
//
//   node tests/browser/run.mjs [PART OF A PATH OR TITLE]
//
// COUNTERSIGN_SITE        http://localhost:PORT that serves the built site (needed)
// COUNTERSIGN_SITE_BASE   the same site below a path, with a slash at the end (needed)
// COUNTERSIGN_PYTHON      a Python with tests/servers/requirements.txt installed (needed)
// COUNTERSIGN_NGINX       an nginx (needed)
// COUNTERSIGN_CADDY       a Caddy (needed)
// COUNTERSIGN_CLIENT_DOCUMENT  the text of the client document of a site with a name (needed)
// COUNTERSIGN_DEBUG_SITE  set when the site is a debug build, which is slower than what is promised
// COUNTERSIGN_CHROMIUM    the browser, /usr/bin/chromium when not set
//
// Prints a line per test and, last, `N passed, N failed`; leaves the titles in tests/out/browser.json.
import { readdirSync } from "node:fs";
import path from "node:path";
import { root, runSuite } from "../runner.mjs";

const files = ["servers", "browser", "attacks"]
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name)))
  .filter((file) => file.endsWith(".test.mjs"));
const NEEDED = ["SITE", "SITE_BASE", "PYTHON", "NGINX", "CADDY", "CLIENT_DOCUMENT"].map((name) => `COUNTERSIGN_${name}`);
await runSuite("browser", files, NEEDED, process.argv[2]);
