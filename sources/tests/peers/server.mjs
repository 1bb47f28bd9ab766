// A WebSocket server for the tests by the library `ws`: prints its port, sends what a client is to understand, and closes with a code.
// Usage: node server.mjs <folder with node_modules>
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.argv[2] + "/")("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 0 });
server.on("listening", () => console.log(server.address().port));
server.on("connection", async (client) => {
  const [greeting] = await once(client, "message");
  assert.equal(greeting.toString(), "hello");
  for (const part of ["to ", "the "]) client.send(part, { fin: false });
  client.send("sea");
  client.ping("now");
  await once(client, "pong");
  client.send(Buffer.alloc(4 << 20, 7));
  const [echoed, binary] = await once(client, "message");
  client.send(echoed, { binary });
  client.close(4000, "enough");
});
// Ends with the test, which closes the input.
process.stdin.resume().on("end", () => process.exit(0));
