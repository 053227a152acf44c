"""One connection: requests one after another, answers in the same order, every wait and every buffer bounded."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fogstead.gateway.bounds import (
    HEAD_SECONDS,
    IDLE_SECONDS,
    LINGER_SECONDS,
    PIPELINED_BYTES_MAX,
    STALL_SECONDS,
)
from fogstead.gateway.exchanges import BodyStream, Disconnected, Exchange
from gateway.sockets import BODY_MAX, LOOPS, Front, Tiny, later, run, say_ok, stream_of, streaming, turns, until

NO_LIMIT = {"limit": lambda _exchange: None}


@pytest.fixture(params=LOOPS)
def on(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Runs a test on each loop that the cloud may run on."""
    return lambda work: run(work, LOOPS[request.param])


async def read_all(exchange: Exchange) -> bytes:
    assert exchange.stream is not None
    return b"".join([piece async for piece in exchange.stream])


async def count_then_answer(exchange: Exchange) -> None:
    body = await read_all(exchange)
    exchange.answer(200, [], f"{len(body)}".encode())


async def echo(exchange: Exchange) -> None:
    assert exchange.stream is not None
    await exchange.answer_stream(200, [], aiter(exchange.stream))


def note_going(gone: list[str]) -> Callable[[Exchange], None]:
    """A request that is never answered and notes its path when its client goes."""

    def wait(exchange: Exchange) -> None:
        exchange.on_gone = lambda: gone.append(exchange.head.path)

    return wait


# --------------------------------------------------------------------------- one after another
def test_a_request_is_answered_and_the_connection_kept(on: Any) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            for path in ("/one", "/two"):
                client.get(path)
                answer = await client.answer()
                assert (answer.status, answer.body) == (200, f"GET {path} 0".encode())
                assert answer.header("connection") is None
                assert answer.header("date") is not None
            assert len(front.connections) == 1

    on(work())


def test_pipelined_requests_are_answered_in_order(on: Any) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            for number in range(200):
                client.get(f"/{number}", method="POST", body=b"x" * number)
            for number in range(200):
                assert (await client.answer()).body == f"POST /{number} {number}".encode()

    on(work())


def test_pipelined_requests_are_answered_in_order_when_the_first_takes_longest(on: Any) -> None:
    async def work() -> None:
        gates = {f"/{number}": asyncio.Event() for number in range(5)}

        async def answer(exchange: Exchange) -> None:
            await gates[exchange.head.path].wait()
            say_ok(exchange)

        app = Tiny(answer)
        async with Front(app) as front:
            client = await front.client()
            for path in gates:
                client.get(path, method="POST", body=b"body")
            for path in reversed(gates):
                gates[path].set()
            for path in gates:
                assert (await client.answer()).body == f"POST {path} 4".encode()
        assert [exchange.head.path for exchange in app.seen] == list(gates)

    on(work())


def test_where_the_bytes_are_split_changes_nothing() -> None:
    raw = (
        b"\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n"
        b"PUT /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n"
        b"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    async def work() -> None:
        app = Tiny(limit=lambda exchange: None if exchange.head.path == "/b" else 10)
        app.answer = lambda exchange: say_ok(exchange) if exchange.stream is None else count_then_answer(exchange)
        async with Front(app) as front:
            for at in range(len(raw)):
                client = await front.client()
                client.send(raw[:at])
                await turns(3)
                client.send(raw[at:])
                assert [(await client.answer()).body for _ in range(3)] == [b"POST /a 3", b"2", b"GET /c 0"]
                assert await client.ended()

    run(work())


def test_more_pipelined_bytes_than_promised_are_left_with_the_sender() -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            await gate.wait()
            say_ok(exchange)

        async with Front(Tiny(answer)) as front:
            client = await front.client()
            body = b"x" * 100_000
            for number in range(100):
                client.get(f"/{number}", method="POST", body=body)
            await until(lambda: front.connections)
            (connection,) = front.connections
            await until(lambda: connection._paused)
            await turns(50)
            assert PIPELINED_BYTES_MAX <= len(connection._pending) <= 2 * PIPELINED_BYTES_MAX
            gate.set()
            for number in range(100):
                assert (await client.answer()).body == f"POST /{number} {len(body)}".encode()

    run(work())


# --------------------------------------------------------------------------- closing
@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [("1.1", "close", False), ("1.1", "keep-alive", True), ("1.0", "", False), ("1.0", "keep-alive", True)],
)
def test_a_connection_is_kept_or_closed_as_the_client_asks(version: str, connection: str, kept: bool) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get("/", *([f"Connection: {connection}"] if connection else []), version=version)
            answer = await client.answer()
            # A client that speaks 1.0 waits for the end of the connection unless it is told of keeping.
            told = {"1.1": None, "1.0": "keep-alive"}[version] if kept else "close"
            assert answer.header("connection") == told
            if kept:
                client.get("/again")
                assert (await client.answer()).body == b"GET /again 0"
            else:
                assert await client.ended()
                await front.empty()

    run(work())


