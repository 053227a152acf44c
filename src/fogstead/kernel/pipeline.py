"""The stages around every call, read top to bottom. Calls from other services enter here, below the wire.

Each stage reads and writes the fields of the invocation and nothing else. An operation runs only the stages that apply
to it, which is decided once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel import audit, tokens
from fogstead.kernel.asking import Asking
from fogstead.kernel.bodies import Hashes, Incoming, Seal, as_incoming, receive, take_small
from fogstead.kernel.calls import Call
from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import (
    AccessDenied,
    InternalFailure,
    NotImplementedHere,
    ServiceError,
    ServiceUnavailable,
)
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.pages import Page, as_result
from fogstead.kernel.permission import authorise
from fogstead.kernel.service import DeclaredOperation
from fogstead.kernel.transaction import Transaction, apply
from fogstead.kernel.waiting import Again, Waiter
from fogstead.model.validation import Fault
from fogstead.primitives.blobs import BlobError, BlobLost
from fogstead.primitives.clock import Millis
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
def refuse_caller(_cloud: Cloud, invocation: Invocation) -> None:
    """Callers whom no policy could let in, such as sessions where lasting credentials are wanted."""
    operation = invocation.operation
    assert operation.service.refuses_caller is not None
    refusal = operation.service.refuses_caller(invocation.caller, operation.name)
    if refusal is not None:
        raise refusal


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
    operation, given = invocation.operation, invocation.input
    if operation.refused.isdisjoint(given):
        return
    for member in operation.refuses:
        if given.get(member):
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
    else:
        invocation.located = cls.locate_own(invocation.caller, invocation.home)


# --------------------------------------------------------------------------- inside the transaction
def find_resource(_cloud: Cloud, invocation: Invocation, tx: Transaction) -> None:
    """Read it if it is there; whether it is stays unsaid until the caller is authorised."""
    if invocation.located is not None:
        tx.resource = invocation.resource = tx.at(invocation.located)


def require_resource(_cloud: Cloud, invocation: Invocation, _tx: Transaction) -> None:
    """The `missing` error, to those who may know."""
    if invocation.resource is None:
        if invocation.located is None:
            return  # the call named none, and its caller has none of its own
        raise invocation.located.cls.not_found(invocation.located)
    invocation.resource.expect(invocation.caller, invocation.input)


def _replays(operation: DeclaredOperation) -> bool:
    """Whether answers are kept by token; operations that keep tokens with what they make need none."""
    return operation.model.token_member is not None and not operation.keeps_tokens


def replay_token(_cloud: Cloud, invocation: Invocation, tx: Transaction) -> Any:
    """The answer of an earlier call with the same idempotency token."""
    mismatch = invocation.operation.service.token_reused_error
    return tokens.replay(tx.keys, invocation, tx.now, mismatch=mismatch)


def handle(cloud: Cloud, invocation: Invocation, tx: Transaction) -> Any:
    """The operation's own function."""
    result = invocation.operation.run(tx, watched(cloud, invocation))
    if type(result) is Page:
        result = as_result(result, invocation)
    return _completed(invocation, result if result is not None else {})


def _completed(invocation: Invocation, result: Any) -> Any:
    """The answer with what its resource says with all of them."""
    resource, output = invocation.resource, invocation.operation.model.output
    more = resource.told_with_answers(invocation.caller, invocation.input) if resource is not None else None
    if not more or output is None or type(result) is Again:
        return result
    return {**result, **{name: value for name, value in more.items() if name in output.members}}


BEFORE: tuple[Stage, ...] = (
    Stage("refuse the caller", refuse_caller, lambda operation: operation.service.refuses_caller is not None),
    Stage("validate input", validate_input, lambda operation: operation.check is not None),
    Stage("refuse what is not honoured", refuse_unhonoured, lambda operation: bool(operation.refuses)),
    Stage("throttle", throttle, lambda operation: operation.rate is not None),
    Stage("locate", locate, lambda operation: bool(operation.at) and bool(operation.on or operation.creates)),
)
INSIDE: tuple[Stage, ...] = (
    Stage("find the resource", find_resource, lambda operation: operation.on is not None),
    Stage("authorise", authorise, lambda operation: not operation.decides_itself),
    Stage("require the resource", require_resource, lambda operation: operation.on is not None),
    Stage("replay the token", replay_token, _replays),
    Stage("handle", handle, lambda operation: not operation.is_async),
)


