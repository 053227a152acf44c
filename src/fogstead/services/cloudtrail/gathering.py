"""Reading the audit for a trail or an event data store, a stretch at a time. Run it on a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.audit_log import seen_of
from fogstead.kernel.selection import Selector, compiled

if TYPE_CHECKING:
    from fogstead.kernel.audit_log import AuditLog

EVENTS_MAX: Final = 5_000
"""In one batch; what is left is in the next, which follows at once."""
_READ_EACH_TIME = 1_000

Takes = Callable[[AuditRecord], bool]


@dataclass
class Batch:
    """The records that a stretch of the audit has for somebody, and how far the stretch reaches."""

    reached: int
    records: list[AuditRecord] = field(default_factory=list)

    def by_region(self) -> list[tuple[str, list[AuditRecord]]]:
        """Those of each Region."""
        found: dict[str, list[AuditRecord]] = {}
        for record in self.records:
            found.setdefault(record.region, []).append(record)
        return sorted(found.items())


def selected(selectors: tuple[Selector, ...], region: str) -> Takes:
    """Takes what the selectors take, of one Region or, where it is empty, of all."""
    test = compiled(selectors)
    return lambda record: region in ("", record.region) and test(seen_of(record))


def gather(audit: AuditLog, account: str, takes: Takes, after: int, upto: int) -> Batch:
    """What is taken of a stretch, as far as one batch goes. Repeated, it gives the same."""
    batch = Batch(after)
    while batch.reached < upto and len(batch.records) < EVENTS_MAX:
        part = audit.read(account, batch.reached, min(_READ_EACH_TIME, EVENTS_MAX - len(batch.records)))
        batch.records += [record for position, record in part.records if position <= upto and takes(record)]
        batch.reached = min(part.reached, upto) if part.more else upto
    return batch
