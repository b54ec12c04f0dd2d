// The page that an authorization server sends the person back to. It hands its whole address to whoever began the sign-in
// and knows nothing else: it shows nothing of the address (X19), keeps nothing (X16) and does nothing in a frame.
const address = location.href;
const element = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text, ...more });
const say = (title, ...rest) => {
  const main = element("main", "", { className: "stopped" });
  main.append(element("h1", title, { tabIndex: -1 }), ...rest);
  document.body.replaceChildren(main);
  main.firstChild.focus();
};

if (window.top === window) {
  document.title = "Sign-in · Countersign";
  // The code in it is good for one use and does not belong into the history (X27).
  history.replaceState(null, "", location.pathname);
  const state = new URL(address).searchParams.get("state");
  if (state) hand(state);
  else say("Nothing to do here", element("p", "This page ends a sign-in, and none was under way. You can close this window."));
}

function hand(state) {
  // Only the page that began this sign-in knows its state, and listens to this name.
  const channel = new BroadcastChannel(`countersign-sign-in:${state}`);
  const alone = setTimeout(() => nobody(), 3000);
  channel.onmessage = ({ data }) => {
    if (data !== "heard") return;
    clearTimeout(alone);
    channel.close();
    say("You can close this window", element("p", "The page that you came from goes on with the sign-in."));
    window.close();
  };
  say("Handing the sign-in over", element("p", "This takes a moment."));
  channel.postMessage(address);
}

function nobody() {
  const copy = element("button", "Copy address", { type: "button", className: "btn" });
  const told = element("p", "", { role: "status" });
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(address);
      told.textContent = "Copied. Paste it into the page that you came from.";
    } catch {
      told.textContent = "This browser does not let the page copy. Go back one page and copy the address from the address bar.";
    }
  };
  say(
    "No page is waiting for this sign-in",
    element("p", "Nothing was signed in, and nothing was kept. Which account would have been linked cannot be told here: the address holds a one-time code and no name, and only the page that began the sign-in could use it."),
    element("p", "If you began it in another window or browser, copy this page's address and paste it there. If you did not begin a sign-in, close this window."),
    copy,
    told,
  );
}