def watched(cloud: Cloud, invocation: Invocation) -> Mapping[str, Any]:
    """In tests and development, an input that notes what is read of it."""
    if not cloud.checks_outputs:
        return invocation.input
    return cloud.observations.watch(invocation.operation, invocation.input)


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
        elif operation.receives is not None:
            self._receive(invocation, plan[1])
        else:
            self._submit(invocation, plan[1])

    def _receive(self, invocation: Invocation, inside: tuple[Inside, ...]) -> None:
        """A small body that is there already goes straight on; any other is kept first, if the caller may send it."""
        operation = invocation.operation
        assert operation.receives is not None
        assert operation.model.input is not None
        member = operation.model.input.payload
        try:
            incoming = as_incoming(invocation.input.get(member))
            hashes = operation.receives({**invocation.input, member: incoming})
            received = take_small(incoming, hashes)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._finish(invocation, None, error)
            return
        if received is not None:
            invocation.input = {**invocation.input, member: received}
            self._submit(invocation, inside)
        else:
            self._tasks.start(self._receive_stream(invocation, inside, member, incoming, hashes))

    async def _receive_stream(
        self,
        invocation: Invocation,
        inside: tuple[Inside, ...],
        member: str,
        incoming: Incoming,
        hashes: Hashes,
    ) -> None:
        cloud, sealed_by = self._cloud, invocation.operation.sealed_by
        permitting = tuple(stage for stage in inside if stage is not handle)

        def permit(tx: Transaction) -> Seal | None:
            _run_inside(cloud, invocation, tx, permitting)
            return sealed_by(tx, invocation.input) if sealed_by is not None else None

        try:
            seal = await cloud.transact(
                invocation.target_home,
                permit,
                invocation=invocation,
                call=self._call(invocation),
                read_only=True,
            )
            received = await receive(cloud, incoming, hashes, seal)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._finish(invocation, None, error)
            return
        invocation.input = {**invocation.input, member: received}
        invocation.arrived = received.blob
        self._submit(invocation, inside)

    def _submit(self, invocation: Invocation, inside: tuple[Inside, ...]) -> None:
        operation, cloud = invocation.operation, self._cloud

        def work(keys: Keys) -> Any:
            invocation.effects = []
            tx = Transaction(
                cloud,
                keys,
                invocation.target_home,
                invocation.origin,
                invocation.effects,
                invocation,
                invocation.answers,
            )
            return _run_inside(cloud, invocation, tx, inside)

        def settled(result: Any, error: BaseException | None) -> None:
            if error is None:
                apply(invocation.effects)
                if type(result) is Again:
                    self._wait(invocation, inside, result)
                    return
            elif type(error) is Asking:
                self._tasks.start(self._ask(invocation, inside, error))
                return
            if invocation.woken is not None:
                cloud.hub.pass_on(invocation.woken)
            self._finish(invocation, result, error)

        cloud.store.submit(invocation.target_home, work, settled, read_only=operation.read_only, scan=operation.scan)

    async def _ask(self, invocation: Invocation, inside: tuple[Inside, ...], asking: Asking) -> None:
        """Answer what the transaction asked, then run it again."""
        try:
            await invocation.answers.find(asking, self._call(invocation))
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._finish(invocation, None, error)
        else:
            self._submit(invocation, inside)

    def _call(self, invocation: Invocation) -> Call:
        operation = invocation.operation
        return Call(self._cloud, invocation.target_home, invocation.origin, operation.service.name, invocation)

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
                invocation=invocation,
                call=self._call(invocation),
                read_only=not _replays(operation),
            )
            if replayed is not None:
                self._finish(invocation, replayed, None)
                return
            result = await operation.run(self._call(invocation), watched(cloud, invocation))
            result = _completed(invocation, result if result is not None else {})
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
        if invocation.arrived:
            self._settle_blob(invocation.arrived, error)
        cloud.counts.add(operation.service.name, operation.name, refusal.code if refusal is not None else "")
        caller = invocation.caller
        now = cloud.clock.now()
        if caller.access_key:
            cloud.last_uses.note(caller, operation.service.signing_name, invocation.home.region, now)
        if operation.service.bills is not None:
            self._bill(invocation, result, refusal, now)
        if not operation.data_event or cloud.audit.selects(invocation):
            for record in audit.records_of(invocation, result, refusal, now, cloud.ids.uuid):
                cloud.audit.write(record)
        elif not caller.is_root:
            cloud.asked_actions.note(caller.identity_arn, invocation.asked, now)
        invocation.on_finished(None if refusal is not None else result, refusal)

    def _bill(self, invocation: Invocation, result: Any, refusal: ServiceError | None, now: Millis) -> None:
        """A call that cannot be billed is answered all the same."""
        cloud, bills = self._cloud, invocation.operation.service.bills
        assert bills is not None
        try:
            bills(cloud.meter, now, invocation, result, refusal)
        except Exception:
            log.exception("%s: the call could not be billed", invocation.origin.request_id)

    def _settle_blob(self, blob: str, error: BaseException | None) -> None:
        """A refused call's blob goes at once. After a storage error nobody knows what was kept: the sweep will."""
        if error is None or isinstance(error, StorageError):
            self._cloud.sweeper.settled(blob)
        else:
            self._tasks.start(self._cloud.sweeper.discard(blob))

    async def close(self) -> None:
        """Wait for calls under way."""
        await self._tasks.finish()


def _plan(operation: DeclaredOperation) -> tuple[tuple[Before, ...], tuple[Inside, ...]]:
    before = tuple(stage.run for stage in BEFORE if stage.applies(operation))
    return before, tuple(stage.run for stage in INSIDE if stage.applies(operation))


def _run_inside(cloud: Cloud, invocation: Invocation, tx: Transaction, inside: tuple[Inside, ...]) -> Any:
    result: Any = None
    invocation.asked.clear()
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
    if isinstance(error, BlobError):
        log.error("%s: %s", invocation.origin.request_id, error)
        return InternalFailure() if isinstance(error, BlobLost) else ServiceUnavailable()
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
