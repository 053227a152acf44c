"""Declarations: a service, its errors, quotas, metrics and operations, each checked against the model on import.

A wrong declaration fails with a sentence that says what was expected; `tests/kernel/test_declarations.py` reads them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from fogstead.kernel.bodies import Hashes, Seal
from fogstead.kernel.errors import (
    InvalidNextToken,
    QueryValidationError,
    QuotaExceeded,
    ServiceError,
    Throttled,
    TokenReused,
    ValidationError,
    declare,
)
from fogstead.kernel.meter import Bills, PriceLine
from fogstead.kernel.quotas import Quota
from fogstead.kernel.throttling import Rate
from fogstead.kernel.usage import Per
from fogstead.model import Operation, ServiceModel
from fogstead.model.loader import UnknownService
from fogstead.model.standard import standard_models
from fogstead.model.validation import Check, Fault, compile_check, describe
from fogstead.primitives.store import Home

if TYPE_CHECKING:
    from fogstead.kernel.identity import Principal
    from fogstead.kernel.resource import Located, Resource
    from fogstead.kernel.transaction import Transaction

F = TypeVar("F", bound=Callable[..., Any])
_RESULTS = frozenset({"Page", "Again"})
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


Given = Mapping[str, Any]
Scope = Literal["region", "account", "cloud"]
Locate = Callable[[Given, Home], "Located"]
Conditions = Callable[["Transaction", Given], Mapping[str, "str | list[str]"]]
PassedRole = tuple[str, str]
"""A role's ARN, or its name in the caller's account, and the service it is handed to."""


class DeclarationError(TypeError):
    """A declaration that the model contradicts."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric a service publishes, by the name and dimension AWS gives it."""

    service: str
    name: str
    unit: str
    by: str


@dataclass(eq=False)
class DeclaredOperation:
    """An operation with the function that does it."""

    service: Service
    model: Operation
    run: Callable[..., Any]
    on: type[Resource] | None = None
    at: str = ""
    creates: type[Resource] | None = None
    lists: type[Resource] | None = None
    action: str = ""
    action_of: Callable[[Given], str] | None = None
    part: Callable[[Given], str] | None = None
    conditions: Conditions | None = None
    passes: Callable[[Given], Sequence[PassedRole]] | None = None
    receives: Callable[[Given], Hashes] | None = None
    sealed_by: Callable[[Transaction, Given], Seal] | None = None
    decides_itself: bool = False
    keeps_tokens: bool = False
    read_only: bool = False
    scan: bool = False
    data_event: bool = False
    records_answer: bool = False
    ignores: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    rate: Rate | None = None
    throttled: type[ServiceError] = Throttled
    locate: Locate | None = None
    is_async: bool = field(init=False)
    refused: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.is_async = inspect.iscoroutinefunction(self.run)
        self.refused = frozenset(self.refuses)

    @property
    def name(self) -> str:
        """As the model spells it."""
        return self.model.name

    @cached_property
    def check(self) -> Check | None:
        """The model's constraints on the input."""
        return compile_check(self.model.input)

    @cached_property
    def check_output(self) -> Check | None:
        """The model's constraints on the output."""
        return compile_check(self.model.output)


