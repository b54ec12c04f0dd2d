// A worker that sends one request and gathers its answer: a model's answer comes in thousands of pieces, and receiving
// them is not the page's affair. The page takes what has come a few times a second (crates/browser/src/reader.rs). The
// worker keeps nothing and says nothing of the request; the page ends it together with the request.
const ROOM = 256 * 1024;
// The page: a dedicated worker has it before it, a shared one meets it at a port, once.
let page = self;
let pieces = [], bytes = 0, over = false, failure = null, asked = true, taken = () => {};

// Gives what has come to the page that asked for it, as soon as there is something.
const give = () => {
  if (!asked || !(bytes || over || failure)) return;
  asked = false;
  if (!bytes && failure) return page.postMessage(failure);
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  pieces = [];
  bytes = 0;
  page.postMessage([all, over], [all.buffer]);
  taken();
};

const carry = async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    asked = false;
    page.postMessage([answer.status, answer.type, [...answer.headers]]);
    const reader = answer.body?.getReader();
    for (let read = await reader?.read(); read && !read.done; read = await reader.read()) {
      pieces.push(read.value);
      bytes += read.value.length;
      give();
      // A server that never pauses would fill the memory.
      if (bytes > ROOM) await new Promise((resolve) => { taken = resolve; });
    }
    over = true;
  } catch (error) {
    failure = error;
  }
  give();
};

const hear = ({ data }) => {
  if (data === "end") return close();
  if (data) return carry(data);
  asked = true;
  give();
};

// A worker is held to the policy that its own file comes with. Where a host sends none, the policy stands in the page
// alone, and the page has to send its requests itself. Code from a string is what the policy of this site forbids.
const held = () => {
  try {
    return !Function("return true")();
  } catch {
    return true;
  }
};

const meet = (met) => {
  page = met;
  page.onmessage = hear;
  page.postMessage(held());
};

if ("onconnect" in self) {
  onconnect = ({ ports: [port] }) => {
    onconnect = null;
    meet(port);
  };
} else {
  meet(self);
}
