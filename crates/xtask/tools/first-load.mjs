// What a first visit to the chat page loads and how long it takes, in Chromium: node first-load.mjs ADDRESS PLAYWRIGHT_FOLDER
// COUNTERSIGN_CHROMIUM names the browser. Prints JSON: { files: [{ path, bytes, encoding }], then: the same
// for what is fetched at the first movement of the pointer, cold, warm } in bytes and ms.
import { createRequire } from "node:module";
import path from "node:path";

const [address, packages] = process.argv.slice(2);
const { chromium } = createRequire(path.join(packages, "package.json"))("playwright-core");
const browser = await chromium.launch({
  executablePath: process.env.COUNTERSIGN_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const context = await browser.newContext();
const files = new Map();
const open = async (page) => {
  const from = performance.now();
  await page.goto(address, { waitUntil: "commit" });
  await page.getByRole("textbox", { name: "Message", exact: true }).and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
  return Math.round(performance.now() - from);
};
try {
  const page = await context.newPage();
  page.on("response", async (response) => {
    const headers = await response.allHeaders();
    files.set(new URL(response.url()).pathname, { bytes: Number(headers["content-length"]), encoding: headers["content-encoding"] ?? "none" });
  });
  const cold = await open(page);
  // What the page starts to load by itself once it is idle counts as well.
  await page.waitForLoadState("networkidle");
  const list = (map) => [...map].map(([name, rest]) => ({ path: name, ...rest }));
  const first = list(files);
  files.clear();
  await page.mouse.move(200, 200);
  // Until nothing more has come for a second; a page that was idle once is told to be idle for ever.
  for (let seen = -1, quiet = 0; quiet < 5; await new Promise((resolve) => setTimeout(resolve, 200))) {
    quiet = files.size > 0 && files.size === seen ? quiet + 1 : 0;
    seen = files.size;
  }
  const then = list(files);
  const warm = await open(await context.newPage());
  console.log(JSON.stringify({ files: first, then, cold, warm }));
} finally {
  await browser.close();
}
