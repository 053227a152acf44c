"""From a request to a service, a protocol and an operation, by what the models say.

The service is told by the signature's scope, the target header, the RPC path, the Action's version or the host, in this
order; what nothing names is S3's. An operation is told by the target, the path or the Action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from fogstead.gateway.http1 import Head
from fogstead.gateway.protocols.form import decode
from fogstead.kernel.errors import InvalidAction, UnknownOperation
from fogstead.model import Operation, ServiceModel
from fogstead.model.loader import Models

_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)\Z")
_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(r"(?:^|&)Version=([^&]*)")
_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")
_DEFAULT = "s3"
_ACCOUNT_PATH = "/v20180820/"
_CREDENTIAL = re.compile(r"Credential=[^,\s]*/([^/,\s]+)/aws4_request")
Rank = tuple[int, ...]
_DEPTH_MAX = 4
_NO_ENTRIES: list[Any] = []
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    model: ServiceModel
    protocol: str
    operation: Operation
    labels: Mapping[str, str] = field(default_factory=dict)


class Router:
    """Reads routes off the models; knows no service by name but the one that takes everything else."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._targets: dict[str, list[str]] = {}
        self._signing: dict[str, list[str]] = {}
        self._versions: dict[str, list[str]] = {}
        self._hosts: dict[str, str] = {}
        self._rest: dict[str, RestTable] = {}
        self._known: dict[tuple[str, str], Route] = {}
        for name, facts in models.index().items():
            self._add(name, facts)

    def _add(self, name: str, facts: Mapping[str, Any]) -> None:
        prefix = facts["endpointPrefix"]
        signing = facts.get("signingName") or prefix
        # A name that is the service's own comes before one that other services share with it.
        self._signing.setdefault(signing, []).insert(0 if name == signing else len(self._signing[signing]), name)
        self._hosts.setdefault(prefix, name)
        if name == signing:
            self._hosts[prefix] = name
        if facts.get("targetPrefix"):
            self._targets.setdefault(facts["targetPrefix"], []).append(name)
        self._versions.setdefault(facts["apiVersion"], []).append(name)

    def model_of(self, head: Head) -> ServiceModel:
        """The service a request is most likely for, to speak its protocol in an error."""
        return self._models.load(self._service(head, b"", signing_service(head)))

    def route(self, head: Head, body: bytes, signed_for: str | None = None, bucket: str = "") -> Route:
        """UnknownOperation or InvalidAction when no operation is named that the service has.

        `signed_for` is the service in the signature's scope, where that has been read already; `bucket` is what the
        host names where the path does not.
        """
        target = head.headers.get("x-amz-target")
        if target is not None:
            route = self._known.get((target, head.headers.get("smithy-protocol", "")))
            if route is not None:
                return route
        signed_for = signing_service(head) if signed_for is None else signed_for
        model = self._models.load(self._service(head, body, signed_for))
        protocol = _protocol(model, head)
        if protocol in {"query", "ec2"}:
            return Route(model, protocol, _by_action(model, _action(head, body)))
        if protocol == "json":
            made = Route(model, protocol, _by_name(model, (target or "").rpartition(".")[2]))
            if target is not None and len(self._known) < 20_000:
                self._known[target, head.headers.get("smithy-protocol", "")] = made
            return made
        if protocol == "smithy-rpc-v2-cbor":
            match = _RPC_PATH.search(head.path)
            return Route(model, protocol, _by_name(model, match[2] if match else ""))
        path = f"/{bucket}{head.path}" if bucket and model.name == _DEFAULT else head.path
        operation, labels = self._rest_table(model).match(head, path)
        return Route(model, protocol, operation, labels)

    def is_default(self, head: Head) -> bool:
        """Whether nothing in a request's head names another service than the one that takes everything else."""
        return "x-amz-target" not in head.headers and self._service(head, b"", signing_service(head)) == _DEFAULT

    def _rest_table(self, model: ServiceModel) -> RestTable:
        table = self._rest.get(model.name)
        if table is None:
            table = self._rest[model.name] = RestTable(model)
        return table

    def _service(self, head: Head, body: bytes, signed_for: str) -> str:
        target = head.headers.get("x-amz-target")
        if target is not None:
            prefix, _, operation = target.rpartition(".")
            if prefix in self._targets:
                return self._having(operation, self._targets[prefix])
        rpc = _RPC_PATH.search(head.path)
        if rpc is not None and rpc[1] in self._targets:
            return self._having(rpc[2], self._targets[rpc[1]])
        candidates = self._signing.get(signed_for, [])
        if len(candidates) == 1:
            return candidates[0]
        if signed_for == _DEFAULT and not head.path.startswith(_ACCOUNT_PATH):
            return self._by_host_among(head, candidates) or _DEFAULT
        return (
            self._by_version(head, body, candidates)
            or self._by_host(head)
            or self._by_path(head, candidates)
            or next(iter(candidates), _DEFAULT)
        )

    def _having(self, operation: str, names: list[str]) -> str:
        """The first of these services that has the operation, or the first."""
        if len(names) == 1:
            return names[0]
        return next((name for name in names if self._models.load(name).has_operation(operation)), names[0])

    def _by_version(self, head: Head, body: bytes, candidates: list[str]) -> str | None:
        version = _parameter(_VERSION, head, body)
        known = self._versions.get(version, [])
        named = [name for name in candidates if name in known] if candidates else known
        action = _parameter(_ACTION, head, body)
        having = [name for name in named if action and self._models.load(name).has_operation(action)]
        return having[0] if having else None

    def _by_host_among(self, head: Head, candidates: list[str]) -> str | None:
        """For the service that takes everything else only the host tells, for its paths fit anything."""
        named = self._by_host(head)
        return named if named in candidates else None

    def _by_host(self, head: Head) -> str | None:
        host = head.headers.get("host", "").partition(":")[0]
        return next((self._hosts[label] for label in host.split(".")[:2] if label in self._hosts), None)

    def _by_path(self, head: Head, candidates: list[str]) -> str | None:
        """Services that share a signing name are told apart by the path that fits best; the first wins a draw."""
        best: Rank = ()
        found = None
        for name in candidates:
            model = self._models.load(name)
            if _protocol(model, head).startswith("rest"):
                rank = self._rest_table(model).rank(head)
                if rank is not None and rank > best:
                    best, found = rank, name
        return found


