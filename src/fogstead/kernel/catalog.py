"""What there is: services found by their folders, with their operations, jobs and reactions.

A service is imported at its first call, due job or event. Which service owns a job kind is in the kind's name; which
reacts to what is read once per version of the code and kept in the cache.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fogstead.kernel.authority import Authority, NoAuthority
from fogstead.kernel.endpoints import OriginRules, RawEndpoint, RawExchange, Serve, TcpListener, UdpListener
from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.jobs import JobKind, Missed
from fogstead.kernel.outbox import Reaction
from fogstead.kernel.service import DeclaredOperation, Service
from fogstead.model.service import folder_name, service_name
from fogstead.primitives.clock import Millis

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

F = TypeVar("F", bound=Callable[..., Any])

_jobs: dict[str, JobKind] = {}
_reactions: dict[str, Reaction] = {}


def job(kind: str, *, every: Millis | None = None, missed: Missed = "latest") -> Callable[[F], F]:
    """Declare a job kind, `service.what-it-does`: a `def(tx, arguments)` or an `async def(call, arguments)`."""

    def declare(run: F) -> F:
        _jobs[kind] = JobKind(kind, run, inspect.iscoroutinefunction(run), every, missed)
        return run

    return declare


def reaction(event: str, *, name: str) -> Callable[[F], F]:
    """Declare `async def(call, payload)` to be run for every event of a kind; the name `service.what` is durable."""

    def declare(run: F) -> F:
        _reactions[name] = Reaction(name, event, run)
        return run

    return declare


class _Facts(msgspec.Struct):
    """What has to be known of a service before it is imported: raw endpoints by (name, path prefix, host suffix)."""

    operations: list[str]
    reactions: list[tuple[str, str]]
    endpoints: list[tuple[str, str, str]]
    listens: bool


class Catalog:
    """All services in the given packages."""

    def __init__(self, packages: Sequence[str] = ("fogstead.services",), cache: Path | None = None) -> None:
        self._folders = {name: package for package in packages for name in _folders(package)}
        self._services: dict[str, Service] = {}
        self._cache = cache
        self._facts: dict[str, _Facts] | None = None

    @property
    def names(self) -> list[str]:
        """botocore's names of the services that exist here."""
        return sorted(service_name(folder) for folder in self._folders)

    def has(self, name: str) -> bool:
        """Whether there is such a service here."""
        return folder_name(name) in self._folders

    def service(self, name: str) -> Service:
        """A service, imported when it was not; KeyError when it does not exist here."""
        known = self._services.get(name)
        if known is None:
            known = self._services[name] = self._import(folder_name(name))
        return known

    def operation(self, service: str, name: str) -> DeclaredOperation:
        """The function behind an operation; NotImplementedHere when there is none."""
        declared = self.service(service).operations.get(name) if self.has(service) else None
        if declared is None:
            raise NotImplementedHere(f"{name} of {service} is not implemented by this cloud. See `fogstead coverage`.")
        return declared

    def endpoints(self) -> list[RawEndpoint]:
        """What answers requests that are not API calls; its service is imported at the first one."""
        self._read_facts()
        assert self._facts is not None
        return [
            RawEndpoint(name, self._serve_later(folder, name), path_prefix, host_suffix)
            for folder, facts in self._facts.items()
            for name, path_prefix, host_suffix in facts.endpoints
        ]

    def _serve_later(self, folder: str, name: str) -> Serve:
        async def serve(cloud: Cloud, exchange: RawExchange) -> None:
            found = next(endpoint for endpoint in self._endpoints_of(folder) if endpoint.name == name)
            await found.serve(cloud, exchange)

        return serve

    def origin_rules(self, service: str) -> OriginRules | None:
        """What says which web pages may talk to a service's resources; None where no page of another origin may."""
        if not self.has(service):
            return None
        folder = folder_name(service)
        if not self._has_module(folder, "endpoints"):
            return None
        rules: OriginRules | None = getattr(self._module(folder, "endpoints"), "ORIGIN_RULES", None)
        return rules

    def authority(self) -> Authority:
        """Who keeps users, roles and keys: IAM where there is one."""
        if not self.has("iam") or not self._has_module("iam", "authority"):
            return NoAuthority()
        found: Authority = self._module("iam", "authority").AUTHORITY
        return found

    def listeners(self) -> list[TcpListener | UdpListener]:
        """The ports that services ask for."""
        self._read_facts()
        assert self._facts is not None
        return [
            listener
            for folder, facts in self._facts.items()
            if facts.listens
            for listener in self._module(folder, "endpoints").LISTENERS
        ]

    def _endpoints_of(self, folder: str) -> list[RawEndpoint]:
        module = self._module(folder, "endpoints")
        return list(getattr(module, "ENDPOINTS", ()))

    def _has_module(self, folder: str, name: str) -> bool:
        return (_path_of(self._folders[folder]) / folder / f"{name}.py").exists()

    def _module(self, folder: str, name: str) -> ModuleType:
        return importlib.import_module(f"{self._folders[folder]}.{folder}.{name}")

    def job(self, kind: str) -> JobKind:
        """A job kind; its service is imported when it was not."""
        owner = kind.partition(".")[0]
        if kind not in _jobs and owner in self._folders:
            self.service(service_name(owner))
        return _jobs[kind]

    def period(self, kind: str) -> Millis | None:
        """How often a job kind comes round; None when it does not, or is no longer declared."""
        try:
            return self.job(kind).every
        except KeyError:
            return None

    def reactions_to(self, event: str) -> bool:
        """Whether anybody reacts to a kind of event."""
        self._read_facts()
        assert self._facts is not None
        return any(event == kind for facts in self._facts.values() for _, kind in facts.reactions)

    def reactions(self) -> list[Reaction]:
        """All subscribers, imported."""
        self._read_facts()
        assert self._facts is not None
        for folder, facts in self._facts.items():
            if facts.reactions:
                self.service(service_name(folder))
        owners = {name for facts in self._facts.values() for name, _ in facts.reactions}
        return [_reactions[name] for name in sorted(owners)]

    def load_all(self) -> list[Service]:
        """Import everything, which checks every declaration."""
        return [self.service(name) for name in self.names]

    def _import(self, folder: str) -> Service:
        package = self._folders[folder]
        root = importlib.import_module(f"{package}.{folder}")
        for module in pkgutil.iter_modules(root.__path__):
            importlib.import_module(f"{package}.{folder}.{module.name}")
        declaring = importlib.import_module(f"{package}.{folder}.service")
        found = [value for value in vars(declaring).values() if isinstance(value, Service)]
        if len(found) != 1:
            raise TypeError(f"{package}.{folder}.service must make exactly one Service")
        return found[0]

    def _read_facts(self) -> None:
        if self._facts is not None:
            return
        stamp = self._stamp()
        file = self._cache / f"catalog-{stamp}.json" if self._cache is not None else None
        if file is not None:
            try:
                self._facts = msgspec.json.decode(file.read_bytes(), type=dict[str, _Facts])
            except (OSError, msgspec.DecodeError):
                pass
            else:
                return
        self._facts = {folder: self._facts_of(folder) for folder in sorted(self._folders)}
        if file is not None:
            _write(file, msgspec.json.encode(self._facts))

    def _facts_of(self, folder: str) -> _Facts:
        service = self.service(service_name(folder))
        reactions = [(name, one.event) for name, one in _reactions.items() if name.partition(".")[0] == folder]
        if not self._has_module(folder, "endpoints"):
            return _Facts(sorted(service.operations), reactions, [], False)
        endpoints = [(one.name, one.path_prefix, one.host_suffix) for one in self._endpoints_of(folder)]
        listens = bool(getattr(self._module(folder, "endpoints"), "LISTENERS", ()))
        return _Facts(sorted(service.operations), reactions, endpoints, listens)

    def _stamp(self) -> str:
        """Of every file's name, size and time: installers may give all files one time."""
        stamp = hashlib.sha256()
        for folder, package in sorted(self._folders.items()):
            for file in sorted((_path_of(package) / folder).rglob("*.py")):
                seen = file.stat()
                stamp.update(f"{package}/{file}:{seen.st_size}:{seen.st_mtime_ns};".encode())
        return stamp.hexdigest()[:16]


def _folders(package: str) -> list[str]:
    return [module.name for module in pkgutil.iter_modules([str(_path_of(package))]) if module.ispkg]


def _path_of(package: str) -> Path:
    return Path(importlib.import_module(package).__path__[0])


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError:
        return
