"""`websockets` on Python: every event to every client."""

import asyncio
import logging
import sys

import numbered

try:
    from websockets.asyncio.server import broadcast, serve
except ImportError as error:
    sys.exit(print(f"websockets is not installed: {error}"))

# Clients come and go, which is nothing to tell.
logging.getLogger("websockets").setLevel(logging.CRITICAL)
clients = set()


async def handler(client):
    clients.add(client)
    try:
        await client.wait_closed()
    finally:
        clients.discard(client)


async def main():
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        print("listening 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        async for line in reader:
            for event in numbered.events(line.decode()):
                broadcast(clients, event)


asyncio.run(main())
