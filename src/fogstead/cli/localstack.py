"""Variables that people who come from LocalStack have set already: what they mean here, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(slots=True)
class Fallbacks:
    """What the variables ask for; Fogstead's own options and variables win over these."""

    host: str | None = None
    port: int | None = None
    host_names: tuple[str, ...] = ()
    log_level: str | None = None
    warnings: list[str] = field(default_factory=list)


def read(environ: Mapping[str, str]) -> Fallbacks:
    """Read them all; each one that has no effect gives one warning."""
    found = Fallbacks()
    if environ.get("EDGE_PORT"):
        _edge_port(environ["EDGE_PORT"], found)
    if environ.get("GATEWAY_LISTEN"):
        _gateway_listen(environ["GATEWAY_LISTEN"], found)
    names = [environ.get(name, "").rpartition(":")[0] or environ.get(name, "") for name in _HOST_VARIABLES]
    found.host_names = tuple(dict.fromkeys(name for name in names if name))
    if environ.get("DEBUG", "").lower() in _TRUE:
        found.log_level = "debug"
    if environ.get("SERVICES"):
        found.warnings.append("SERVICES has no effect: services are loaded when they are first called.")
    if environ.get("PERSISTENCE", "1").lower() not in _TRUE:
        found.warnings.append(
            "PERSISTENCE has no effect: state is always kept; use an empty --data-dir to start afresh."
        )
    if environ.get("ENFORCE_IAM", "1").lower() not in _TRUE:
        found.warnings.append("ENFORCE_IAM has no effect: use --auth off or --auth audit to let every call through.")
    return found


_HOST_VARIABLES = ("LOCALSTACK_HOST", "HOSTNAME_EXTERNAL")


def _edge_port(text: str, found: Fallbacks) -> None:
    if text.isdigit():
        found.port = int(text)
    else:
        found.warnings.append(f"EDGE_PORT={text} has no effect: it is not a number.")


def _gateway_listen(text: str, found: Fallbacks) -> None:
    """`host:port`, `:port` or `host`; of several addresses the first."""
    first, *others = [part.strip() for part in text.split(",") if part.strip()] or [""]
    host, colon, port = first.rpartition(":")
    if colon and (host == "" or ":" not in host or host.startswith("[")) and port.isdigit():
        found.host, found.port = host.strip("[]") or None, int(port)
    elif first and ":" not in first:
        found.host = first
    else:
        found.warnings.append(f"GATEWAY_LISTEN={text} has no effect: it is not HOST:PORT.")
        return
    if others:
        found.warnings.append(f"GATEWAY_LISTEN: only {first} is listened on; {', '.join(others)} has no effect.")
