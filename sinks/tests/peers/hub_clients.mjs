// Clients of a hub by the library `ws`; says `done` if all is as it should be.
// Usage: node hub_clients.mjs <folder with node_modules> <port of the hub>
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

const { WebSocket } = createRequire(process.argv[2] + "/")("ws");
const url = `ws://127.0.0.1:${process.argv[3]}/`;

async function connect(query = "", options = {}) {
  const client = new WebSocket(url + query, options);
  client.inbox = [];
  client.on("message", (data) => client.inbox.push(JSON.parse(data)));
  client.on("error", () => {});
  await once(client, "open");
  return client;
}

async function received(client) {
  while (!client.inbox.length) await once(client, "message");
  return client.inbox.shift();
}

async function subscribed(client, topic) {
  assert.equal((await received(client)).subscribed, topic);
}

async function compressionIsOfferedAndDeclined() {
  for (const perMessageDeflate of [true, false]) {
    const client = await connect("?topic=a", { perMessageDeflate });
    assert.equal(client.extensions, "");
    await subscribed(client, "a");
    client.close();
    await once(client, "close");
  }
}

async function aMessageInPartsIsOne() {
  const client = await connect();
  client.send('{"subscr', { fin: false });
  // In between may be what is no part of it.
  client.ping("now");
  const [pong] = await once(client, "pong");
  assert.equal(pong.toString(), "now");
  client.send('ibe":"a"', { fin: false });
  client.send("}");
  await subscribed(client, "a");
  client.terminate();
}

async function closesAreAnswered() {
  const client = await connect();
  client.close(4321, "enough");
  const [code] = await once(client, "close");
  assert([4321, 1000].includes(code), String(code));
}

async function messagesMayBeLarge() {
  const client = await connect("?topic=large");
  await subscribed(client, "large");
  assert.equal((await received(client)).data.length, 4 << 20);
  // As long as is allowed, and longer.
  client.send(JSON.stringify({ subscribe: "x".repeat(60_000) }));
  assert.match((await received(client)).error, /no such topic/);
  client.send("x".repeat(70_000));
  const [code] = await once(client, "close");
  assert.equal(code, 1009);
}

async function someVanish() {
  for (let i = 0; i < 20; i++) {
    const client = await connect("?topic=gone");
    await subscribed(client, "gone");
    // A reset, and no word.
    client._socket.resetAndDestroy();
  }
}

await compressionIsOfferedAndDeclined();
await aMessageInPartsIsOne();
await closesAreAnswered();
await messagesMayBeLarge();
await someVanish();
console.log("done");
