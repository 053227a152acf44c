"""Event data stores: made, found, listed, changed, deleted, restored, and filled or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.arns import Arn
from fogstead.kernel.catalog import job
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.selection import Selector, Wish, keep
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Home
from fogstead.services.cloudtrail import selector_rules
from fogstead.services.cloudtrail.service import (
    EventDataStoreAlreadyExists,
    EventDataStoreARNInvalid,
    EventDataStoreNotFound,
    EventDataStoreTerminationProtected,
    InactiveEventDataStore,
    InvalidEventDataStoreStatus,
    InvalidParameter,
    ThrottlingException,
    TooManyEventDataStores,
    cloudtrail,
    event_data_stores_max,
)
from fogstead.services.cloudtrail.spans import SPANS_MAX, Spans, closed, opened
from fogstead.services.cloudtrail.tag_rules import as_list, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        CreateEventDataStoreRequest,
        CreateEventDataStoreResponse,
        DeleteEventDataStoreRequest,
        DeleteEventDataStoreResponse,
        GetEventDataStoreRequest,
        GetEventDataStoreResponse,
        ListEventDataStoresRequest,
        RestoreEventDataStoreRequest,
        RestoreEventDataStoreResponse,
        StartEventDataStoreIngestionRequest,
        StartEventDataStoreIngestionResponse,
        StopEventDataStoreIngestionRequest,
        StopEventDataStoreIngestionResponse,
        UpdateEventDataStoreRequest,
        UpdateEventDataStoreResponse,
    )

INGEST_EVERY_MILLIS: Final = 5 * 60_000
PENDING_MILLIS: Final = 7 * 86_400_000
SELECTORS_MAX: Final = 5
_BILLING: Final = {"EXTENDABLE_RETENTION_PRICING": (366, 3653), "FIXED_RETENTION_PRICING": (2557, 2557)}
"""The days that events are kept unless said, and at most."""
_NOT_YET = ("OrganizationEnabled", "KmsKeyId")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DEFAULT_SELECTORS: Final[list[Any]] = [
    {
        "Name": "Default management events",
        "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
    }
]


class EventDataStore(Resource, service=cloudtrail, arn="eventdatastore/{id}", missing=EventDataStoreNotFound):
    """Events that were taken out of the audit and are kept for their own time."""

    id: str
    name: str
    status: str = "ENABLED"
    selectors_given: list[Any] = []
    is_multi_region: bool = True
    kept_days: int = 366
    billing: str = "EXTENDABLE_RETENTION_PRICING"
    is_protected: bool = True
    tags: Tags = {}
    spans: Spans = ()
    updated_at: Millis = 0
    deleted_at: Millis = 0
    removed: int = 0

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What it takes, in the kernel's form."""
        return selector_rules.from_advanced(self.selectors_given)

    @property
    def from_region(self) -> str:
        """The Region whose events it takes; empty for all."""
        return "" if self.is_multi_region else self.region

    def but(self, **changes: Any) -> EventDataStore:
        """The same with changes; it is not kept by that."""
        made: EventDataStore = msgspec.structs.replace(self, **changes)  # type: ignore[type-var]
        return made

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """An ARN, or the id at its end."""
        if not value.startswith("arn:"):
            return cls.at(home, value)
        try:
            arn = Arn.parse(value)
        except ValueError:
            raise EventDataStoreARNInvalid(f"The ARN {value} is not valid.") from None
        kind, _, store = arn.resource.partition("/")
        if arn.service != cloudtrail.arn_service or kind != "eventdatastore" or _ID.match(store) is None:
            raise EventDataStoreARNInvalid(f"The ARN {value} is not that of an event data store.")
        return cls.locate_arn_in(value, home)


def same(tx: Transaction, store: EventDataStore) -> EventDataStore | None:
    """A store as it is now; None when it is gone."""
    return tx.find(EventDataStore, store.id)


def active(tx: Transaction) -> EventDataStore:
    """The event data store of this call, which must not be about to be deleted."""
    store: EventDataStore = tx.resource
    if store.status == "PENDING_DELETION":
        raise InactiveEventDataStore
    return store


