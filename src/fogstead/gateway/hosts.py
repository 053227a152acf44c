"""Which names this cloud answers to, and which web pages may talk to it.

Loopback is no boundary: any web page in the user's browser can reach it, and its root keys are public. So a Host that
is not ours (a rebound name) and an Origin that is not the page's own host are refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

_LOOPBACK_NAMES = frozenset({"localhost", "host.docker.internal"})
_SUFFIXES = (
    ".localhost",
    ".localhost.localstack.cloud",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".on.aws",
    ".local.fogstead",
)
_BUCKET_HOSTS = ("localhost", "localhost.localstack.cloud", "amazonaws.com", "amazonaws.com.cn", "local.fogstead")
_NAMES = frozenset({"localhost.localstack.cloud", "s3.amazonaws.com"})
_REMEMBERED_MAX = 10_000
_NAME_CHARACTERS_MAX = 300


class OwnNames:
    """Loopback names, the machine's, the field's conventional suffixes, and what the operator adds."""

    def __init__(self, added: Iterable[str] = ()) -> None:
        added = [name.lower().strip(".") for name in added]
        self._names = _LOOPBACK_NAMES | _NAMES | {socket.gethostname().lower(), *added}
        self._suffixes = (*_SUFFIXES, *("." + name for name in added))
        self._verdicts: dict[str, bool] = {}
        served = "|".join(re.escape(name) for name in (*_BUCKET_HOSTS, *added))
        self._virtual = re.compile(rf"(.+)\.s3(?:\.dualstack)?(?:[.-][a-z]{{2}}(?:-[a-z]+)+-\d)?\.(?:{served})\Z")
        self._buckets: dict[str, str] = {}

    def has(self, host: str) -> bool:
        """Whether a Host header names this cloud. Addresses always do: a rebound name is never one."""
        verdict = self._verdicts.get(host)
        if verdict is None:
            verdict = self._judge(bare(host).lower())
            if len(self._verdicts) < _REMEMBERED_MAX and len(host) <= _NAME_CHARACTERS_MAX:
                self._verdicts[host] = verdict
        return verdict

    def bucket_in(self, host: str) -> str:
        """The bucket that a Host header names before `.s3.`, or nothing."""
        bucket = self._buckets.get(host)
        if bucket is None:
            match = self._virtual.match(bare(host).lower())
            bucket = match[1] if match else ""
            if len(self._buckets) < _REMEMBERED_MAX and len(host) <= _NAME_CHARACTERS_MAX:
                self._buckets[host] = bucket
        return bucket

    def _judge(self, name: str) -> bool:
        return name in self._names or name.endswith(self._suffixes) or _is_address(name)


def bare(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def same_origin(origin: str, host: str) -> bool:
    """Whether a page's origin is the host it is talking to."""
    return origin.partition("://")[2].lower() == host.lower()


def is_loopback(address: str) -> bool:
    """Whether a peer is on this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address in {"", "localhost"}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
