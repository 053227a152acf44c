"""A transaction that needs an answer from elsewhere: a data key, what binds a principal, another account's role.

A plain `def` cannot wait, so it *asks*: its work is taken back, the question is put outside of the transaction, and the
work is run again from the start with the answer at hand. What is asked must follow from the input and from what the
transaction reads, and is asked at most once a call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import ServiceError

if TYPE_CHECKING:
    from fogstead.kernel.calls import Call

QUESTIONS_MAX = 64
"""How many different things one call may ask; a batch asks for each of its entries at most."""

Ask = Callable[["Call"], Awaitable[Any]]


class Asking(Exception):
    """Raised through the transaction by `tx.ask`; the pipeline answers it."""

    def __init__(self, question: Hashable, ask: Ask) -> None:
        super().__init__(question)
        self.question = question
        self.ask = ask


class Answers:
    """What one call has asked so far. A refusal is an answer too, and is raised to whoever asks."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Any, ServiceError | None]] = {}

    def get(self, question: Hashable, ask: Ask) -> Any:
        """The answer; `Asking` when there is none yet."""
        known = self._known.get(question)
        if known is None:
            raise Asking(question, ask)
        value, error = known
        if error is not None:
            raise error
        return value

    async def find(self, asking: Asking, call: Call) -> None:
        """Put the question and keep what comes of it."""
        assert len(self._known) < QUESTIONS_MAX, f"a call asked more than {QUESTIONS_MAX} questions"
        try:
            self._known[asking.question] = (await asking.ask(call), None)
        except ServiceError as error:
            self._known[asking.question] = (None, error)
