// `ws` on node: every event to every client. Usage: node ws.mjs <folder with node_modules>
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const numbered = (seq, at, size) => {
  const head = `{"seq":"${String(seq).padStart(8, "0")}","at":"${at.padStart(16, "0")}","pad":"`;
  return head + "x".repeat(Math.max(0, size - head.length - 2)) + '"}';
};

let WebSocketServer;
try {
  ({ WebSocketServer } = createRequire(process.argv[2] + "/")("ws"));
} catch {
  console.log("ws is not installed");
  process.exit(1);
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("listening", () => console.log(`listening 127.0.0.1:${server.address().port}`));
server.on("connection", (client) => client.on("error", () => client.terminate()));

let seq = 0;
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [, count, size, at] = line.split(" ");
    for (let i = 0; i < Number(count); i++) {
      // Bytes, so that they are not encoded once for each client.
      const event = Buffer.from(numbered(seq++, at, Number(size)));
      for (const client of server.clients) client.send(event, { binary: false });
    }
  })
  .on("close", () => process.exit(0));
