"""A WebSocket server for the tests: prints its port, sends what a client is to understand, and closes with a code."""

import asyncio
import sys

import websockets


async def serve(client):
    greeting = await client.recv()
    assert greeting == "hello", greeting
    # An async iterable goes out as one message in fragments.
    async def fragments():
        for part in ["to ", "the ", "sea"]:
            yield part

    await client.send(fragments())
    pong = await client.ping()
    await asyncio.wait_for(pong, 60)
    await client.send(b"\x07" * (4 << 20))
    echoed = await client.recv()
    await client.send(echoed)
    await client.close(4000, "enough")


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        # Ends with the test, which closes the input.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
