// Clients of a server that echoes, by the library `ws`; says `done` if all is as it should be.
// Usage: node clients.mjs <folder with node_modules> <port of the server>
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

const { WebSocket } = createRequire(process.argv[2] + "/")("ws");

async function connect(options = {}) {
  const client = new WebSocket(`ws://127.0.0.1:${process.argv[3]}/`, options);
  client.on("error", () => {});
  await once(client, "open");
  return client;
}

async function echoed(client, message) {
  client.send(message);
  const [data, isBinary] = await once(client, "message");
  assert.equal(isBinary, typeof message !== "string");
  assert(data.equals(Buffer.from(message)));
}

for (const perMessageDeflate of [true, false]) {
  const client = await connect({ perMessageDeflate });
  assert.equal(client.extensions, "");
  await echoed(client, "grüezi");
  await echoed(client, "");
  await echoed(client, Buffer.alloc(4 << 20, 7));
  client.terminate();
}

const parts = await connect();
for (const part of ["to ", "the "]) parts.send(part, { fin: false });
parts.ping("now");
const [pong] = await once(parts, "pong");
assert.equal(pong.toString(), "now");
parts.send("sea");
const [whole] = await once(parts, "message");
assert.equal(whole.toString(), "to the sea");
parts.close(4321, "enough");
const [code] = await once(parts, "close");
assert.equal(code, 4321);

// A reset in the middle of a message, and no word.
const gone = await connect();
gone.send("never", { fin: false });
gone._socket.resetAndDestroy();
await once(gone, "close");
console.log("done");
