from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import in_loop

from fogstead.kernel.ports import PortBook
from fogstead.primitives.network.listeners import Listeners, PortTaken, TcpStream
from fogstead.primitives.store.sqlite import SqliteStore


def echo_datagram(data: bytes, _peer: str, reply: Callable[[bytes], None]) -> None:
    if data == b"fail":
        raise KeyError(data)
    reply(data.upper())


async def echo(stream: TcpStream) -> None:
    while data := await stream.read():
        await stream.write(data)


async def ask(port: int, data: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, data)
        return await loop.sock_recv(client, 100)


def test_datagrams_are_answered_and_a_failing_one_stops_nothing() -> None:
    async def test() -> None:
        listeners = Listeners("127.0.0.1")
        port = await listeners.open_udp(0, echo_datagram)
        assert await ask(port, b"one") == b"ONE"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"fail", ("127.0.0.1", port))
        assert await ask(port, b"two") == b"TWO"
        await listeners.close()

    in_loop(test)


def test_a_connection_is_served_until_the_other_side_has_finished() -> None:
    async def test() -> None:
        listeners = Listeners("127.0.0.1")
        port = await listeners.open_tcp(0, echo)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await listeners.close()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)

    in_loop(test)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def test_a_listener_has_the_same_port_after_a_restart_and_never_anothers(tmp_path: Path) -> None:
    ports = free_ports(3)

    async def test() -> None:
        given = []
        for names in (["dns", "dax"], ["dax", "dns"]):
            store, listeners = SqliteStore(tmp_path / "cloud.db"), Listeners("127.0.0.1")
            book = PortBook(store, ports)
            opened = {name: await book.open(name, lambda port: listeners.open_tcp(port, echo)) for name in names}  # noqa: B023
            given.append(opened)
            await listeners.close()
            await store.close()
        assert given[0] == given[1]
        assert len(set(given[0].values())) == 2

    in_loop(test)


def test_a_port_that_another_program_took_is_not_given_away(tmp_path: Path) -> None:
    ports = free_ports(2)

    async def test() -> None:
        store, listeners = SqliteStore(tmp_path / "cloud.db"), Listeners("127.0.0.1")
        book = PortBook(store, ports)
        port = await book.open("dns", lambda port: listeners.open_tcp(port, echo))
        await listeners.close()
        with socket.create_server(("127.0.0.1", port)):
            with pytest.raises(PortTaken):
                await book.open("dns", lambda port: listeners.open_tcp(port, echo))
            other = await book.open("dax", lambda port: listeners.open_tcp(port, echo))
        assert other != port
        await listeners.close()
        await store.close()

    in_loop(test)