def test_requests_after_one_that_closes_are_not_served() -> None:
    async def work() -> None:
        app = Tiny()
        async with Front(app) as front:
            client = await front.client()
            client.get("/one", "Connection: close")
            client.get("/two")
            assert (await client.answer()).body == b"GET /one 0"
            assert await client.ended()
            assert len(app.seen) == 1

    run(work())


def test_a_client_that_ended_its_side_gets_all_its_answers(on: Any) -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            await gate.wait()
            say_ok(exchange)

        async with Front(Tiny(answer)) as front:
            client = await front.client()
            client.get("/one")
            client.get("/two")
            client.send("GET /half HTT")
            client.writer.write_eof()
            await turns(50)
            gate.set()
            assert (await client.answer()).body == b"GET /one 0"
            assert (await client.answer()).body == b"GET /two 0"
            assert await client.ended()
            await front.empty()

    on(work())


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_ends_its_side_in_a_body_is_let_go(streamed: bool) -> None:
    async def work() -> None:
        app = Tiny(count_then_answer) if streamed else Tiny()
        app.limit = lambda _exchange: None if streamed else BODY_MAX
        async with Front(app) as front:
            client = await front.client()
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
            await until(lambda: front.connections)
            client.writer.write_eof()
            assert await client.ended()
            await front.empty()
            if streamed:
                with pytest.raises(Disconnected):
                    await app.tasks[0]
            else:
                assert not app.seen

    run(work())


def test_an_idle_client_that_ends_its_side_is_let_go(on: Any) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get()
            await client.answer()
            client.writer.write_eof()
            assert await client.ended()
            await front.empty()

    on(work())


def test_a_request_learns_that_its_client_is_gone(on: Any) -> None:
    async def work() -> None:
        gone: list[str] = []
        app = Tiny(note_going(gone))
        async with Front(app) as front:
            client = await front.client()
            client.get("/waiting")
            await until(lambda: app.seen)
            client.vanish()
            await front.empty()
            assert gone == ["/waiting"]
            say_ok(app.seen[0])  # too late, and no harm

    on(work())


def test_a_request_learns_that_its_client_has_closed_and_is_not_waited_for() -> None:
    async def work() -> None:
        gone: list[str] = []
        app = Tiny(note_going(gone))
        async with Front(app) as front:
            client = await front.client()
            client.get("/waiting")
            await until(lambda: app.seen)
            client.writer.close()
            await until(lambda: gone)
            await later(STALL_SECONDS + 2)
            assert not front.connections
            assert gone == ["/waiting"]

    run(work())


def test_a_request_that_was_answered_does_not_hear_of_its_client_going() -> None:
    async def work() -> None:
        gone: list[str] = []

        def answer(exchange: Exchange) -> None:
            exchange.on_gone = lambda: gone.append(exchange.head.path)
            say_ok(exchange)

        async with Front(Tiny(answer)) as front:
            client = await front.client()
            client.get()
            await client.answer()
            client.vanish()
            await front.empty()
            assert gone == []

    run(work())


