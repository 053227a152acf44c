"""The stages around every call, read top to bottom. Calls from other services enter here, below the wire.

Each stage reads and writes the fields of the invocation and nothing else. An operation runs only the stages that apply
to it, which is decided once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fogstead.kernel import audit, tokens
from fogstead.kernel.authorization import decide
from fogstead.kernel.calls import Call
from fogstead.kernel.conditions import LazyContext, PolicyFault
from fogstead.kernel.errors import (
    AccessDenied,
    InternalFailure,
    NotImplementedHere,
    ServiceError,
    ServiceUnavailable,
)
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.pages import Page, as_result
from fogstead.kernel.policies import Policy, Question, compile_policy
from fogstead.kernel.resource import Located
from fogstead.kernel.service import DeclaredOperation
from fogstead.kernel.transaction import Transaction, apply
from fogstead.kernel.waiting import Again, Waiter
from fogstead.model.validation import Fault
from fogstead.primitives.store import Keys, StorageError
from fogstead.primitives.tasks import Tasks

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

Before = Callable[["Cloud", Invocation], None]
Inside = Callable[["Cloud", Invocation, Transaction], Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """A step with a name, for the operations it applies to."""

    name: str
    run: Callable[..., Any]
    applies: Callable[[DeclaredOperation], bool] = lambda _operation: True


# --------------------------------------------------------------------------- before the transaction
def validate_input(_cloud: Cloud, invocation: Invocation) -> None:
    """The model's constraints, all faults at once."""
    faults: list[Fault] = []
    check = invocation.operation.check
    assert check is not None
    check(invocation.input, "", faults)
    if faults:
        raise invocation.operation.service.validation_error(faults)


def refuse_unhonoured(_cloud: Cloud, invocation: Invocation) -> None:
    """Members that would have no effect are refused by name."""
    for member in invocation.operation.refuses:
        if invocation.input.get(member):
            raise NotImplementedHere(f"{member} is not implemented by this cloud.")


def throttle(cloud: Cloud, invocation: Invocation) -> None:
    """One call out of the account's bucket."""
    operation = invocation.operation
    assert operation.rate is not None
    bucket = f"{operation.service.name}:{operation.name}"
    now = cloud.clock.true_now()
    cloud.throttle.take(invocation.home.account, bucket, operation.rate, now, operation.throttled)


def locate(_cloud: Cloud, invocation: Invocation) -> None:
    """Where the resource is or would be; nothing is read."""
    operation = invocation.operation
    cls = operation.on or operation.creates
    assert cls is not None
    value = invocation.input.get(operation.at)
    if operation.locate is not None:
        invocation.located = operation.locate(invocation.input, invocation.home)
    elif value is not None:
        invocation.located = cls.locate(value, invocation.home)


# --------------------------------------------------------------------------- inside the transaction
def find_resource(_cloud: Cloud, invocation: Invocation, tx: Transaction) -> None:
    """Read it if it is there; whether it is stays unsaid until the caller is authorised."""
    if invocation.located is not None:
        tx.resource = invocation.resource = tx.at(invocation.located)


def authorise(cloud: Cloud, invocation: Invocation, _tx: Transaction) -> None:
    """The evaluator decides on the action and the ARN."""
    caller, located = invocation.caller, invocation.located
    account = located.home.account if located is not None else invocation.home.account
    policy = _policy_of(invocation)
    if caller.is_root and caller.account == account and (policy is None or not policy.has_deny):
        return
    decision = decide(_question(cloud, invocation, located, account), resource_policy=policy)
    if not decision.allowed:
        cloud.denied(invocation, decision.reason)


def require_resource(_cloud: Cloud, invocation: Invocation, _tx: Transaction) -> None:
    """The `missing` error, to those who may know."""
    if invocation.resource is None:
        assert invocation.operation.on is not None
        raise invocation.operation.on.missing


def replay_token(_cloud: Cloud, invocation: Invocation, tx: Transaction) -> Any:
    """The answer of an earlier call with the same idempotency token."""
    mismatch = invocation.operation.service.token_reused_error
    return tokens.replay(tx.keys, invocation, tx.now, mismatch=mismatch)


def handle(cloud: Cloud, invocation: Invocation, tx: Transaction) -> Any:
    """The operation's own function."""
    result = invocation.operation.run(tx, watched(cloud, invocation))
    if type(result) is Page:
        result = as_result(result, invocation)
    return result if result is not None else {}


