"""A service's model: its operations, protocols, paginators and waiters."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fogstead.model.shapes import Data, Shape


@dataclass(frozen=True, slots=True)
class Pagination:
    """How an operation hands out its list in pages."""

    input_token: str
    output_token: str
    result_key: str
    limit_key: str | None
    more_results: str | None = None


class Operation:
    """One operation: its HTTP binding, its input and output shapes, its modelled errors."""

    def __init__(self, service: ServiceModel, name: str, data: Data) -> None:
        self.service = service
        self.name = name
        self.data = data
        http = data.get("http", {})
        self.method: str = http.get("method", "POST")
        self.uri: str = http.get("requestUri", "/")
        self.status: int = int(http.get("responseCode", 200))

    def __repr__(self) -> str:
        return f"<Operation {self.service.name}.{self.name}>"

    @cached_property
    def input(self) -> Shape | None:
        """The shape of what is asked, or None for operations that take nothing."""
        return self._shape("input")

    @cached_property
    def output(self) -> Shape | None:
        """The shape of what is answered, or None."""
        return self._shape("output")

    def _shape(self, side: str) -> Shape | None:
        reference = self.data.get(side)
        return Shape(self.service.shapes, reference["shape"], reference) if reference else None

    @cached_property
    def errors(self) -> tuple[str, ...]:
        """The names of the error shapes the model lists for it."""
        return tuple(error["shape"] for error in self.data.get("errors", ()))

    @cached_property
    def token_member(self) -> str | None:
        """The input member that makes a repeated call harmless, when the model marks one."""
        members = self.input.members if self.input else {}
        return next((name for name, shape in members.items() if shape.trait("idempotencyToken")), None)

    @cached_property
    def streams_input(self) -> bool:
        """Whether the body is read as it comes."""
        return _streams(self.input)

    @cached_property
    def streams_output(self) -> bool:
        """Whether the answer is written as it is made."""
        return _streams(self.output)

    @property
    def pagination(self) -> Pagination | None:
        """From the model's paginators; None when the operation answers at once."""
        return self.service.paginators.get(self.name)

    @property
    def reads_only(self) -> bool:
        """Whether its name says that it changes nothing."""
        return self.name.startswith(("Get", "List", "Describe", "Head"))


def _streams(shape: Shape | None) -> bool:
    return bool(shape and shape.payload and shape.members[shape.payload].streaming)


class ServiceModel:
    """Everything the model says of one service."""

    def __init__(self, name: str, data: Data) -> None:
        self.name = name
        self.metadata: Data = data["metadata"]
        self.shapes: Data = data["shapes"]
        self._operations: Data = data["operations"]
        self._paginators: Data = data.get("pagination", {})
        self.waiters: Data = data.get("waiters", {})
        self.query_errors: Data = data.get("query_errors", {})
        self._made: dict[str, Operation] = {}

    def __repr__(self) -> str:
        return f"<ServiceModel {self.name}>"

    @property
    def operation_names(self) -> tuple[str, ...]:
        """Every modelled operation."""
        return tuple(self._operations)

    def operation(self, name: str) -> Operation:
        """One operation; KeyError when the model has none of that name."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Operation(self, name, self._operations[name])
        return made

    def has_operation(self, name: str) -> bool:
        """Whether the model knows it."""
        return name in self._operations

    def shape(self, name: str) -> Shape:
        """A shape by name; KeyError when there is none."""
        return Shape(self.shapes, name)

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """The wire protocols it speaks, the preferred one first."""
        return tuple(self.metadata.get("protocols") or (self.metadata["protocol"],))

    @property
    def api_version(self) -> str:
        """The date that Query requests carry as Version."""
        return str(self.metadata["apiVersion"])

    @property
    def signing_name(self) -> str:
        """The service's name in a signature's scope."""
        return str(self.metadata.get("signingName") or self.metadata["endpointPrefix"])

    @property
    def target_prefix(self) -> str:
        """What stands before the dot in X-Amz-Target, or empty."""
        return str(self.metadata.get("targetPrefix", ""))

    @property
    def xml_namespace(self) -> str:
        """The namespace of its XML answers, or empty."""
        namespace = self.metadata.get("xmlNamespace", "")
        return str(namespace.get("uri", "") if isinstance(namespace, dict) else namespace)

    @cached_property
    def paginators(self) -> dict[str, Pagination]:
        """Operation name to pagination, for those with one plain token and one list."""
        return {name: made for name, data in self._paginators.items() if (made := _pagination(data)) is not None}

    @cached_property
    def error_shapes(self) -> frozenset[str]:
        """The names of all shapes that are errors; empty where the service models none."""
        return frozenset(name for name, shape in self.shapes.items() if shape.get("exception"))


def _pagination(data: Data) -> Pagination | None:
    token, answer, result = data.get("input_token"), data.get("output_token"), data.get("result_key")
    first: Any = result[0] if isinstance(result, list) else result
    if not (isinstance(token, str) and isinstance(answer, str) and isinstance(first, str)):
        return None
    return Pagination(token, answer.split(" ")[0], first, data.get("limit_key"), data.get("more_results"))


def folder_name(service: str) -> str:
    """botocore's name as a Python name."""
    name = service.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def service_name(folder: str) -> str:
    """A folder's name as botocore spells it."""
    return folder.rstrip("_").replace("_", "-")