def test_a_client_that_vanishes_in_a_streamed_body_ends_the_stream(on: Any) -> None:
    async def work() -> None:
        app = Tiny(count_then_answer, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await until(lambda: app.seen)
            client.vanish()
            with pytest.raises(Disconnected):
                await app.tasks[0]
            await front.empty()

    on(work())


def test_a_client_that_vanishes_in_a_streamed_answer_ends_its_making(on: Any) -> None:
    async def work() -> None:
        ended: list[bool] = []

        async def endless() -> AsyncIterator[bytes]:
            try:
                while True:
                    await asyncio.sleep(0)
                    yield b"x" * 10_000
            finally:
                ended.append(True)

        app = Tiny(lambda exchange: exchange.answer_stream(200, [], endless()))
        async with Front(app) as front:
            client = await front.client()
            client.get()
            assert (await client.head()).status == 200
            client.vanish()
            with pytest.raises(Disconnected):
                await app.tasks[0]
            assert ended
            await front.empty()

    on(work())


def test_an_answer_that_fails_half_way_does_not_look_whole(on: Any) -> None:
    async def work() -> None:
        async def failing() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("broken")

        app = Tiny(lambda exchange: exchange.answer_stream(200, [], failing()))
        async with Front(app) as front:
            client = await front.client()
            client.get()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.answer()
            with pytest.raises(RuntimeError):
                await app.tasks[0]
            await front.empty()

    on(work())


# --------------------------------------------------------------------------- answers
@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("streams", [False, True])
def test_an_answer_without_content_has_no_body_and_no_length(status: int, streams: bool) -> None:
    async def work() -> None:
        plain = lambda exchange: exchange.answer(status, [], b"never sent")  # noqa: E731
        async with Front(Tiny(stream_of(b"never sent", status=status) if streams else plain)) as front:
            client = await front.client()
            for _ in range(2):
                client.get()
                answer = await client.answer()
                assert answer.status == status
                assert answer.header("content-length") is None
                assert answer.header("transfer-encoding") is None

    run(work())


@pytest.mark.parametrize(
    ("headers", "body", "length"), [([], b"12345", "5"), ([("content-length", "9")], b"", "9"), ([], b"", "0")]
)
def test_head_is_answered_with_the_length_and_no_body(headers: list[tuple[str, str]], body: bytes, length: str) -> None:
    async def work() -> None:
        async with Front(Tiny(lambda exchange: exchange.answer(200, headers, body))) as front:
            client = await front.client()
            for _ in range(2):
                client.get(method="HEAD")
                answer = await client.answer("HEAD")
                assert (answer.status, answer.header("content-length")) == (200, length)

    run(work())


@pytest.mark.parametrize("headers", [[], [("content-length", "6")]])
def test_head_of_a_streamed_answer_is_its_head_alone(headers: list[tuple[str, str]]) -> None:
    async def work() -> None:
        async with Front(Tiny(stream_of(b"abc", b"def", headers=headers))) as front:
            client = await front.client()
            client.get(method="HEAD")
            assert (await client.answer("HEAD")).status == 200
            client.get()
            assert (await client.answer()).body == b"abcdef"

    run(work())


def test_a_length_that_the_application_names_is_written_once() -> None:
    async def work() -> None:
        async with Front(Tiny(lambda exchange: exchange.answer(200, [("content-length", "2")], b"ok"))) as front:
            client = await front.client()
            client.get()
            assert (await client.answer()).body == b"ok"

    run(work())


@pytest.mark.parametrize("headers", [[], [("content-length", "6")]])
def test_an_answer_is_streamed_with_its_length_or_in_chunks(on: Any, headers: list[tuple[str, str]]) -> None:
    async def work() -> None:
        async with Front(Tiny(stream_of(b"abc", b"", b"def", headers=headers))) as front:
            client = await front.client()
            for _ in range(2):
                client.get()
                answer = await client.answer()
                assert answer.body == b"abcdef"
                assert answer.header("transfer-encoding") == (None if headers else "chunked")

    on(work())


def test_a_client_that_knows_no_chunks_gets_a_stream_that_ends_with_the_connection() -> None:
    async def work() -> None:
        async with Front(Tiny(stream_of(b"abc", b"def"))) as front:
            client = await front.client()
            client.get("/", "Connection: keep-alive", version="1.0")
            answer = await client.answer()
            assert (answer.header("transfer-encoding"), answer.header("connection")) == (None, "close")
            assert answer.body == b"abcdef"

    run(work())


@pytest.mark.parametrize("streams", [False, True])
def test_no_value_of_a_header_starts_a_line_of_its_own(streams: bool) -> None:
    headers = [("x-one", "a\r\nx-two: b\r\n\r\nbody"), ("x-three", "c\nd\re")]

    async def work() -> None:
        plain = lambda exchange: exchange.answer(200, headers, b"")  # noqa: E731
        async with Front(Tiny(stream_of(headers=headers) if streams else plain)) as front:
            client = await front.client()
            client.get()
            answer = await client.answer()
            assert answer.header("x-one") == "a  x-two: b    body"
            assert answer.header("x-three") == "c d e"
            assert (answer.header("x-two"), answer.body) == (None, b"")

    run(work())


def test_only_the_first_answer_counts() -> None:
    async def twice(exchange: Exchange) -> None:
        exchange.answer(200, [], b"first")
        exchange.answer(500, [], b"second")
        await exchange.answer_stream(500, [], None)  # type: ignore[arg-type]

    async def work() -> None:
        async with Front(Tiny(twice)) as front:
            client = await front.client()
            client.get("/one")
            client.get("/two")
            assert [(await client.answer()).body for _ in range(2)] == [b"first", b"first"]

    run(work())


# --------------------------------------------------------------------------- bodies
def test_a_body_in_chunks_is_gathered_or_streamed(on: Any) -> None:
    async def work() -> None:
        async def echo(exchange: Exchange) -> None:
            exchange.answer(200, [], exchange.body or await read_all(exchange))

        app = Tiny(echo, limit=lambda exchange: None if exchange.head.path == "/stream" else 100)
        async with Front(app) as front:
            client = await front.client()
            for path in ("/gather", "/stream", "/gather"):
                client.send(f"PUT {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                await turns()
                client.send("3;ext=1\r\ndef\r\n0\r\nTrailer: x\r\n\r\n")
                assert (await client.answer()).body == b"abcdef"

    on(work())


@pytest.mark.parametrize("framing", ["Content-Length: 101", "Transfer-Encoding: chunked"])
def test_a_body_beyond_the_limit_is_refused_and_the_refusal_can_be_read(on: Any, framing: str) -> None:
    async def work() -> None:
        app = Tiny(limit=lambda _exchange: 100)
        async with Front(app) as front:
            client = await front.client()
            client.send(f"PUT / HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n")
            client.send(b"200000\r\n" + bytes(0x200000))
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (413, "close")
            assert await client.ended()
            client.writer.close()
            await front.empty()
            assert not app.seen

    on(work())


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    async def work() -> None:
        async with Front(Tiny(limit=lambda _exchange: 100)) as front:
            client = await front.client()
            client.get(method="PUT", body=b"x" * 100)
            assert (await client.answer()).body == b"PUT / 100"

    run(work())


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_asks_before_sending_is_told_to_go_on(on: Any, streamed: bool) -> None:
    async def work() -> None:
        app = Tiny(count_then_answer if streamed else say_ok, limit=lambda _exchange: None if streamed else 100)
        async with Front(app) as front:
            client = await front.client()
            for _ in range(2):
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
                assert (await client.answer()).status == 100
                client.send("abc")
                assert (await client.answer()).body == (b"3" if streamed else b"PUT / 3")

    on(work())


def test_a_client_that_asks_before_sending_too_much_is_refused_at_once() -> None:
    async def work() -> None:
        async with Front(Tiny(limit=lambda _exchange: 2)) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            assert (await client.answer()).status == 413
            assert await client.ended()

    run(work())


@pytest.mark.parametrize("when", ["plan", "handle"])
def test_a_refusal_before_the_body_closes_the_connection_of_who_waits_to_send(when: str) -> None:
    """The client may send its body or not: what comes next could be read as either."""

    async def work() -> None:
        refuse = lambda exchange: exchange.answer(403, [], b"no")  # noqa: E731
        app = Tiny(refuse, **NO_LIMIT)
        if when == "plan":
            app.limit = lambda exchange: refuse(exchange) or 0
        async with Front(app) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (403, "close")
            assert await client.ended()

    run(work())


def test_an_unknown_expectation_is_refused() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get("/", "Expect: 200-maybe")
            assert (await client.answer()).status == 417

    run(work())


@pytest.mark.parametrize("when", ["plan", "handle"])
@pytest.mark.parametrize("framing", ["Content-Length: 8", "Transfer-Encoding: chunked"])
def test_an_unread_body_is_skipped_and_the_next_request_served(on: Any, when: str, framing: str) -> None:
    async def work() -> None:
        app = Tiny(say_ok, **NO_LIMIT)
        if when == "plan":
            app.limit = lambda exchange: say_ok(exchange) or 0  # type: ignore[func-returns-value]
        async with Front(app) as front:
            client = await front.client()
            for number in range(3):
                client.send(f"PUT /{number} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n")
                assert (await client.answer()).body == f"PUT /{number} 0".encode()
                client.send(b"3\r\nabc\r\n" + (b"0\r\n\r\n" if "chunked" in framing else b""))
            client.get("/last")
            assert (await client.answer()).body == b"GET /last 0"

    on(work())


@pytest.mark.parametrize("framing", ["Content-Length: 3000000", "Transfer-Encoding: chunked"])
def test_a_long_unread_body_ends_the_connection_but_not_the_answer(on: Any, framing: str) -> None:
    async def work() -> None:
        async with Front(Tiny(say_ok, **NO_LIMIT)) as front:
            client = await front.client()
            client.send(f"PUT / HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n2DC6C0\r\n".encode() + b"x" * 2_900_000)
            assert (await client.answer()).body == b"PUT / 0"
            assert await client.ended()
            client.writer.close()
            await front.empty()

    on(work())


def test_nothing_is_written_after_the_answer_when_the_unread_body_is_malformed() -> None:
    async def work() -> None:
        async with Front(Tiny(say_ok, **NO_LIMIT)) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert (await client.answer()).status == 200
            client.send("nonsense\r\n")
            assert await client.ended()

    run(work())


def test_who_reads_on_after_answering_does_not_take_the_body_for_whole() -> None:
    async def work() -> None:
        async def hasty(exchange: Exchange) -> None:
            say_ok(exchange)
            await read_all(exchange)

        app = Tiny(hasty, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
            assert (await client.answer()).status == 200
            client.send("abc")
            with pytest.raises(Disconnected):
                await app.tasks[0]

    run(work())


def test_a_body_that_arrived_whole_is_read_whole_though_its_sender_has_gone() -> None:
    async def work() -> None:
        gate = asyncio.Event()
        read: list[bytes] = []

        async def late(exchange: Exchange) -> None:
            await gate.wait()
            read.append(await read_all(exchange))

        app = Tiny(late, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            client.get(method="PUT", body=b"whole")
            await until(lambda: app.seen)
            client.vanish()
            await front.empty()
            gate.set()
            await app.tasks[0]
            assert read == [b"whole"]

    run(work())


def test_a_body_is_answered_while_it_is_still_read(on: Any) -> None:
    async def work() -> None:
        async with Front(Tiny(echo, **NO_LIMIT)) as front:
            client = await front.client()
            for _ in range(2):
                client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                assert (await client.head()).status == 200
                chunks = client.chunks()
                for word in (b"one", b"two", b"three"):
                    client.send(b"%x\r\n%b\r\n" % (len(word), word))
                    assert await anext(chunks) == word
                client.send("0\r\n\r\n")
                assert [chunk async for chunk in chunks] == []

    on(work())


def test_an_answer_begun_early_is_not_interrupted_by_the_word_to_go_on() -> None:
    async def work() -> None:
        async with Front(Tiny(echo, **NO_LIMIT)) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            assert (await client.head()).status == 200
            client.send("abc")
            assert [chunk async for chunk in client.chunks()] == [b"abc"]
            assert await client.ended()

    run(work())


# --------------------------------------------------------------------------- back-pressure
def test_a_slow_reader_of_a_big_answer_holds_its_maker_back(on: Any) -> None:
    async def work() -> None:
        made = 0

        async def big() -> AsyncIterator[bytes]:
            nonlocal made
            for _ in range(640):
                await asyncio.sleep(0)
                made += 1 << 16
                yield bytes(1 << 16)

        app = Tiny(lambda exchange: exchange.answer_stream(200, [], big()))
        async with Front(app) as front:
            client = await front.client()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            client.get()
            await until(lambda: front.connections)
            (connection,) = front.connections
            await until(lambda: not connection._room.is_set())
            before = -1
            while before != made:  # what the system's own buffers take
                before = made
                await turns(200)
            assert made < 20 << 20
            assert connection._transport.get_write_buffer_size() < 1 << 20
            client.writer.transport.resume_reading()  # type: ignore[attr-defined]
            assert len((await client.answer()).body) == 640 << 16

    on(work())


def test_a_slow_reader_of_a_body_holds_its_sender_back(on: Any) -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            await gate.wait()
            await count_then_answer(exchange)

        app = Tiny(slow, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            size = 40 << 20
            client.get(method="PUT", body=bytes(size))
            await until(lambda: app.seen)
            stream = app.seen[0].stream
            assert stream is not None
            (connection,) = front.connections
            await until(lambda: connection._paused)
            await turns(200)
            assert BodyStream.HIGH_WATER <= stream._size < BodyStream.HIGH_WATER + (1 << 18)
            gate.set()
            assert (await client.answer()).body == f"{size}".encode()

    on(work())


def test_an_answer_before_a_held_back_body_was_read_does_not_leave_it_standing() -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def no_thanks(exchange: Exchange) -> None:
            await gate.wait()
            say_ok(exchange)

        app = Tiny(no_thanks, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            size = BodyStream.HIGH_WATER + 200_000
            client.send(f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(size - 100_000))
            await until(lambda: front.connections and next(iter(front.connections))._paused)
            gate.set()
            assert (await client.answer()).status == 200
            client.send(bytes(100_000))
            client.get("/next")
            assert (await client.answer()).body == b"GET /next 0"

    run(work())


# --------------------------------------------------------------------------- time
def test_an_idle_connection_is_closed_in_the_end() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get()
            await client.answer()
            await later(IDLE_SECONDS - 1)
            assert front.connections
            await later(2)
            assert await client.ended()
            assert not front.connections

    run(work())


def test_a_client_that_never_says_a_word_is_closed() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            await turns()
            await later(HEAD_SECONDS + 1)
            assert await client.ended()

    run(work())


@pytest.mark.parametrize("dripping", [False, True])
def test_a_head_that_comes_too_slowly_is_refused(dripping: bool) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.send("GET / HTTP/1.1\r\n")
            for _ in range(4):
                await turns()
                await later(HEAD_SECONDS / 3)
                if dripping:
                    client.send("X: y\r\n")
            await later(2)
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (408, "close")
            assert await client.ended()

    run(work())


def test_a_body_that_stops_coming_is_refused() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            await turns()
            await later(STALL_SECONDS - 1)
            client.send("a")
            await turns()
            await later(STALL_SECONDS - 1)
            assert front.connections
            await later(2)
            assert (await client.answer()).status == 408

    run(work())


def test_an_unread_body_that_stops_coming_ends_without_a_second_answer() -> None:
    async def work() -> None:
        async with Front(Tiny(say_ok, **NO_LIMIT)) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            assert (await client.answer()).status == 200
            await later(STALL_SECONDS + 2)
            assert await client.ended()

    run(work())


def test_a_streamed_body_that_stops_coming_ends_the_stream() -> None:
    async def work() -> None:
        app = Tiny(count_then_answer, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            await until(lambda: app.seen)
            await later(STALL_SECONDS + 2)
            with pytest.raises(Disconnected, match="too slowly"):
                await app.tasks[0]
            assert await client.ended()

    run(work())


def test_an_application_may_take_its_time() -> None:
    async def work() -> None:
        app = Tiny(lambda _exchange: None)
        async with Front(app) as front:
            client = await front.client()
            client.get()
            await until(lambda: app.seen)
            await later(10 * IDLE_SECONDS)
            say_ok(app.seen[0])
            assert (await client.answer()).status == 200
            await later(IDLE_SECONDS - 1)
            assert front.connections

    run(work())


def test_an_application_that_reads_a_body_slowly_may_take_its_time() -> None:
    async def work() -> None:
        app = Tiny(streaming, **NO_LIMIT)
        async with Front(app) as front:
            client = await front.client()
            client.get(method="PUT", body=bytes(4 << 20))
            await until(lambda: front.connections and next(iter(front.connections))._paused)
            await later(10 * STALL_SECONDS)
            assert len(await read_all(app.seen[0])) == 4 << 20
            say_ok(app.seen[0])
            assert (await client.answer()).status == 200

    run(work())


def test_a_client_that_stops_reading_its_answer_is_let_go() -> None:
    async def work() -> None:
        app = Tiny(lambda exchange: exchange.answer(200, [], bytes(40 << 20)))
        async with Front(app) as front:
            client = await front.client()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            client.get()
            await until(lambda: app.seen)
            await turns(200)
            await later(IDLE_SECONDS + 2)
            assert not front.connections

    run(work())


def test_a_client_that_keeps_sending_after_a_refusal_is_let_go() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.send("nonsense\r\n\r\n")
            assert (await client.answer()).status == 400
            for _ in range(3):
                client.send("more nonsense")
                await later(LINGER_SECONDS / 2)
            await later(2)
            assert not front.connections

    run(work())


# --------------------------------------------------------------------------- what is not HTTP
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x00\x01\x02\x03\r\n\r\n", 400),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2_000_000, 431),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_bytes_that_are_no_request_are_refused_and_the_connection_closed(on: Any, raw: bytes, status: int) -> None:
    async def work() -> None:
        app = Tiny()
        async with Front(app) as front:
            client = await front.client()
            client.send(raw)
            client.get("/after")
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (status, "close")
            assert await client.ended()
            assert not app.seen

    on(work())


def test_bad_requests_behind_good_ones_are_refused_after_them() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get("/good")
            client.send("bad\r\n\r\n")
            assert (await client.answer()).body == b"GET /good 0"
            assert (await client.answer()).status == 400
            assert await client.ended()

    run(work())


# --------------------------------------------------------------------------- raw bytes
def test_an_upgraded_connection_carries_raw_bytes_both_ways(on: Any) -> None:
    async def work() -> None:
        async def echo(exchange: Exchange) -> None:
            duplex = exchange.upgrade([("connection", "upgrade"), ("upgrade", "echo")])
            while data := await duplex.read():
                await duplex.write(data.upper())
            await duplex.write(b"bye")
            duplex.close()

        async with Front(Tiny(echo, **NO_LIMIT)) as front:
            client = await front.client()
            client.get("/", "Connection: Upgrade", "Upgrade: echo")
            client.send(b"early\r\n\r\n")
            answer = await client.head()
            assert (answer.status, answer.header("upgrade")) == (101, "echo")
            assert await client.reader.readexactly(9) == b"EARLY\r\n\r\n"
            client.send(b"\x16\x03get / http/1.1\r\n\r\n")
            assert await client.reader.readexactly(20) == b"\x16\x03GET / HTTP/1.1\r\n\r\n"
            client.writer.write_eof()
            assert await client.reader.read() == b"bye"
            await front.empty()

    on(work())


def test_an_upgrade_within_the_handler_takes_the_bytes_behind_the_request() -> None:
    async def work() -> None:
        duplexes: list[Any] = []
        async with Front(Tiny(lambda exchange: duplexes.append(exchange.upgrade([])))) as front:
            client = await front.client()
            client.get()
            client.send("raw")
            assert (await client.head()).status == 101
            assert await duplexes[0].read() == b"raw"
            client.vanish()
            with pytest.raises(Disconnected):
                await duplexes[0].read()
            await front.empty()

    run(work())


def test_an_upgraded_connection_may_be_silent_for_long() -> None:
    async def work() -> None:
        duplexes: list[Any] = []
        async with Front(Tiny(lambda exchange: duplexes.append(exchange.upgrade([])))) as front:
            client = await front.client()
            client.get()
            assert (await client.head()).status == 101
            await later(10 * IDLE_SECONDS)
            await duplexes[0].write(b"still here")
            assert await client.reader.readexactly(10) == b"still here"
            duplexes[0].close()
            assert await client.ended()

    run(work())


def test_a_sender_of_raw_bytes_is_held_back() -> None:
    async def work() -> None:
        duplexes: list[Any] = []
        async with Front(Tiny(lambda exchange: duplexes.append(exchange.upgrade([])))) as front:
            client = await front.client()
            client.get()
            assert (await client.head()).status == 101
            client.send(bytes(30 << 20))
            (connection,) = front.connections
            await until(lambda: connection._paused)
            assert connection._raw is not None
            assert connection._raw._size < BodyStream.HIGH_WATER + (1 << 18)
            left = 30 << 20
            while left:
                left -= len(await duplexes[0].read())

    run(work())


def test_the_peer_and_its_security_are_known() -> None:
    async def work() -> None:
        app = Tiny()
        async with Front(app) as front:
            client = await front.client()
            client.get()
            await client.answer()
            assert (app.seen[0].peer, app.seen[0].secure) == ("127.0.0.1", False)

    run(work())


def test_small_writes_leave_at_once() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            client = await front.client()
            client.get()
            await client.answer()
            (connection,) = front.connections
            own = connection._transport.get_extra_info("socket")
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(work())