BEFORE: tuple[Stage, ...] = (
    Stage("validate input", validate_input, lambda operation: operation.check is not None),
    Stage("refuse what is not honoured", refuse_unhonoured, lambda operation: bool(operation.refuses)),
    Stage("throttle", throttle, lambda operation: operation.rate is not None),
    Stage("locate", locate, lambda operation: bool(operation.at) and bool(operation.on or operation.creates)),
)
INSIDE: tuple[Stage, ...] = (
    Stage("find the resource", find_resource, lambda operation: operation.on is not None),
    Stage("authorise", authorise),
    Stage("require the resource", require_resource, lambda operation: operation.on is not None),
    Stage("replay the token", replay_token, lambda operation: operation.model.token_member is not None),
    Stage("handle", handle, lambda operation: not operation.is_async),
)


def watched(cloud: Cloud, invocation: Invocation) -> Mapping[str, Any]:
    """In tests and development, an input that notes what is read of it."""
    if not cloud.checks_outputs:
        return invocation.input
    return cloud.observations.watch(invocation.operation, invocation.input)


def _policy_of(invocation: Invocation) -> Policy | None:
    resource = invocation.resource
    if resource is None or not resource.resource_policy:
        return None
    return compile_policy(resource.resource_policy, "resource")


def _question(cloud: Cloud, invocation: Invocation, located: Located | None, account: str) -> Question:
    arn = located.arn if located is not None else "*"
    context = LazyContext(lambda: context_of(cloud, invocation))
    return Question(invocation.caller, invocation.operation.action, arn, account, context)