class Service:
    """One AWS service, named as botocore names it. Everything the model knows is not said again.

    `scope=` says where its things live: in a Region of an account, or in the account whatever the Region.
    """

    def __init__(self, name: str, *, principal: str = "", arn_service: str = "", scope: Scope = "region") -> None:
        try:
            self.model: ServiceModel = standard_models().load(name)
        except UnknownService:
            raise DeclarationError(f"Service({name!r}): botocore knows no service of this name") from None
        self.name = name
        self.scope = scope
        self.signing_name = self.model.signing_name
        self.arn_service = arn_service or self.signing_name
        self.principal = principal or f"{self.signing_name}.amazonaws.com"
        self.errors: dict[str, type[ServiceError]] = {}
        self.quotas: list[Quota] = []
        self.metrics: list[Metric] = []
        self.price_lines: dict[str, PriceLine] = {}
        self.bills: Bills | None = None
        self.operations: dict[str, DeclaredOperation] = {}
        self.resources: dict[str, type[Resource]] = {}
        # What the kernel refuses with on the service's behalf, where AWS gives the service another word for it.
        self.validation_error: Callable[[list[Fault]], ServiceError] = self._validation_error
        self.quota_error: type[ServiceError] = QuotaExceeded
        self.page_token_error: type[ServiceError] = InvalidNextToken
        self.token_reused_error: type[ServiceError] = TokenReused
        # Whom the service does not answer whatever policies say, by operation: what it tells them, or None.
        self.refuses_caller: Callable[[Principal, str], ServiceError | None] | None = None

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    def _validation_error(self, faults: list[Fault]) -> ServiceError:
        """The services born on the Query protocols have a name of their own for it."""
        named = QueryValidationError if self.model.protocols[-1] in {"query", "ec2"} else ValidationError
        return named(describe(faults))

    # ------------------------------------------------------------- declarations
    def error(self, code: str, sentence: str, *, status: int | None = None) -> type[ServiceError]:
        """An error of this service. Its status comes from the model, or from here where the model has none."""
        shapes = self.model.error_shapes
        modelled = code in shapes
        if shapes and not modelled and status is None:
            raise DeclarationError(
                f"{self.name}.error({code!r}): the model has no such error; it has {_nearest(code, shapes)}. "
                "Give status= for an error that AWS documents but does not model"
            )
        shape = self.model.shapes.get(code, {})
        found = status or shape.get("error", {}).get("httpStatusCode") or (500 if shape.get("fault") else 400)
        made = declare(code, code, sentence, int(found), modelled=modelled)
        self.errors[code] = made
        return made

    def quota(self, name: str, default: int, code: str = "") -> Quota:
        """A limit per account."""
        quota = Quota(self.name, name, default, code)
        self.quotas.append(quota)
        return quota

    def metric(self, name: str, unit: str, by: str) -> Metric:
        """A metric this service publishes."""
        metric = Metric(self.name, name, unit, by)
        self.metrics.append(metric)
        return metric

    def price_line(self, usage_type: str, *, per: Per, operation: str = "") -> PriceLine:
        """A line on the bill; see `PriceLine`."""
        line = self.price_lines[usage_type] = PriceLine(self.name, usage_type, per, operation)
        return line

    def bill(self, bills: Bills) -> Bills:
        """Say what a finished call costs: `each(line)` for most services, else a function of the call."""
        self.bills = bills
        return bills

    def add_resource(self, resource: type[Resource]) -> None:
        """Called by the resource's own class line."""
        self.resources[resource.__name__] = resource

    def operation(self, **declared: Any) -> Callable[[F], F]:
        """Declare the function that does an operation; it has the operation's name in snake case.

        What it is about:
            `on=` a resource class and `at=` the input member that points at it, or `locate=` where it takes more than
            one; `creates=` or `lists=` a class; `part=` what of the resource is acted on, as the end of its ARN.
        Who may:
            `action=` the IAM action where it is not the operation's name, or `action_of=` where it depends on the
            input; `conditions=` the operation's own condition keys, in lower case; `passes=` roles that the input hands
            to a service, which takes `iam:PassRole`; `decides_itself=` for one that asks `tx.authorise` for each of
            several things.
        How it runs:
            `read_only=`, `scan=`; `receives=` for a streamed body that is to be kept before the transaction, the hashes
            to be taken of it, and `sealed_by=` what it is sealed under; `keeps_tokens=` for one that knows by what it
            keeps whether a token is repeated; `rate=` and `throttled=`.
        What is recorded:
            `data_event=` for calls that an audit does not record one by one; `records_answer=` for reading ones whose
            answer it records all the same.
        Members without effect:
            `ignores=` those that are read and knowingly have none; `refuses=` those that are answered with an error
            until they can be honoured.
        """
        return lambda run: self._declare(run, declared)

    def _declare(self, run: F, declared: dict[str, Any]) -> F:
        name = self.operation_names.get(run.__name__)
        if name is None:
            raise DeclarationError(
                f"{self.name}: {run.__name__} is no operation of the model; it has "
                f"{_nearest(run.__name__, self.operation_names)}"
            )
        if name in self.operations:
            raise DeclarationError(
                f"{self.name}.{run.__name__}: {name} is declared already, by {self.operations[name].run.__qualname__}"
            )
        operation = self.model.operation(name)
        declared.setdefault("read_only", operation.reads_only and not declared.get("creates"))
        made = DeclaredOperation(self, operation, run, **declared)
        made.records_answer = made.records_answer or not (made.read_only or made.data_event)
        made.action = made.action or f"{self.signing_name}:{name}"
        _check(made)
        self.operations[name] = made
        return run

    @cached_property
    def operation_names(self) -> dict[str, str]:
        """The model's operations, as Python spells them."""
        return {snake(name): name for name in self.model.operation_names}


