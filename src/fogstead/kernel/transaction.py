"""What a plain `def` may touch: rows, resources, and effects that happen after the commit.

The function may be run again on a conflict, so it has no clock, no randomness that matters twice and no I/O of its own.
Everything recorded here (wake-ups, jobs to start, events to deliver) is applied only when the commit is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import msgspec

from fogstead.kernel import jobs, levels, outbox, pages, permission, sweeping, usage
from fogstead.kernel.asking import Answers, Ask
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.identity import ANONYMOUS, Principal
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.levels import Payer
from fogstead.kernel.meter import PriceLine, payer_of
from fogstead.kernel.quotas import Quota
from fogstead.kernel.resource import Located, R, Resource
from fogstead.kernel.throttling import Rate
from fogstead.kernel.waiting import Again
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Home, Key, Keys, after, end_of
from fogstead.primitives.store.packing import pack

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

T = TypeVar("T")
_PAGE = 500
_COUNTED_MAX = 1_000_000


class Outcome(Generic[T]):
    """What an attempt came to: a value or an error."""

    __slots__ = ("error", "value")

    def __init__(self, value: T | None, error: ServiceError | None) -> None:
        self.value = value
        self.error = error


def apply(effects: list[Callable[[], None]]) -> None:
    """Let the effects of a commit happen; one that fails stops neither the others nor the answers of its tick."""
    for effect in effects:
        try:
            effect()
        except Exception:
            log.exception("an effect of a commit failed")


class Transaction:
    """One transaction in one home."""

    __slots__ = (
        "_answers",
        "_effects",
        "_invocation",
        "_told",
        "caller",
        "cloud",
        "home",
        "keys",
        "now",
        "origin",
        "resource",
    )

    def __init__(
        self,
        cloud: Cloud,
        keys: Keys,
        home: Home,
        origin: Origin,
        effects: list[Callable[[], None]],
        invocation: Invocation | None = None,
        answers: Answers | None = None,
    ) -> None:
        self.cloud = cloud
        self.keys = keys
        self.home = home
        self.now: Millis = cloud.clock.now()
        self.origin = origin
        self.resource: Any = None
        self.caller: Principal = invocation.caller if invocation is not None else ANONYMOUS
        self._effects = effects
        self._told: dict[Key, list[int]] = {}
        self._invocation = invocation
        self._answers = answers

    # ------------------------------------------------------------- resources
    def find(self, cls: type[R], *key: str) -> R | None:
        """The resource with this key in this home, or None."""
        found: R | None = self.at(cls.at(cls.home_for(self.home), *key))
        return found

    def get(self, cls: type[R], *key: str) -> R:
        """The resource with this key; its `missing` error when there is none."""
        found = self.find(cls, *key)
        if found is None:
            raise cls.not_found(cls.at(cls.home_for(self.home), *key))
        return found

    def at(self, located: Located) -> Any:
        """The resource at a place, or None."""
        return located.read(self)

    def create(self, resource: R, *, quota: Quota | None = None) -> R:
        """Keep a new resource; it gets its incarnation here. Nothing may stand in its place."""
        if quota is not None:
            self._count_against(type(resource), quota)
        home = type(resource).home_for(self.home)
        made: R = msgspec.structs.replace(  # type: ignore[type-var]
            resource,
            account=home.account,
            region=home.region,
            incarnation=self.keys.next_number(),
            created_at=resource.created_at or self.now,
        )
        located = made.locator
        assert self.keys.get(located.packed) is None, f"{located.arn} exists"
        self.keys.put(located.packed, type(resource).codec.encode(made))
        self._authority_changed(made)
        return made

    def replace(self, resource: R, **changes: Any) -> R:
        """Keep a changed resource in the place of the old one."""
        made: R = msgspec.structs.replace(resource, **changes) if changes else resource  # type: ignore[type-var]
        self.keys.put(made.locator.packed, type(made).codec.encode(made))
        self._authority_changed(made)
        if "tags" in changes:
            levels.retag(self.keys, self.now, payer_of(made))
        return made

    def delete(self, resource: Resource) -> None:
        """Remove a resource; its own rows are reaped by a job, and nothing is held by it any more."""
        self.keys.delete(resource.locator.packed)
        self._authority_changed(resource)
        self.end_levels(resource)
        self.schedule("kernel.reap", {"shard": resource.shard}, at=self.now)

    def _authority_changed(self, resource: Resource) -> None:
        if resource.changes_authority:
            self.change_authority()

    def change_authority(self) -> None:
        """Have all that is remembered of this account's keys and policies forgotten with the commit."""
        account, identities = self.home.account, self.cloud.identities
        self._effects.append(lambda: identities.drop(account))

    def all(self, cls: type[R], *, prefix: str = "", after_key: Key | None = None) -> Iterator[R]:
        """Resources of a kind in this home in key order, whose first key field starts with `prefix`."""
        base = cls.home_for(self.home).prefix + cls.collection
        low = base + pack(prefix)[:-1] if prefix else base
        high = end_of(low)
        if after_key is not None:
            low = max(low, after(after_key))
        while True:
            rows = self.keys.scan(low, high, limit=_PAGE)
            for _, value in rows:
                yield cls.codec.decode(value)
            if len(rows) < _PAGE:
                return
            low = after(rows[-1][0])

    def page(
        self,
        cls: type[R],
        *,
        show: Callable[[R], Any],
        prefix: str = "",
        keep: Callable[[R], bool] | None = None,
        size_default: int = 1000,
        size_max: int = 1000,
    ) -> pages.Page:
        """One page of a list operation, by the model's paginator and the caller's token and limit."""
        cut = self.cut(size_default=size_default, size_max=size_max)
        shown: list[Any] = []
        last: Key | None = None
        for resource in self.all(cls, prefix=prefix, after_key=cut.after):
            if keep is not None and not keep(resource):
                continue
            if len(shown) == cut.size:
                return pages.Page(shown, cut.token(cast("Key", last)))
            shown.append(show(resource))
            last = resource.locator.packed
        return pages.Page(shown, None)

    def cut(
        self, *, size_default: int = 1000, size_max: int = 1000, size_min: int = 1, unbound: Sequence[str] = ()
    ) -> pages.Cut:
        """Where the page begins that the caller asks for, and how long it is.

        A token is bound to all parameters but those that are `unbound`.
        """
        assert self._invocation is not None, "only operations have pages"
        sizes = {"size_default": size_default, "size_max": size_max, "size_min": size_min}
        return pages.Cut.of(self._invocation, self.cloud.page_key, unbound, **sizes)

    def _count_against(self, cls: type[Resource], quota: Quota) -> None:
        base = cls.home_for(self.home).prefix + cls.collection
        limit = self.cloud.quotas.limit(self.home.account, quota)
        if self.keys.count(base, end_of(base), limit=min(limit, _COUNTED_MAX)) >= limit:
            raise cls.service.quota_error(f"{quota.name}: the account has {limit}, its quota.")

    def shard(self, resource: Resource) -> Key:
        """The prefix of a resource's own rows, which this transaction is about to change."""
        prefix = resource.shard
        self.keys.lock(prefix)
        return prefix

    # ------------------------------------------------------------- permission
    @property
    def call_home(self) -> Home:
        """The caller's account and the Region it called, wherever the resource lives."""
        return self._invocation.home if self._invocation is not None else self.home

    def authorise(self, action: str, resource: Resource, part: str, given: Mapping[str, Any]) -> None:
        """Ask for a further action that the call implies, on a part of a resource; AccessDenied when it may not.

        `given` is what conditions and the resource's own lists look at, as if it were the input of that action.
        """
        assert self._invocation is not None, "only operations have a caller to ask for"
        permission.require(self.cloud, self._invocation, self, resource, action, part, given)

    def ask(self, question: Hashable, ask: Ask) -> Any:
        """The answer of `await ask(call)`, put outside of this transaction, which is then run again with it.

        `question` tells one thing asked from another within the call. A ServiceError is raised here as it came.
        """
        assert self._answers is not None, "this transaction has nobody to ask for it"
        return self._answers.get(question, ask)

    # ------------------------------------------------------------- the bill
    def level(self, line: PriceLine, delta: int, *, of: Resource) -> None:
        """From now on a resource holds so much more or less of what is billed by time."""
        levels.change(self.keys, self.now, payer_of(of), line, delta)

    def end_levels(self, resource: Resource) -> None:
        """A resource holds nothing any more; `delete` says so by itself."""
        levels.end(self.keys, self.now, payer_of(resource))

    def charge(self, line: PriceLine, amount: int, *, of: Resource) -> None:
        """Bill an amount with this change, so that both are kept or neither is."""
        payer = payer_of(of)
        series = usage.Series(line.service, line.usage_type, line.per, payer.region, line.operation, payer.tags)
        usage.add(self.keys, payer.account, usage.Used(series, usage.day_of(self.now), amount))

    def meter(self, line: PriceLine, amount: int, *, of: Resource | Payer, operation: str = "") -> None:
        """Count an amount once this is kept; a kill may lose a second of counts."""
        meter, now, payer = self.cloud.meter, self.now, of if isinstance(of, Payer) else payer_of(of)
        self._effects.append(lambda: meter.count(now, line, amount, payer, operation))

    # ------------------------------------------------------------- blobs
    def refer(self, blob: str, owner: bytes) -> None:
        """Keep a blob as long as `owner`, a name that this service never gives twice, needs it."""
        sweeping.refer(self.keys, blob, owner)

    def release(self, blob: str, owner: bytes) -> None:
        """Let a blob go that `owner` needed; it is removed once nobody needs or reads it."""
        sweeping.release(self.keys, blob, owner)
        self._effects.append(self.cloud.sweeper.wake)

    # ------------------------------------------------------------- identifiers
    def new_id(self) -> str:
        """A random UUID."""
        return self.cloud.ids.uuid()

    def random(self, size: int) -> bytes:
        """Random bytes."""
        return self.cloud.ids.take(size)

    # ------------------------------------------------------------- parts, effects, waiting
    def attempt(self, work: Callable[..., T], *arguments: Any, checks_first: bool = False) -> Outcome[T]:
        """Run a part that may fail by itself: its error is a value, and its writes are taken back.

        `checks_first=True` promises that whatever is refused is refused before anything is written, which saves the
        means to take writes back; an AssertionError when the promise is broken.
        """
        if checks_first:
            return self._attempt_in_place(work, *arguments)
        self.keys.begin_attempt()
        effects = len(self._effects)
        try:
            value = work(*arguments)
        except ServiceError as error:
            self.keys.drop_attempt()
            del self._effects[effects:]
            self._told.clear()
            return Outcome(None, error)
        except BaseException:
            self.keys.drop_attempt()
            raise
        self.keys.keep_attempt()
        return Outcome(value, None)

    def _attempt_in_place(self, work: Callable[..., T], *arguments: Any) -> Outcome[T]:
        changes = self.keys.changes
        try:
            return Outcome(work(*arguments), None)
        except ServiceError as error:
            assert self.keys.changes == changes, "a part that promised to check first was refused after it had written"
            return Outcome(None, error)

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Publish an event with this change; kept only where somebody reacts to it."""
        if self.cloud.catalog.reactions_to(event):
            outbox.append(self.keys, self.home, event, payload, self.origin.depth)
            home = self.home
            self._effects.append(lambda: self.cloud.outbox.wake(home))

    def schedule(self, kind: str, arguments: Mapping[str, Any], *, at: Millis, name: str = "") -> None:
        """Have a job run at a cloud time. A name makes it the only one of its kind and name in this home."""
        jobs.keep(self.keys, jobs.Job(kind, self.home.account, self.home.region, dict(arguments), name), at)
        self._effects.append(lambda: self.cloud.jobs.wake(at))

    def unschedule(self, kind: str, name: str) -> None:
        """Take a named job back."""
        jobs.drop_named(self.keys, self.home, kind, name)

    def tell(self, topic: Key, count: int = 1) -> None:
        """Wake up to `count` of those who wait for a change of `topic`, once this is kept."""
        told = self._told.get(topic)
        if told is None:
            told = self._told[topic] = [0]
            hub, position = self.cloud.hub, self.keys.position + 1
            self._effects.append(lambda: hub.tell(topic, position, told[0]))
        told[0] += count

    def tell_at(self, topic: Key, at: Millis) -> None:
        """Say that `topic` will change by itself at a cloud time, as a message does that comes in sight again."""
        if at <= self.now:
            self.tell(topic)
            return
        hub = self.cloud.hub
        self._effects.append(lambda: hub.expect(topic, at))

    def throttle(self, bucket: str, rate: Rate, error: type[ServiceError]) -> None:
        """Take one call out of a bucket that only this transaction knows; once a call, however often it is run."""
        invocation, throttle = self._invocation, self.cloud.throttle
        if throttle.enabled and invocation is not None and not invocation.throttled:
            invocation.throttled = True
            throttle.take(self.home.account, bucket, rate, self.cloud.clock.true_now(), error)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Do this once the change is kept: drop a cache, count something."""
        self._effects.append(effect)

    def patience(self, seconds: float) -> bool:
        """Whether the caller, who is ready to wait this long in all, still is."""
        invocation = self._invocation
        if invocation is None or seconds <= 0 or self.cloud.hub.closed:
            return False
        if invocation.deadline is None:
            invocation.deadline = invocation.started_at + int(seconds * 1000)
        return self.cloud.clock.true_now() < invocation.deadline

    def again(self, topic: Key, *, at: Millis | None = None) -> Again:
        """Answer with this to be run again when something changed; ask `patience` first."""
        assert self._invocation is not None
        assert self._invocation.deadline is not None, "ask patience() first"
        return Again(topic, self.keys.position, self._invocation.deadline, at)
