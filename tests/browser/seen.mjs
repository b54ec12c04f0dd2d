// How a page looks, whatever it shows.
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./harness.mjs";

/**
 * Looks at the page as it is: axe finds nothing, it fits a phone, and pictures are left in both themes. Leaves it at a
 * desktop's width in the light theme.
 */
export async function looksWell({ app, page }, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await app.screenshot(`${name}-${colorScheme}`);
    assert.deepEqual(await app.violations(), [], `${name}, ${colorScheme}`);
  }
  await page.setViewportSize(PHONE);
  await app.screenshot(`${name}-dark-390`);
  assert.deepEqual(await app.violations(), [], `${name} on a phone`);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${name} is ${sideways} px too wide`);
  await page.emulateMedia({ colorScheme: "light" });
  await app.screenshot(`${name}-light-390`);
  await page.setViewportSize(DESKTOP);
}