def snake(name: str) -> str:
    """`GetQueueUrl` to `get_queue_url`."""
    return _SNAKE.sub("_", name).lower()


def _check(made: DeclaredOperation) -> None:
    """What can be known from the model and the function's signature."""
    where = f"{made.service.name}.{made.run.__name__}"
    model, parameters = made.model, list(inspect.signature(made.run).parameters)
    first = "call" if made.is_async else "tx"
    if parameters != [first, "req"]:
        raise DeclarationError(f"{where}: the parameters must be ({first}, req), for {_kind(made)}")
    annotations = made.run.__annotations__
    wanted = model.input.name if model.input else "NoInput"
    if _text(annotations.get("req")) != wanted:
        raise DeclarationError(f"{where}: req must be annotated {wanted}, the operation's input")
    result = _text(annotations.get("return"))
    answer = model.output.name if model.output else "None"
    allowed = {answer, *_RESULTS}
    if not result or not set(result.replace(" ", "").split("|")) <= allowed:
        raise DeclarationError(f"{where}: the result must be annotated {answer}, the operation's output, or Page")
    members = model.input.members if model.input else {}
    for member in (*((made.at,) if made.at else ()), *made.ignores, *made.refuses):
        if member not in members:
            raise DeclarationError(f"{where}: {member} is no member of {wanted}; it has {_nearest(member, members)}")
    if made.on is not None and not made.at:
        raise DeclarationError(f"{where}: on= needs at=, the input member that points at the {made.on.__name__}")
    if model.streams_input and not made.is_async and made.receives is None:
        raise DeclarationError(f"{where}: the model streams its bytes, so it must be async def, or say receives=")
    if made.sealed_by is not None and made.receives is None:
        raise DeclarationError(f"{where}: sealed_by= is about what receives= keeps")
    if made.receives is not None and (made.is_async or not model.streams_input):
        raise DeclarationError(f"{where}: receives= is for a plain def whose input is streamed")
    if "Page" in result and model.pagination is None:
        raise DeclarationError(f"{where}: the model has no paginator for it, so it cannot answer with a Page")


def _kind(made: DeclaredOperation) -> str:
    return "async def waits and calls" if made.is_async else "a plain def is one transaction"


def _text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else ("None" if annotation is None else str(annotation or ""))


def _nearest(wanted: str, names: Sequence[str] | Any) -> str:
    """A few names to choose from, the most alike first."""
    import difflib  # noqa: PLC0415 - only ever needed for an error

    listed = sorted(names)
    alike = difflib.get_close_matches(wanted, listed, n=3, cutoff=0.3) or listed[:3]
    return ", ".join(alike) or "none"
