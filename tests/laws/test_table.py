"""The committed table of laws that hold: it may only improve."""

from __future__ import annotations

import json
from typing import Any

from fogstead.kernel.catalog import Catalog
from laws.examples import Examples, examples_class, missing_examples
from laws.law import services
from laws.table import FILE, current, lost


def test_the_table_of_laws_is_current() -> None:
    assert json.loads(FILE.read_text()) == current(), "python tests/laws/table.py --write"


def test_an_operation_for_which_a_law_no_longer_holds_is_named() -> None:
    table = {"03 a": {"sqs": ["SendMessage", "TagQueue"]}}
    assert lost(table, {"03 a": {"sqs": ["SendMessage"]}}) == ["03 a: sqs TagQueue"]
    assert lost(table, {"03 a": {"sqs": ["SendMessage", "TagQueue", "PurgeQueue"]}}) == []


def test_every_service_has_examples_for_every_operation() -> None:
    for service in services():
        examples = examples_class(service.name)
        assert examples.input_of is not Examples.input_of, missing_examples(service.name)


def test_a_service_without_examples_is_told_what_to_add() -> None:
    sentence = missing_examples("secretsmanager")
    assert "tests/laws/examples/secretsmanager.py" in sentence
    assert "input_of" in sentence


def test_exceptions_are_for_operations_that_exist() -> None:
    from laws.exceptions import ABSENT, BROKEN, EVERYWHERE, EXEMPT, MAY_TELL, TELLING  # noqa: PLC0415
    from laws.law import LAWS  # noqa: PLC0415

    catalog: Any = Catalog()
    for name, service, operation in [*BROKEN, *EXEMPT]:
        assert name in LAWS
        assert operation in catalog.service(service).operations
    for service, error in MAY_TELL.items():
        assert error in catalog.service(service).errors
    for (service, operation), error in ABSENT.items():
        assert operation in catalog.service(service).operations
        assert error in catalog.service(service).errors
    for service, resource in EVERYWHERE:
        assert catalog.service(service).resources[resource].scope != "region"
    for (service, operation), members in TELLING.items():
        assert set(members) <= set(catalog.service(service).operations[operation].model.input.required)