def signing_service(head: Head) -> str:
    """The service in the signature's scope, unchecked; empty for anonymous requests."""
    text = head.headers.get("authorization") or (unquote(head.query) if "X-Amz-Credential" in head.query else "")
    match = _CREDENTIAL.search(text)
    return match[1] if match else ""


def _protocol(model: ServiceModel, head: Head) -> str:
    """Which of the service's protocols a request speaks."""
    spoken = model.protocols
    if len(spoken) == 1:
        return spoken[0]
    if head.headers.get("smithy-protocol") == "rpc-v2-cbor" and "smithy-rpc-v2-cbor" in spoken:
        return "smithy-rpc-v2-cbor"
    content_type = head.headers.get("content-type", "")
    if "query" in spoken and (content_type.startswith(_FORM) or (head.method == "GET" and "Action=" in head.query)):
        return "query"
    if "json" in spoken and ("x-amz-target" in head.headers or content_type.startswith("application/x-amz-json")):
        return "json"
    return spoken[0]


def _parameter(pattern: re.Pattern[str], head: Head, body: bytes) -> str:
    """A parameter of the query string, or of a form."""
    match = pattern.search(head.query)
    if match is None and head.headers.get("content-type", "").startswith(_FORM):
        match = pattern.search(body.decode("latin-1"))
    return decode(match[1]) if match else ""


def _action(head: Head, body: bytes) -> str:
    match = _ACTION.search(body.decode("latin-1")) or _ACTION.search(head.query)
    return decode(match[1]) if match else ""


def _by_action(model: ServiceModel, action: str) -> Operation:
    if not model.has_operation(action):
        shown = f"The action {action[:100]} is not valid for this web service." if action else None
        raise InvalidAction(shown)
    return model.operation(action)


def _by_name(model: ServiceModel, name: str) -> Operation:
    if not model.has_operation(name):
        raise UnknownOperation
    return model.operation(name)


