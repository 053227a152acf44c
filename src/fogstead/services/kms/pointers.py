"""Places that point at a key without naming it: each says what is told when there is none."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.resource import Located


@dataclass(frozen=True, slots=True)
class Pointer(Located):
    """A place that is not a key's own."""

    @abstractmethod
    def error(self) -> ServiceError:
        """What those hear who may know that it points nowhere."""


@dataclass(frozen=True, slots=True)
class CiphertextPointer(Pointer):
    """The key that a ciphertext names."""

    def error(self) -> ServiceError:
        """Nobody learns from a ciphertext whether its key exists."""
        return AccessDenied(
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or "
            "you are not allowed to access."
        )
