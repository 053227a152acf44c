"""Listening: plain and TLS on one port, many connections, draining on stop."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from fogstead.gateway.bounds import HEAD_SECONDS, IDLE_SECONDS, STALL_SECONDS
from fogstead.gateway.exchanges import Exchange
from fogstead.main import CERTIFIED_NAMES
from fogstead.primitives.certificates import OwnCertificate
from gateway.sockets import LOOPS, Client, Front, SteppedLoop, Tiny, later, pieces, run, say_ok, turns, until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> OwnCertificate:
    made = OwnCertificate(tmp_path_factory.mktemp("tls"), CERTIFIED_NAMES)
    made.context()
    return made


@pytest.fixture
def trusting(certificate: OwnCertificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.file)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "sqs.localhost.localstack.cloud",
        "bucket.s3.localhost",
        "localhost.localstack.cloud",
        "sqs.us-east-1.amazonaws.com",
        "s3.amazonaws.com",
        "127.0.0.1",
    ],
)
def test_tls_and_plain_share_a_port_under_each_of_the_clouds_names(
    certificate: OwnCertificate, trusting: ssl.SSLContext, name: str, loop: str
) -> None:
    async def work() -> None:
        app = Tiny()
        async with Front(app, certificate.context) as front:
            secure = await front.client(ssl=trusting, server_hostname=name)
            plain = await front.client()
            for client in (secure, plain, secure):
                client.get("/", method="PUT", body=b"x" * 50_000)
                assert (await client.answer()).body == b"PUT / 50000"
            assert [exchange.secure for exchange in app.seen] == [True, False, True]
            assert app.seen[0].peer == "127.0.0.1"

    run(work(), LOOPS[loop])


def test_a_name_that_is_not_the_clouds_is_not_certified(certificate: OwnCertificate, trusting: ssl.SSLContext) -> None:
    async def work() -> None:
        async with Front(Tiny(), certificate.context) as front:
            with pytest.raises(ssl.SSLCertVerificationError):
                await front.client(ssl=trusting, server_hostname="example.com")
            await turns()
            assert not front.connections

    run(work())


class TlsClient:
    """The client's half of TLS, so that a test decides which bytes leave when."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def hello(self) -> bytes:
        """The first bytes."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    async def finish(self, client: Client) -> None:
        """The rest of the handshake."""
        while True:
            self.incoming.write(await client.reader.read(1 << 16))
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            finally:
                client.send(self.outgoing.read())
            return

    async def read(self, client: Client) -> bytes:
        """Some plain bytes."""
        while True:
            try:
                return self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                self.incoming.write(await client.reader.read(1 << 16))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("cut", [1, 5, 100])
def test_a_client_hello_may_come_in_two_pieces(
    certificate: OwnCertificate, trusting: ssl.SSLContext, cut: int, loop: str
) -> None:
    async def work() -> None:
        async with Front(Tiny(), certificate.context) as front:
            client, tls = await front.client(), TlsClient(trusting)
            hello = tls.hello()
            client.send(hello[:cut])
            await turns()
            client.send(hello[cut:])
            await tls.finish(client)
            tls.tls.write(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.send(tls.outgoing.read())
            assert (await tls.read(client)).endswith(b"GET /hello 0")

    run(work(), LOOPS[loop])


def test_plain_bytes_that_begin_like_tls_are_no_connection(certificate: OwnCertificate) -> None:
    async def work() -> None:
        app = Tiny()
        async with Front(app, certificate.context) as front:
            client = await front.client()
            client.send(b"\x16GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await client.reader.read()
            assert await client.ended()
            assert not front.connections
            assert not app.seen

    run(work())


def test_tls_bytes_on_a_plain_connection_are_refused(certificate: OwnCertificate, trusting: ssl.SSLContext) -> None:
    async def work() -> None:
        async with Front(Tiny(), certificate.context) as front:
            client = await front.client()
            client.get()
            assert (await client.answer()).status == 200
            client.send(TlsClient(trusting).hello() + b"\r\n\r\n")
            assert (await client.answer()).status == 400

    run(work())


def test_a_handshake_that_fails_does_not_end_the_watch_over_other_connections(certificate: OwnCertificate) -> None:
    async def work() -> None:
        async with Front(Tiny(), certificate.context) as front:
            bad, idle = await front.client(), await front.client()
            bad.send(b"\x16\x03\x01\x00\x05nonsense")
            idle.get()
            await idle.answer()
            await until(lambda: len(front.connections) == 1)
            await later(HEAD_SECONDS + 2)
            assert len(front.connections) == 1
            await later(IDLE_SECONDS)
            assert await idle.ended()

    run(work())


@pytest.mark.parametrize("first", [b"", b"\x16", b"\x16\x03\x01"])
def test_a_client_that_does_not_finish_its_greeting_is_let_go(certificate: OwnCertificate, first: bytes) -> None:
    async def work() -> None:
        async with Front(Tiny(), certificate.context) as front:
            client = await front.client()
            client.send(first)
            await until(lambda: len(front.server._tasks) == 2)
            await turns()
            await later(HEAD_SECONDS + 1)
            assert await client.ended()
            await until(lambda: len(front.server._tasks) == 1)
            assert not front.connections

    run(work())


def test_a_client_that_leaves_before_its_first_byte_leaves_nothing() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            for leave in (lambda client: client.vanish(), lambda client: client.writer.close()):
                client = await front.client()
                await until(lambda: len(front.server._tasks) == 2)
                leave(client)
                await until(lambda: len(front.server._tasks) == 1)
                assert not front.connections

    run(work())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_thousand_idle_connections_are_no_burden(loop: str) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            clients = [await front.client() for _ in range(1000)]
            for client in clients:
                client.get()
            for client in clients:
                assert (await client.answer()).status == 200
            assert len(front.connections) == 1000
            clients[500].get("/again")
            assert (await clients[500].answer()).body == b"GET /again 0"
            for client in clients:
                client.writer.close()
            await front.empty()

    run(work(), LOOPS[loop])


def test_connections_beyond_the_limit_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            first = await front.client()
            first.get()
            assert (await first.answer()).status == 200
            monkeypatch.setattr("fogstead.gateway.server.CONNECTIONS_MAX", 2)
            second = await front.client()
            assert await second.ended()
            first.writer.close()
            await front.empty()
            third = await front.client()
            third.get()
            assert (await third.answer()).status == 200

    run(work())


def test_one_server_listens_on_several_addresses() -> None:
    async def work() -> None:
        async with Front(Tiny()) as front:
            ports = [front.port, await front.server.listen("127.0.0.2", 0)]
            for host, port in zip(["127.0.0.1", "127.0.0.2"], ports, strict=True):
                client = Client(*await asyncio.open_connection(host, port))
                client.get()
                assert (await client.answer()).status == 200
                client.writer.close()

    run(work())


# --------------------------------------------------------------------------- stopping
@pytest.mark.parametrize("loop", LOOPS)
def test_stopping_lets_answers_under_way_leave_and_closes_the_idle(loop: str) -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            if exchange.head.path == "/slow":
                await gate.wait()
                await exchange.answer_stream(200, [], pieces(b"abc", b"def"))
            else:
                say_ok(exchange)

        app = Tiny(answer)
        async with Front(app) as front:
            idle, slow, silent = await front.client(), await front.client(), await front.client()
            idle.get()
            await idle.answer()
            slow.get("/slow")
            await until(lambda: len(app.seen) == 2)
            stopping = asyncio.ensure_future(front.server.stop())
            assert await idle.ended()
            assert await silent.ended()
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", front.port)
            assert not stopping.done()
            gate.set()
            answer_read = await slow.answer()
            assert (answer_read.body, answer_read.header("connection")) == (b"abcdef", "close")
            await stopping
            assert not front.connections

    run(work(), LOOPS[loop])


def test_stopping_waits_no_longer_than_its_patience() -> None:
    async def work() -> None:
        app = Tiny(lambda _exchange: None)
        async with Front(app) as front:
            client = await front.client()
            client.get()
            await until(lambda: app.seen)
            stopping = asyncio.ensure_future(front.server.stop(60))
            await turns()
            await later(59)
            assert not stopping.done()
            await later(2)
            await stopping
            assert await client.ended()
            assert not front.connections

    run(work())


def test_stopping_ends_clients_that_do_not_take_their_answers() -> None:
    async def work() -> None:
        app = Tiny(lambda exchange: exchange.answer(200, [], bytes(40 << 20)))
        async with Front(app) as front:
            client = await front.client()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            client.get()
            await until(lambda: app.seen)
            await front.server.stop(0)
            assert not front.connections

    run(work())


def test_a_stopped_server_leaves_its_port_free() -> None:
    async def work() -> None:
        async with Front(Tiny()) as first:
            client = await first.client()
            client.get()
            await client.answer()
            await first.server.stop()
            async with Front(Tiny()) as second:
                assert await second.server.listen("127.0.0.1", first.port) == first.port

    run(work())


# --------------------------------------------------------------------------- TLS to the end
@pytest.mark.parametrize("loop", LOOPS)
def test_over_tls_a_big_answer_arrives_whole_and_a_gone_client_is_noticed(
    certificate: OwnCertificate, trusting: ssl.SSLContext, loop: str
) -> None:
    async def work() -> None:
        gone: list[Any] = []

        def answer(exchange: Exchange) -> None:
            if exchange.head.path == "/wait":
                exchange.on_gone = lambda: gone.append(1)
            else:
                exchange.answer(200, [], bytes(4 << 20))

        app = Tiny(answer)
        async with Front(app, certificate.context) as front:
            client = await front.client(ssl=trusting, server_hostname="localhost")
            client.get()
            assert len((await client.answer()).body) == 4 << 20
            client.get("/wait")
            await until(lambda: len(app.seen) == 2)
            client.writer.close()
            await until(lambda: gone)
            await front.empty()

    run(work(), LOOPS[loop])


def test_over_tls_a_refusal_can_be_read(certificate: OwnCertificate, trusting: ssl.SSLContext) -> None:
    async def work() -> None:
        async with Front(Tiny(limit=lambda _exchange: 100), certificate.context) as front:
            client = await front.client(ssl=trusting, server_hostname="localhost")
            client.get(method="PUT", body=bytes(2 << 20))
            assert (await client.answer()).status == 413
            client.writer.close()
            await front.empty()
            assert isinstance(asyncio.get_running_loop(), SteppedLoop)
            await later(STALL_SECONDS)

    run(work())


def test_the_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    first = OwnCertificate(tmp_path, ["localhost"])
    first.context()
    made = first.file.read_bytes()
    OwnCertificate(tmp_path, ["localhost"]).context()
    assert first.file.read_bytes() == made
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
