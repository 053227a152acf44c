"""Law 9: a restart between any two calls, by hand or by kill -9, changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess
from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples, examples_class
from laws.exceptions import ABSENT, SHOWS_NOTHING
from laws.law import askable, cases, law
from laws.wire import Caller

RESTART = law(9, "a restart changes nothing", lambda one: not one.read_only)


def _snapshot(operation: DeclaredOperation, known: Examples, pointers: dict[str, Any] | None) -> dict[str, Any]:
    """All that the service shows of the resource and lists; what is not there is part of it."""
    shown = {}
    for one in askable(operation.service):
        if (one.service.name, one.name) in SHOWS_NOTHING:
            continue
        if one.read_only and (one.on is None or (pointers and one.on is operation.on)):
            reply = known.caller.call(one.service.name, one.name, known.input_of(one.name, pointers))
            assert reply.status < 500, f"{one.name}: {reply.status} {reply.code} {reply.message}"
            shown[one.name] = reply.code or reply.output
    return shown


def _restart(cloud: CloudProcess, *, killed: bool) -> None:
    if killed:
        cloud.kill()
    else:
        assert cloud.stop() == 0
    cloud.start()


def _law(operation: DeclaredOperation, cloud: CloudProcess, *, killed: bool) -> None:
    service = operation.service.name
    caller = Caller(cloud, "000000000000")
    known = examples_class(service)(caller)
    pointers = known.make(operation.on.__name__) if operation.on else None
    given = known.input_of(operation.name, pointers)
    before = _snapshot(operation, known, pointers)
    _restart(cloud, killed=killed)
    assert _snapshot(operation, known, pointers) == before

    reply = caller.call(service, operation.name, given)
    assert reply.code == ABSENT.get((service, operation.name), ""), f"{reply.status} {reply.message}"
    if operation.on and operation.name == f"Delete{operation.on.__name__}":
        pointers = None
    after = _snapshot(operation, known, pointers)
    _restart(cloud, killed=killed)
    assert _snapshot(operation, known, pointers) == after


@cases(RESTART)
def test_a_kill_between_two_calls_changes_nothing(operation: DeclaredOperation, own_cloud: CloudProcess) -> None:
    _law(operation, own_cloud, killed=True)


@pytest.mark.slow
@cases(RESTART)
def test_a_stop_and_start_between_two_calls_changes_nothing(
    operation: DeclaredOperation, own_cloud: CloudProcess
) -> None:
    _law(operation, own_cloud, killed=False)
