// A person who has a keyboard and nothing else.
import assert from "node:assert/strict";
import { assertSoon } from "./soon.mjs";

/** So many keys somebody presses on the way to one thing before they give up. */
const FAR = 150;

export class Keys {
  constructor(page) {
    this.page = page;
  }

  /** Presses keys, one after the other. */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text) { await this.page.keyboard.type(text); }

  /** Whether this has the focus. */
  async has(target) { return (await target.and(this.page.locator(":focus")).count()) > 0; }

  /** What has the focus, in a few words. */
  async here() {
    return this.page.evaluate(() => {
      const now = document.activeElement;
      const words = now?.getAttribute("aria-label") ?? now?.labels?.[0]?.textContent ?? now?.textContent ?? "";
      return `${now?.tagName.toLowerCase()} "${words.trim().replaceAll(/\s+/g, " ").slice(0, 40)}"`;
    });
  }

  /** Goes to `target`, with Tab or another key, and sees there that it has the focus. */
  async to(target, key = "Tab") {
    await target.first().waitFor({ state: "attached" });
    const passed = [];
    while (!(await this.has(target))) {
      if (passed.length === FAR) assert.fail(`${key} never reached ${target}; the last it passed: ${passed.slice(-12).join(", ")}`);
      await this.press(key);
      passed.push(await this.here());
    }
    assert.ok(await this.seen(), `nothing shows that the focus is on ${await this.here()}`);
  }

  /** Whether the focus can be seen: a ring around what has it, or around what stands for it. */
  async seen() {
    return this.page.evaluate(() => {
      const now = document.activeElement;
      const ringed = (element) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
      };
      return now.matches("[role=menuitem]") || [now, now.nextElementSibling].some((element) => element && ringed(element));
    });
  }

  /** Goes to `target` and presses a key on it. */
  async on(target, key = "Enter") {
    await this.to(target);
    await this.press(key);
  }

  /** Goes to a field and puts a text in the place of what is in it. */
  async fill(target, text) {
    await this.to(target);
    await this.press("ControlOrMeta+a");
    await this.type(text);
  }

  /** Skips what stands before the page, as one does on arriving. */
  async intoPage() {
    await this.on(this.page.getByRole("button", { name: "Skip to the page" }));
    await this.stays(this.page.getByRole("heading", { level: 1 }));
  }

  /** Goes to the first choice of a group of radio buttons and from there by arrow to the one with this name. */
  async choose(group, name) {
    const choices = this.page.getByRole("radiogroup", { name: group, exact: true }).getByRole("radio");
    const wanted = choices.and(this.page.getByRole("radio", { name, exact: true }));
    await this.to(choices);
    for (let n = 0; !(await this.has(wanted)); n += 1) {
      assert.ok(n < (await choices.count()), `the arrow never reached ${name}`);
      await this.press("ArrowRight");
    }
    await assertSoon(() => wanted.isChecked(), `${name} is chosen`);
  }

  /** The focus soon is on `target` or inside of it. */
  async stays(target) {
    const inside = () => target.evaluateAll((all) => all.some((element) => element.contains(document.activeElement)));
    await this.soon(inside, `the focus is in ${target}`);
  }

  /** The focus soon is on something, whatever that is. */
  async somewhere() {
    await this.soon(() => this.page.evaluate(() => document.activeElement !== null && document.activeElement !== document.body), "something has the focus");
  }

  async soon(condition, what) {
    try {
      await assertSoon(condition, what, 5_000);
    } catch (error) {
      error.message += `; it is on ${await this.here()}`;
      throw error;
    }
  }
}