def _arranged(tx: Transaction, store: EventDataStore) -> None:
    """Have data calls recorded that a store takes which is filled, and fill it."""
    wish = Wish(store.selectors, store.from_region) if store.status == "ENABLED" else None
    keep(tx.keys, store.account, store.arn, wish)
    tx.after_commit(lambda: tx.cloud.audit.selection.set(store.account, store.arn, wish))


# --------------------------------------------------------------------------- making
@cloudtrail.operation(creates=EventDataStore, refuses=_NOT_YET)
def create_event_data_store(tx: Transaction, req: CreateEventDataStoreRequest) -> CreateEventDataStoreResponse:
    """Filled from now on, unless it is said otherwise."""
    billing = req.get("BillingMode", "EXTENDABLE_RETENTION_PRICING")
    store = EventDataStore(
        id=tx.new_id(),
        name=req["Name"],
        status="ENABLED" if req.get("StartIngestion", True) else "STOPPED_INGESTION",
        selectors_given=req.get("AdvancedEventSelectors") or _DEFAULT_SELECTORS,
        is_multi_region=req.get("MultiRegionEnabled", True),
        kept_days=req.get("RetentionPeriod", _BILLING[billing][0]),
        billing=billing,
        is_protected=req.get("TerminationProtectionEnabled", True),
        tags=tags_of(req.get("TagsList", [])),
        updated_at=tx.now,
    )
    _check(tx, store)
    if sum(1 for _ in tx.all(EventDataStore)) >= tx.cloud.quotas.limit(tx.home.account, event_data_stores_max):
        raise TooManyEventDataStores
    if store.status == "ENABLED":
        store = _switched_on(tx, store)
    made = tx.create(store)
    _arranged(tx, made)
    _schedule(tx, made)
    answer: CreateEventDataStoreResponse = _shown(made) | {"TagsList": as_list(made.tags)}
    return answer


def _check(tx: Transaction, store: EventDataStore) -> None:
    selector_rules.from_advanced(store.selectors_given, SELECTORS_MAX)
    kept_max = _BILLING[store.billing][1]
    if store.kept_days > kept_max:
        raise InvalidParameter(f"With {store.billing} the retention period is at most {kept_max} days.")
    if any(one.name == store.name and one.id != store.id for one in tx.all(EventDataStore)):
        raise EventDataStoreAlreadyExists


def _switched_on(tx: Transaction, store: EventDataStore) -> EventDataStore:
    if len(store.spans) >= SPANS_MAX:
        raise ThrottlingException
    return store.but(status="ENABLED", spans=opened(store.spans, tx.cloud.audit.last))


def _schedule(tx: Transaction, store: EventDataStore) -> None:
    """Taking in and forgetting come round as long as there is a store."""
    tx.schedule("cloudtrail.ingest", {"id": store.id}, at=tx.now + INGEST_EVERY_MILLIS, name=store.id)


# --------------------------------------------------------------------------- finding
def _listed(store: EventDataStore) -> Any:
    return {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": store.selectors_given,
        "MultiRegionEnabled": store.is_multi_region,
        "OrganizationEnabled": False,
        "RetentionPeriod": store.kept_days,
        "TerminationProtectionEnabled": store.is_protected,
        "CreatedTimestamp": store.created_at,
        "UpdatedTimestamp": store.updated_at,
    }


def _shown(store: EventDataStore) -> Any:
    return {**_listed(store), "BillingMode": store.billing}


@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def get_event_data_store(tx: Transaction, req: GetEventDataStoreRequest) -> GetEventDataStoreResponse:  # noqa: ARG001
    """Everything that was said of it."""
    partitions = [{"Name": "calendarday", "Type": "string"}]
    answer: GetEventDataStoreResponse = _shown(tx.resource) | {"PartitionKeys": partitions}
    return answer


