"""uWebSockets, which is C++, by way of socketify: every event to every client of a topic."""

import socket
import sys
import threading

import numbered

try:
    from socketify import App, CompressOptions, OpCode
except (ImportError, OSError) as error:
    sys.exit(print(f"socketify is not installed: {error}"))

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]


def order(client, line, opcode):
    for event in numbered.events(line if isinstance(line, str) else line.decode()):
        app.publish("load", event, OpCode.TEXT)


app = App()
app.ws("/", {"open": lambda client: client.subscribe("load"), "compression": CompressOptions.DISABLED})
app.ws("/control", {"message": order, "compression": CompressOptions.DISABLED, "idle_timeout": 0})
app.listen({"host": "127.0.0.1", "port": port}, lambda config: None)


def relay():
    """Its loop cannot wait for a pipe, but for a client that says what came in through it."""
    control = socket.create_connection(("127.0.0.1", port))
    control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    control.sendall(
        b"GET /control HTTP/1.1\r\nHost: control\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += control.recv(4096)
    print(f"listening 127.0.0.1:{port}", flush=True)
    for line in sys.stdin.buffer:
        # A text message, below 126 bytes, whose mask is zero.
        control.sendall(bytes([0x81, 0x80 | len(line), 0, 0, 0, 0]) + line)


threading.Thread(target=relay, daemon=True).start()
# The loop itself, without asyncio, which would ask it again and again whether there is anything to do.
app.loop.uv_loop.run()