class RestTable:
    """A service's operations by method and path; literal paths and queries win over labels."""

    def __init__(self, model: ServiceModel) -> None:
        entries = [_RestEntry(model.operation(name)) for name in model.operation_names]
        self._whole = bool(model.metadata.get("routesWhole"))
        self._by_method: dict[str, list[_RestEntry]] = {}
        for entry in sorted(entries, key=lambda entry: entry.rank, reverse=True):
            self._by_method.setdefault(entry.operation.method, []).append(entry)
        # Most requests have no query string: for these only few entries come into question, by the path's depth.
        self._plain = {
            (method, depth): [entry for entry in ranked if not entry.literals and entry.may_have(depth)]
            for method, ranked in self._by_method.items()
            for depth in range(_DEPTH_MAX + 1)
        }

    def match(self, head: Head, path: str | None = None) -> tuple[Operation, dict[str, str]]:
        """The operation and its labels; UnknownOperation when there is none."""
        path = head.path if path is None else path
        entry, labels = self._find(head, path)
        if entry is None:
            raise UnknownOperation(Method=head.method, ResourceType=_kind_of(path))
        return entry.operation, labels

    def rank(self, head: Head) -> Rank | None:
        """How well a request fits this service, to compare with others."""
        entry, _ = self._find(head, head.path)
        return None if entry is None else entry.rank_of(head)

    def _find(self, head: Head, path: str) -> tuple[_RestEntry | None, dict[str, str]]:
        """The first entry that fits whole, else the first that lacks a member which it requires."""
        parts = frozenset(head.query.split("&")) if head.query else frozenset()
        names = {part.partition("=")[0] for part in parts}
        lacking: tuple[_RestEntry | None, dict[str, str]] = None, {}
        if parts:
            ranked = self._by_method.get(head.method, _NO_ENTRIES)
        else:
            ranked = self._plain.get((head.method, min(path.rstrip("/").count("/"), _DEPTH_MAX)), _NO_ENTRIES)
        for entry in ranked:
            labels = entry.match(path, names, parts)
            if labels is None:
                continue
            best = lacking[0]
            if best is not None and entry.rank[0] < best.rank[0]:
                break  # what stands in the URI itself says more than what is required beside it
            if entry.has_required(names, head.headers):
                return entry, labels
            if self._whole and not entry.literals:
                continue
            if best is None or entry.literal > best.literal:
                lacking = entry, labels
        return lacking


class _RestEntry:
    """One operation's path as an expression, with the query parts that are written into its URI."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        path, _, query = operation.uri.partition("?")
        self._labels = [label for label, _ in _LABEL.findall(path)]
        self.literals = [part for part in query.split("&") if part]
        self._required = _required(operation, "querystring")
        self._required_headers = frozenset(name.lower() for name in _required(operation, "header"))
        pattern, at = [], 0
        for match in _LABEL.finditer(path):
            pattern.append(re.escape(path[at : match.start()]))
            pattern.append("(.+)" if match[2] else "([^/]+)")
            at = match.end()
        tail = path[at:].rstrip("/") if len(path) > 1 else ""
        pattern.append(re.escape(tail) + "/?")
        self._pattern = re.compile("".join(pattern) + r"\Z", re.DOTALL)
        self.literal = len(_LABEL.sub("", path))
        required = len(self._required) + len(self._required_headers)
        current = not operation.data.get("deprecated", False)
        self.rank: Rank = (len(self.literals), required, -path.count("+}"), self.literal, current)
        self._ends_open = path.endswith("/")
        self._depth = path.rstrip("/").count("/")
        self._deeper = any(greedy for _, greedy in _LABEL.findall(path))

    def may_have(self, depth: int) -> bool:
        """Whether a path with so many slashes, or with the most that are told apart, can be this one's.

        One that ends in slashes has fewer than it shows, and may still belong to a label that takes them.
        """
        return self._deeper or depth in {self._depth, _DEPTH_MAX} or self._depth > _DEPTH_MAX

    def match(self, path: str, names: set[str], parts: frozenset[str]) -> dict[str, str] | None:
        """The labels, or None when the request is for another operation."""
        for literal in self.literals:
            if literal not in parts and ("=" in literal or literal not in names):
                return None
        match = self._pattern.match(path)
        if match is None:
            return None
        return {label: unquote(value) for label, value in zip(self._labels, match.groups(), strict=True)}

    def has_required(self, names: set[str], headers: Mapping[str, str]) -> bool:
        """Whether everything is there that the operation requires outside its body."""
        return self._required <= names and all(name in headers for name in self._required_headers)

    def rank_of(self, head: Head) -> Rank:
        """Its rank for a request; lowest for one that lacks something required."""
        names = {part.partition("=")[0] for part in head.query.split("&")}
        slash = head.path.endswith("/") == self._ends_open
        return (self.has_required(names, head.headers), slash, *self.rank)


def _kind_of(path: str) -> str:
    """What S3 calls a thing by how deep its path is."""
    depth = path.strip("/").count("/") + bool(path.strip("/"))
    return ("SERVICE", "BUCKET", "OBJECT")[min(depth, 2)]


def _required(operation: Operation, location: str) -> frozenset[str]:
    """Required members in the query string or the headers tell apart operations on the same path."""
    shape = operation.input
    if shape is None:
        return frozenset()
    return frozenset(
        shape.members[name].wire_name for name in shape.required if shape.members[name].location == location
    )