@cloudtrail.operation(lists=EventDataStore)
def list_event_data_stores(tx: Transaction, req: ListEventDataStoresRequest) -> Page:  # noqa: ARG001
    """Of the Region, by id."""
    return tx.page(EventDataStore, show=_listed)


# --------------------------------------------------------------------------- changing
@cloudtrail.operation(on=EventDataStore, at="EventDataStore", refuses=_NOT_YET)
def update_event_data_store(tx: Transaction, req: UpdateEventDataStoreRequest) -> UpdateEventDataStoreResponse:
    """What is given replaces what was; events that are too old by a new retention period go."""
    store = active(tx)
    changed = store.but(**_changes(req), updated_at=tx.now)
    if store.billing != changed.billing and changed.billing == "FIXED_RETENTION_PRICING":
        raise InvalidParameter("The billing mode cannot be changed to FIXED_RETENTION_PRICING.")
    _check(tx, changed)
    tx.replace(changed)
    _arranged(tx, changed)
    answer: UpdateEventDataStoreResponse = _shown(changed)
    return answer


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    members = {
        "Name": "name",
        "AdvancedEventSelectors": "selectors_given",
        "MultiRegionEnabled": "is_multi_region",
        "RetentionPeriod": "kept_days",
        "TerminationProtectionEnabled": "is_protected",
        "BillingMode": "billing",
    }
    return {field: given[member] for member, field in members.items() if given.get(member) is not None}


@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def start_event_data_store_ingestion(
    tx: Transaction,
    req: StartEventDataStoreIngestionRequest,  # noqa: ARG001
) -> StartEventDataStoreIngestionResponse:
    """Filled again from now on."""
    store: EventDataStore = tx.resource
    if store.status != "STOPPED_INGESTION":
        raise InvalidEventDataStoreStatus
    _arranged(tx, tx.replace(_switched_on(tx, store)))
    return {}


@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def stop_event_data_store_ingestion(
    tx: Transaction,
    req: StopEventDataStoreIngestionRequest,  # noqa: ARG001
) -> StopEventDataStoreIngestionResponse:
    """Filled no more; what it has stays and can be queried."""
    store: EventDataStore = tx.resource
    if store.status != "ENABLED":
        raise InvalidEventDataStoreStatus
    stopped = tx.replace(store, status="STOPPED_INGESTION", spans=closed(store.spans, tx.cloud.audit.last))
    _arranged(tx, stopped)
    return {}


# --------------------------------------------------------------------------- deleting
@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def delete_event_data_store(tx: Transaction, req: DeleteEventDataStoreRequest) -> DeleteEventDataStoreResponse:  # noqa: ARG001
    """Gone in seven days, unless it is restored before."""
    store = active(tx)
    if store.is_protected:
        raise EventDataStoreTerminationProtected
    spans = closed(store.spans, tx.cloud.audit.last)
    doomed = tx.replace(store, status="PENDING_DELETION", spans=spans, deleted_at=tx.now, updated_at=tx.now)
    _arranged(tx, doomed)
    tx.schedule("cloudtrail.forget-store", {"id": store.id}, at=tx.now + PENDING_MILLIS, name=store.id)
    return {}


@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def restore_event_data_store(tx: Transaction, req: RestoreEventDataStoreRequest) -> RestoreEventDataStoreResponse:  # noqa: ARG001
    """Within the seven days, and filled again."""
    store: EventDataStore = tx.resource
    if store.status != "PENDING_DELETION":
        raise InvalidEventDataStoreStatus
    tx.unschedule("cloudtrail.forget-store", store.id)
    restored = tx.replace(_switched_on(tx, store), deleted_at=0, updated_at=tx.now)
    _arranged(tx, restored)
    answer: RestoreEventDataStoreResponse = _shown(restored)
    return answer


@job("cloudtrail.forget-store")
def forget_store(tx: Transaction, arguments: dict[str, Any]) -> None:
    """With its events and the queries that were put to it."""
    store = tx.find(EventDataStore, arguments["id"])
    if store is not None and store.status == "PENDING_DELETION":
        tx.unschedule("cloudtrail.ingest", store.id)
        tx.delete(store)
