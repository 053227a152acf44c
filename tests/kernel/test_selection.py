"""Which data calls are recorded: kept in the store, asked in memory."""

from __future__ import annotations

from fogstead.kernel.selection import Condition, DataSelection, Seen, Wish, keep
from fogstead.primitives.store import SYSTEM, run
from fogstead.primitives.store.memory import MemoryStore
from primitives.stores import in_loop

OBJECTS = (Condition("eventCategory", equals=("Data",)), Condition("resources.type", equals=("AWS::S3::Object",)))
MANAGEMENT = (Condition("eventCategory", equals=("Management",)),)
ACCOUNT, TRAIL = "111122223333", "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"


def put() -> Seen:
    return Seen("Data", "PutObject", "s3.amazonaws.com", False, "arn", False, [("AWS::S3::Object", "arn:aws:s3:::b/k")])


def test_only_wishes_for_data_events_are_remembered() -> None:
    selection = DataSelection()
    selection.set(ACCOUNT, TRAIL, Wish((MANAGEMENT,)))
    assert ACCOUNT not in selection
    selection.set(ACCOUNT, TRAIL, Wish((MANAGEMENT, OBJECTS)))
    assert selection.takes(ACCOUNT, "us-east-1", put())
    assert not selection.takes("210987654321", "us-east-1", put())
    selection.set(ACCOUNT, TRAIL, None)
    assert ACCOUNT not in selection


def test_a_wish_may_be_for_one_region() -> None:
    selection = DataSelection()
    selection.set(ACCOUNT, TRAIL, Wish((OBJECTS,), "us-east-1"))
    assert selection.takes(ACCOUNT, "us-east-1", put())
    assert not selection.takes(ACCOUNT, "eu-west-1", put())


def test_of_several_owners_one_is_enough_and_each_goes_by_itself() -> None:
    selection = DataSelection()
    selection.set(ACCOUNT, "one", Wish((OBJECTS,)))
    selection.set(ACCOUNT, "two", Wish((OBJECTS,)))
    selection.set(ACCOUNT, "one", None)
    assert selection.takes(ACCOUNT, "us-east-1", put())


def test_what_was_kept_is_read_at_the_next_start() -> None:
    async def work() -> list[bool]:
        store = MemoryStore()
        found = []
        for wish in (Wish((OBJECTS,)), None):
            await run(store, SYSTEM, lambda keys: keep(keys, ACCOUNT, TRAIL, wish))  # noqa: B023
            selection = DataSelection()
            await run(store, SYSTEM, selection.read, read_only=True)
            found.append(selection.takes(ACCOUNT, "us-east-1", put()))
        await store.close()
        return found

    assert in_loop(work) == [True, False]
