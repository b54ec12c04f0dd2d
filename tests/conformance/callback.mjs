// Where an authorization server sends the person back to: the whole address goes to the page that opened the window.
const channel = new BroadcastChannel("countersign-sign-in");
channel.postMessage(location.href);
channel.close();
close();
