"""Processor time and memory out of /proc."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from benchmarks.process import MIB, Growth, cpu_seconds, pss_bytes, stat_fields, ticks_used, tree

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")
STAT = "42 (a (strange) name) S 7 42 42 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 500 1000 10"


def test_a_name_may_hold_parentheses() -> None:
    assert stat_fields(STAT)[:2] == ["S", "7"]


def test_user_system_and_childrens_time_count() -> None:
    assert ticks_used(STAT) == 11 + 22 + 33 + 44


def test_a_child_counts_with_its_parent() -> None:
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    script = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {burn!r}]); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while cpu_seconds(process.pid) < 0.3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(tree(process.pid)) == 2
        assert 0.3 <= cpu_seconds(process.pid) < 5
        assert MIB < pss_bytes(process.pid) < 200 * MIB
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert cpu_seconds(process.pid) == 0


def test_growth_is_seen_at_its_worst_moment_and_not_what_was_before() -> None:
    script = (
        "import sys\n"
        "first = b'a' * 90_000_000\n"
        "del first\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "second = b'b' * 50_000_000\n"
        "print('grown', flush=True)\n"
        "sys.stdin.readline()\n"
        "del second\n"
        "print('done', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin as into, process.stdout as out:
        assert out.readline() == b"ready\n"
        with Growth(process.pid) as growth:
            into.write(b"\n")
            into.flush()
            assert out.readline() == b"grown\n"
            deadline = time.monotonic() + 30
            while growth.pss < 49_000_000 and time.monotonic() < deadline:
                time.sleep(0.01)
            into.write(b"\n")
            into.flush()
            assert out.readline() == b"done\n"
        into.write(b"\n")
    assert 49_000_000 < growth.rss < 60_000_000
    assert 49_000_000 < growth.pss < 60_000_000


def test_what_is_gone_costs_nothing() -> None:
    assert pss_bytes(2**22 + 1) == 0
