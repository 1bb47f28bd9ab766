"""Clients of a hub at the port that is the second argument, by the library `websockets`; says `done` if all is as it should be."""

import asyncio
import json
import socket
import struct
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL = f"ws://127.0.0.1:{sys.argv[2]}/"


async def received(client):
    return json.loads(await client.recv())


async def subscribed(client, topic):
    message = await received(client)
    assert message["subscribed"] == topic, message


async def compression_is_offered_and_declined():
    for offered in ("deflate", None):
        async with connect(URL + "?topic=a", compression=offered) as client:
            assert client.response.headers.get("Sec-WebSocket-Extensions") is None
            await subscribed(client, "a")


async def a_message_in_parts_is_one():
    async with connect(URL) as client:
        await client.send(['{"subscr', 'ibe":', '"a', '"}'])
        await subscribed(client, "a")


async def pings_are_answered():
    async with connect(URL) as client:
        for payload in (b"", b"x" * 125):
            await (await client.ping(payload))


async def closes_are_answered():
    client = await connect(URL)
    await client.close(4321, "enough")
    assert client.close_code == 4321 or client.close_code == 1000, client.close_code


async def messages_may_be_large():
    async with connect(URL + "?topic=large", max_size=None) as client:
        await subscribed(client, "large")
        assert len((await received(client))["data"]) == 4 << 20
        # As long as is allowed, and longer.
        await client.send(json.dumps({"subscribe": "x" * 60_000}))
        assert "no such topic" in (await received(client))["error"]
        try:
            await client.send("x" * 70_000)
            await client.recv()
            raise AssertionError("it was accepted")
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1009, closed


async def some_vanish():
    for _ in range(20):
        client = await connect(URL + "?topic=gone")
        await subscribed(client, "gone")
        # A reset, and no word.
        linger = struct.pack("ii", 1, 0)
        client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        client.transport.abort()


async def main():
    await compression_is_offered_and_declined()
    await a_message_in_parts_is_one()
    await pings_are_answered()
    await closes_are_answered()
    await messages_may_be_large()
    await some_vanish()
    print("done")


asyncio.run(main())
