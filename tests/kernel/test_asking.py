"""Transactions that ask: taken back, answered, run again."""

from __future__ import annotations

from typing import Any

import pytest
from trial import HOME, Trial, secret_arn

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import ServiceError, declare
from fogstead.kernel.invocation import Origin
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack

Refused = declare("Refused", "Refused", "No.")
KEY = HOME.prefix + pack("asked")


def call_of(trial: Trial) -> Call:
    return Call(trial.cloud, HOME, Origin(request_id="r"), "secretsmanager")


async def test_what_is_asked_is_answered_and_the_work_runs_again(trial: Trial) -> None:
    put: list[str] = []

    async def ask(_call: Call) -> str:
        put.append("asked")
        return "answer"

    def work(tx: Transaction) -> Any:
        before = tx.keys.get(KEY)
        tx.keys.put(KEY, b"half done")
        answer = tx.ask("question", ask)
        tx.keys.put(KEY, answer.encode())
        return before, answer

    assert await trial.cloud.transact(HOME, work, call=call_of(trial)) == (None, "answer")
    assert put == ["asked"]


async def test_a_refusal_is_raised_to_whoever_asks_and_may_be_taken(trial: Trial) -> None:
    async def ask(_call: Call) -> str:
        raise Refused

    def work(tx: Transaction) -> str:
        try:
            return str(tx.ask("question", ask))
        except ServiceError as error:
            return error.code

    assert await trial.cloud.transact(HOME, work, call=call_of(trial)) == "Refused"


async def test_several_questions_are_asked_one_after_another(trial: Trial) -> None:
    def asker(number: int) -> Any:
        async def ask(_call: Call) -> int:
            return number * 2

        return ask

    def work(tx: Transaction) -> list[int]:
        return [tx.ask(("number", number), asker(number)) for number in range(5)]

    assert await trial.cloud.transact(HOME, work, call=call_of(trial)) == [0, 2, 4, 6, 8]


async def test_a_question_is_put_as_the_service_that_asks(trial: Trial) -> None:
    async def ask(call: Call) -> Any:
        return await call.as_service(source=secret_arn("s")).secretsmanager.list_secrets()

    with pytest.raises(ServiceError) as refused:
        await trial.cloud.transact(HOME, lambda tx: tx.ask("list", ask), call=call_of(trial))
    assert refused.value.code == "AccessDeniedException"
    assert "secretsmanager.amazonaws.com" in refused.value.message
