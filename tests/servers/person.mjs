// A person in Node who signs in at the pages of `oidc-provider`: follows it, keeps its cookies, fills its two forms.

/** Signs in at `address` and agrees, and gives the address below `back` that the provider then sends the person to. */
export async function signInAt(address, back) {
  const jar = new Map();
  let [url, body] = [address, undefined];
  // Login, consent, and the ways between them.
  for (let steps = 0; steps < 10; steps += 1) {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location?.startsWith(back)) return location;
    if (location) {
      [url, body] = [new URL(location, url).href, undefined];
      continue;
    }
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(await answer.text());
    body = new URLSearchParams({ prompt, login: "ann", password: "of no matter" });
  }
  throw new Error(`the pages of ${new URL(address).origin} did not end at ${back}`);
}
