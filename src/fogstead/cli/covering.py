"""What is implemented, counted from the declarations and the models; never written by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fogstead.kernel.catalog import Catalog
from fogstead.kernel.service import DeclaredOperation, Service

START, END = "<!-- coverage: written by `fogstead coverage --write` -->", "<!-- end of coverage -->"


@dataclass(frozen=True, slots=True)
class OperationCoverage:
    """One operation of a model: answered, or 501."""

    name: str
    implemented: bool
    ignores: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceCoverage:
    """One service."""

    name: str
    operations: tuple[OperationCoverage, ...]

    @property
    def implemented(self) -> int:
        """How many operations are answered."""
        return sum(operation.implemented for operation in self.operations)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return 100 * self.implemented // len(self.operations)


def coverage_of(service: Service) -> ServiceCoverage:
    """From the model's operations and what the service declares of them."""
    declared = service.operations
    return ServiceCoverage(
        service.name, tuple(_operation(name, declared.get(name)) for name in sorted(service.model.operation_names))
    )


def _operation(name: str, declared: DeclaredOperation | None) -> OperationCoverage:
    if declared is None:
        return OperationCoverage(name, implemented=False)
    return OperationCoverage(name, implemented=True, ignores=declared.ignores, refuses=declared.refuses)


def all_coverage() -> list[ServiceCoverage]:
    """Every service there is."""
    return [coverage_of(service) for service in Catalog().load_all()]


def summary_lines(services: Iterable[ServiceCoverage]) -> list[str]:
    """A table for the README."""
    rows = [f"| {one.name} | {one.implemented} | {len(one.operations)} | {one.percent}% |" for one in services]
    return ["| service | implemented | operations | |", "|---|---:|---:|---:|", *rows]


def document(services: list[ServiceCoverage]) -> str:
    """`docs/coverage.md`, whole."""
    lines = [
        "# Coverage",
        "",
        "Written by `fogstead coverage --write` from the declarations; a test keeps it current. What is not",
        "implemented answers 501 in its service's own protocol. *Ignored* members are read and have no effect;",
        "*refused* members are answered with an error.",
        "",
        *summary_lines(services),
    ]
    for one in services:
        lines += ["", f"## {one.name}", "", *_service_lines(one)]
    return "\n".join(lines) + "\n"


def _service_lines(service: ServiceCoverage) -> list[str]:
    done = [operation for operation in service.operations if operation.implemented]
    missing = [f"`{operation.name}`" for operation in service.operations if not operation.implemented]
    lines = ["| implemented | ignored members | refused members |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {', '.join(one.ignores)} | {', '.join(one.refuses)} |" for one in done]
    if not done:
        lines = ["Nothing is implemented yet."]
    return [*lines, "", "Not implemented: " + (", ".join(missing) if missing else "nothing is missing") + "."]


def between_markers(text: str, services: Iterable[ServiceCoverage]) -> str | None:
    """The text with its table written anew; None when it has no markers."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        return None
    return "\n".join([before + START, *summary_lines(services), END + after])
