"""One call on its way through the pipeline, from outside or from another service."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fogstead.kernel.asked_actions import Asked
from fogstead.kernel.asking import Answers
from fogstead.kernel.explanation import Explanation
from fogstead.kernel.identity import Principal
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.service import DeclaredOperation
from fogstead.kernel.waiting import Waiter
from fogstead.primitives.store import Home

Finished = Callable[[Any, Exception | None], None]


class Origin(msgspec.Struct, frozen=True):
    """How a call came here. Calls that services make carry on the origin of what caused them."""

    request_id: str
    base_url: str = "http://localhost:4566"
    source_ip: str = ""
    secure: bool = False
    user_agent: str = ""
    referer: str = ""
    auth_type: str = ""
    """How it was signed: REST-HEADER, REST-QUERY-STRING or POST; empty for what was not, and inside."""
    signature_version: str = ""
    signed_at: int = 0
    depth: int = 0
    called_via: tuple[str, ...] = ()
    """The services that called on the caller's behalf, in turn."""
    source_arn: str = ""
    source_account: str = ""

    @property
    def via(self) -> str:
        """The service that calls on the caller's behalf; empty for everybody else."""
        return self.called_via[-1] if self.called_via else ""


def host_id(request_id: str) -> str:
    """S3's second identifier of a request, which people are asked for together with the first."""
    return base64.b64encode(hashlib.sha384(request_id.encode("ascii")).digest()).decode("ascii")


class Invocation:
    """What the stages read and write: these fields and no others."""

    __slots__ = (
        "answers",
        "arrived",
        "asked",
        "caller",
        "cancelled",
        "deadline",
        "denied",
        "effects",
        "home",
        "input",
        "located",
        "on_finished",
        "operation",
        "origin",
        "resource",
        "started_at",
        "throttled",
        "token_digest",
        "woken",
    )

    def __init__(
        self,
        operation: DeclaredOperation,
        given: Mapping[str, Any],
        caller: Principal,
        home: Home,
        origin: Origin,
        on_finished: Finished,
        started_at: int,
    ) -> None:
        self.operation = operation
        self.input = given
        self.caller = caller
        self.home = home
        self.origin = origin
        self.on_finished = on_finished
        self.started_at = started_at
        self.located: Located | None = None
        self.resource: Resource | None = None
        self.deadline: int | None = None
        self.effects: list[Callable[[], None]] = []
        self.cancelled = False
        self.throttled = False
        self.token_digest = b""
        self.arrived = ""
        self.woken: Waiter | None = None
        self.answers = Answers()
        self.asked: list[Asked] = []
        self.denied: Explanation | None = None

    @property
    def target_home(self) -> Home:
        """Where its transaction runs: the home of the resource, or of its kind; it may be another account's."""
        if self.located is not None:
            return self.located.home
        operation = self.operation
        cls = operation.on or operation.creates or operation.lists
        if cls is not None:
            return cls.home_for(self.home)
        return self.home if operation.service.scope == "region" else home_of(self.home.account, "")