def context_of(cloud: Cloud, invocation: Invocation) -> dict[str, str | list[str]]:
    """The global condition keys of a call; those that do not apply are absent."""
    caller, origin = invocation.caller, invocation.origin
    now = cloud.clock.now()
    context: dict[str, str | list[str]] = {
        "aws:currenttime": _iso(now // 1000),
        "aws:epochtime": str(now // 1000),
        "aws:securetransport": "true" if origin.secure else "false",
        "aws:requestedregion": invocation.home.region,
        "aws:viaawsservice": "true" if origin.via else "false",
        "aws:principaltype": _principal_type(caller),
        "aws:principalarn": caller.arn,
        "aws:principalisawsservice": "true" if caller.kind == "service" else "false",
    }
    optional = {
        "aws:sourceip": "" if origin.depth else origin.source_ip,
        "aws:useragent": origin.user_agent,
        "aws:principalaccount": caller.account,
        "aws:userid": caller.user_id,
        "aws:sourcearn": origin.source_arn,
        "aws:sourceaccount": origin.source_account,
        "aws:calledvialast": origin.via,
    }
    context.update({key: value for key, value in optional.items() if value})
    if invocation.resource is not None:
        for name, value in invocation.resource.resource_tags.items():
            context[f"aws:resourcetag/{name.lower()}"] = value
    for name, value in caller.tags.items():
        context[f"aws:principaltag/{name.lower()}"] = value
    return context


def _principal_type(caller: Principal) -> str:
    return {"root": "Account", "user": "User", "role": "AssumedRole", "service": "Service"}.get(
        caller.kind, "Anonymous"
    )


@lru_cache(maxsize=4)
def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pipeline:
    """Runs invocations through the stages."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._plans: dict[DeclaredOperation, tuple[tuple[Before, ...], tuple[Inside, ...]]] = {}
        self._tasks = Tasks()

    def start(self, invocation: Invocation) -> None:
        """Take a call; its `on_finished` is called once, after the commit."""
        operation = invocation.operation
        plan = self._plans.get(operation)
        if plan is None:
            plan = self._plans[operation] = _plan(operation)
        try:
            for stage in plan[0]:
                stage(self._cloud, invocation)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._finish(invocation, None, error)
            return
        if operation.is_async:
            self._tasks.start(self._run_async(invocation, plan[1]))
        else:
            self._submit(invocation, plan[1])

    def _submit(self, invocation: Invocation, inside: tuple[Inside, ...]) -> None:
        operation, cloud = invocation.operation, self._cloud

        def work(keys: Keys) -> Any:
            invocation.effects = []
            tx = Transaction(cloud, keys, invocation.target_home, invocation.origin, invocation.effects, invocation)
            return _run_inside(cloud, invocation, tx, inside)

        def settled(result: Any, error: BaseException | None) -> None:
            if error is None:
                apply(invocation.effects)
                if type(result) is Again:
                    self._wait(invocation, inside, result)
                    return
            if invocation.woken is not None:
                cloud.hub.pass_on(invocation.woken)
            self._finish(invocation, result, error)

        cloud.store.submit(invocation.target_home, work, settled, read_only=operation.read_only, scan=operation.scan)

    def _wait(self, invocation: Invocation, inside: tuple[Inside, ...], again: Again) -> None:
        hub = self._cloud.hub
        invocation.woken = None

        def resume() -> None:
            if invocation.cancelled:
                hub.pass_on(waiter)
                return
            invocation.woken = waiter if waiter.by_time else None
            self._submit(invocation, inside)

        if hub.full:
            invocation.deadline = 0
            self._submit(invocation, inside)
            return
        waiter: Waiter = hub.wait(again, resume)

    async def _run_async(self, invocation: Invocation, inside: tuple[Inside, ...]) -> None:
        cloud, operation = self._cloud, invocation.operation
        home = invocation.target_home
        try:
            replayed = await cloud.transact(
                home,
                lambda tx: _run_inside(cloud, invocation, tx, inside),
                origin=invocation.origin,
                read_only=operation.model.token_member is None,
            )
            if replayed is not None:
                self._finish(invocation, replayed, None)
                return
            call = Call(cloud, home, invocation.origin, operation.service.name, invocation.caller, invocation.resource)
            result = await operation.run(call, watched(cloud, invocation))
            result = result if result is not None else {}
            if invocation.token_digest:
                await cloud.transact(home, lambda tx: tokens.keep(tx.keys, invocation, result, tx.now))
            self._finish(invocation, result, None)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            try:
                if invocation.token_digest:
                    await cloud.transact(home, lambda tx: tokens.forget(tx.keys, invocation))
            except StorageError:
                log.exception("%s: the token stays taken until its lease ends", invocation.origin.request_id)
            self._finish(invocation, None, error)

    def _finish(self, invocation: Invocation, result: Any, error: BaseException | None) -> None:
        cloud = self._cloud
        refusal = None if error is None else _as_service_error(error, invocation)
        operation = invocation.operation
        if refusal is None and cloud.checks_outputs:
            refusal = _output_fault(operation, result)
        cloud.counts.add(operation.service.name, operation.name, refusal.code if refusal is not None else "")
        if not operation.data_event:
            cloud.audit.write(audit.record_of(invocation, refusal, cloud.clock.now()))
        invocation.on_finished(None if refusal is not None else result, refusal)

    async def close(self) -> None:
        """Wait for calls under way."""
        await self._tasks.finish()


def _plan(operation: DeclaredOperation) -> tuple[tuple[Before, ...], tuple[Inside, ...]]:
    before = tuple(stage.run for stage in BEFORE if stage.applies(operation))
    return before, tuple(stage.run for stage in INSIDE if stage.applies(operation))


def _run_inside(cloud: Cloud, invocation: Invocation, tx: Transaction, inside: tuple[Inside, ...]) -> Any:
    result: Any = None
    for stage in inside:
        result = stage(cloud, invocation, tx)
        if result is not None:
            break
    if invocation.token_digest and not invocation.operation.is_async and type(result) is not Again:
        tokens.keep(tx.keys, invocation, result, tx.now)
    return result


def _as_service_error(error: BaseException, invocation: Invocation) -> ServiceError:
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, StorageError):
        log.error("%s: %s", invocation.origin.request_id, error)
        return ServiceUnavailable(f"{ServiceUnavailable.sentence} {error}")
    if isinstance(error, PolicyFault):
        return AccessDenied("The resource's policy cannot be read.")
    log.error("%s: %s failed", invocation.origin.request_id, invocation.operation.name, exc_info=error)
    return InternalFailure()


def _output_fault(operation: DeclaredOperation, result: Any) -> ServiceError | None:
    """In tests and development: an answer that its own model would refuse."""
    output = operation.model.output
    members = output.members if output is not None else {}
    unknown = [name for name in result if name not in members]
    faults: list[Fault | Exception] = []
    if operation.check_output is not None:
        try:
            operation.check_output(result, "", faults)  # type: ignore[arg-type]
        except (TypeError, AttributeError) as error:
            faults.append(error)
    if not unknown and not faults:
        return None
    log.error("%s answered what its model does not know: %s %s", operation.name, unknown, [str(f) for f in faults])
    return InternalFailure(f"{operation.name} answered what its model does not know: {unknown} {faults}")
