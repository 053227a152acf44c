"""Both engines send what they are given, count what they get and stop when they are told."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from benchmarks.replay import Drained, Load, Outcome, Script, _replay_compiled, compiled_engine, run_scripts

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
PIECES = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
REQUEST = b"GET /%s HTTP/1.1\r\nhost: x\r\n\r\n"


class Answers:
    """A server that answers each path in its own way; it takes a body where one is announced."""

    received: set[bytes]

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            while data := line.recv(4096):
                path = data.split(b" ")[1]
                head, _, rest = data.partition(b"\r\n\r\n")
                length, body = int(head.partition(b"content-length: ")[2] or 0), bytearray(rest)
                if path == b"/early":
                    line.sendall(BAD)
                while len(body) < length and (more := line.recv(min(1 << 16, length - len(body)))):
                    body += more
                if path == b"/early":
                    continue
                self.received.add(bytes(body))
                answer = {b"/bad": BAD, b"/close": CLOSING, b"/pieces": PIECES}.get(path, GOOD)
                line.sendall(answer)
                if answer is CLOSING:
                    return

    def close(self) -> None:
        """Accept no more."""
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Answers]:
    """One for each test."""
    answers = Answers()
    yield answers
    answers.close()


def by_c(port: int, requests: list[bytes], load: Load, tail: bytes = b"") -> Outcome:
    """The compiled engine."""
    engine = compiled_engine()
    if engine is None:
        pytest.skip("there is no C compiler")
    return _replay_compiled(engine, port, requests, load, tail)


def by_python(port: int, requests: list[bytes], load: Load, tail: bytes = b"") -> Outcome:
    """The engine for scripts."""

    def one(number: int) -> Script:
        yield requests[number % len(requests)]

    return run_scripts(port, one, load, tail)


@pytest.mark.parametrize("engine", [by_c, by_python])
def test_good_and_bad_answers_are_counted(server: Answers, engine: Callable[..., Outcome]) -> None:
    requests = [REQUEST % path for path in (b"good", b"bad", b"pieces", b"close")]
    outcome = engine(server.port, requests, Load(connections=4, seconds=10, max_ops=400))
    assert (outcome.operations, outcome.failures) == (300, 100)
    assert outcome.first_failure.startswith(("HTTP/1.1 500", "500"))
    assert outcome.wall < 10
    assert 0 < outcome.percentile(0.5) <= outcome.percentile(0.99)


@pytest.mark.parametrize("engine", [by_c, by_python])
def test_a_run_is_bounded_in_time(server: Answers, engine: Callable[..., Outcome]) -> None:
    outcome = engine(server.port, [REQUEST % b"good"], Load(connections=2, seconds=0.3, max_ops=10**9))
    assert outcome.operations > 10
    assert 0.25 < outcome.wall < 5


@pytest.mark.parametrize("engine", [by_c, by_python])
def test_every_request_ends_with_the_tail(server: Answers, engine: Callable[..., Outcome]) -> None:
    tail = random.Random(1).randbytes(5_000_000)
    put = b"PUT /%s HTTP/1.1\r\ncontent-length: 5000000\r\n\r\n"
    outcome = engine(server.port, [put % b"a", put % b"b"], Load(connections=2, seconds=10, max_ops=6), tail)
    assert (outcome.operations, outcome.failures) == (6, 0)
    assert server.received == {tail}


@pytest.mark.parametrize("engine", [by_c, by_python])
def test_an_answer_before_the_whole_request_was_sent_ends_the_connection(
    server: Answers, engine: Callable[..., Outcome]
) -> None:
    tail = bytes(20_000_000)  # more than a connection holds on its way
    requests = [b"PUT /%s HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n" % path for path in (b"early", b"late")]
    outcome = engine(server.port, requests, Load(connections=1, seconds=10, max_ops=4), tail)
    assert (outcome.operations, outcome.failures) == (2, 2)
    assert server.received == {tail}


def test_a_script_sees_replies_and_may_end_the_run(server: Answers) -> None:
    seen = []

    def one(number: int) -> Script:
        if number == 5:
            raise Drained
        reply = yield REQUEST % b"good"
        seen.append(reply.body)
        yield REQUEST % b"good"

    outcome = run_scripts(server.port, one, Load(connections=1, seconds=10, max_ops=100))
    assert outcome.operations == 5
    assert seen == [b"ok"] * 5
