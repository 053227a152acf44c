"""A cloud that looks at its own stack now and then, by the processor time it uses. `profile.py` starts it.

SIGUSR1 forgets what was seen so far; SIGUSR2 writes it to the file named first. A signal waits for the interpreter
to act on it: what uvloop and the kernel do between two callbacks shows as the first instruction of the next
callback, so samples there belong to the event loop.
"""

from __future__ import annotations

import dis
import json
import signal
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

INTERVAL_SECONDS = 0.001
OUTSIDE = "event loop, sockets, kernel"
ACCOUNTS = "audit, counts, meter"
_FUNCTIONS_OF_WRITE = ("answer", "answer_stream", "_finish_head", "_done", "_next", "_has_length", "__call__")
_ACCOUNTING = frozenset(
    f"kernel/{name}.py"
    for name in ("asked_actions", "audit", "audit_log", "last_uses", "levels", "meter", "metrics", "selection", "usage")
)
_FOLDERS = (
    ("gateway/http1.py", "head"),
    ("gateway/signature.py", "signature"),
    ("gateway/routing.py", "route"),
    ("gateway/", "gateway: from request to call"),
    ("kernel/", "pipeline"),
    ("model/", "pipeline"),
    ("services/", "service"),
    ("primitives/store/", "store"),
    ("primitives/blobs/", "blobs"),
    ("main.py", OUTSIDE),
)


@cache
def stage_of(path: str, function: str) -> str | None:
    """The stage a function belongs to; None where its caller says."""
    _, found, inside = path.rpartition("/fogstead/")
    if not found:
        return OUTSIDE if path.endswith("/asyncio/runners.py") else None
    if inside.startswith("gateway/protocols/"):
        return {"decode": "decode", "encode": "encode", "error": "encode"}.get(function)
    if inside == "gateway/connection.py":
        return "write" if function in _FUNCTIONS_OF_WRITE else "read"
    if accounts(path) or (inside == "kernel/pipeline.py" and function in {"_finish", "_bill"}):
        return ACCOUNTS
    return next((stage for folder, stage in _FOLDERS if inside.startswith(folder)), None)


@cache
def accounts(path: str) -> bool:
    """Whether a file counts, bills or records: all that it has done for it belongs to that."""
    _, found, inside = path.rpartition("/fogstead/")
    return bool(found) and (
        inside in _ACCOUNTING or (inside.startswith("services/") and inside.endswith("/billing.py"))
    )


@cache
def _resumes_at(code: CodeType) -> int:
    return next((each.offset for each in dis.get_instructions(code) if each.opname == "RESUME"), 0)


def _starts(frame: FrameType) -> bool:
    """Whether it is a callback of the event loop that has only just been entered."""
    above = frame.f_back
    from_loop = above is None or above.f_code.co_filename.endswith("/asyncio/runners.py")
    return from_loop and frame.f_lasti <= _resumes_at(frame.f_code)


def attribute(frame: FrameType | None) -> str:
    """The stage of the innermost frame that has one, unless it works for those who count, bill or record."""
    if frame is not None and _starts(frame):
        return OUTSIDE
    innermost = None
    while frame is not None:
        path = frame.f_code.co_filename
        if accounts(path):
            return ACCOUNTS
        innermost = innermost or stage_of(path, frame.f_code.co_name)
        frame = frame.f_back
    return innermost or OUTSIDE


class Sampler:
    """Counts stages and lines."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()

    def take(self, _number: int, frame: FrameType | None) -> None:
        """One look."""
        stage = attribute(frame)
        self.stages[stage] += 1
        if frame is not None and stage != OUTSIDE:
            path = Path(frame.f_code.co_filename)
            self.lines[f"{path.parent.name}/{path.name}:{frame.f_lineno} {frame.f_code.co_name}"] += 1

    def forget(self) -> None:
        """Start afresh."""
        self.stages.clear()
        self.lines.clear()

    def dump(self, file: Path) -> None:
        """Write it; the file appears whole."""
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({"stages": self.stages, "lines": self.lines.most_common(60)}))
        fresh.replace(file)


def main() -> None:
    """`sampled.py FILE start --port ...`."""
    from fogstead.cli import main as command  # noqa: PLC0415 - the rest of this module is also read by the tests

    file = Path(sys.argv.pop(1))
    sampler = Sampler()
    signal.signal(signal.SIGUSR1, lambda *_: sampler.forget())
    signal.signal(signal.SIGUSR2, lambda *_: sampler.dump(file))
    signal.signal(signal.SIGPROF, sampler.take)
    signal.siginterrupt(signal.SIGPROF, False)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    command()


if __name__ == "__main__":
    main()
