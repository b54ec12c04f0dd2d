// Runs the package suite: what `npm pack` made, installed where portals install it.
//
//   node tests/package/run.mjs [PART OF A TITLE]
//
// COUNTERSIGN_PACKAGE     the packed package, countersign-VERSION.tgz (needed)
// COUNTERSIGN_NODE20      a Node of version 20 (needed)
// COUNTERSIGN_CHROMIUM    the browser, /usr/bin/chromium when not set
//
// Prints a line per test and, last, `N passed, N failed`; leaves the titles in tests/out/package.json.
import path from "node:path";
import { root, runSuite } from "../runner.mjs";

await runSuite("package", ["package", "sign-in"].map((name) => path.join(root, "package", `${name}.test.mjs`)), ["COUNTERSIGN_PACKAGE", "COUNTERSIGN_NODE20"], process.argv[2]);
