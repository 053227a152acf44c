"""Errors as AWS names them."""

from __future__ import annotations

import pytest

from fogstead.kernel import errors
from fogstead.kernel.errors import ServiceError, declare

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_has_a_code_a_sentence_and_a_fault_that_fits_its_status(kind: type[ServiceError]) -> None:
    error = kind()
    assert error.code
    assert error.message == str(error) == kind.sentence
    assert error.members == {}
    assert error.sender_fault is (error.status < 500)


def test_a_declared_error_is_a_class_of_its_own() -> None:
    gone = declare("Gone", "Gone", "It is gone.", 410, modelled=True)
    broken = declare("Broken", "Broken", "It broke.", 500)
    assert (gone.code, gone.status, gone.sender_fault, gone.modelled) == ("Gone", 410, True, True)
    assert not broken.sender_fault
    assert gone("For good.", When=5).members == {"When": 5}
    assert not issubclass(gone, broken)
