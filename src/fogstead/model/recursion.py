"""Shapes that contain themselves, for everything that compiles shapes into functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fogstead.model.shapes import Shape

F = TypeVar("F", bound=Callable[..., Any] | None)


class Later:
    """Stands for the function of a shape that is still being made; where nothing was made, values pass unchanged."""

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made: Callable[..., Any] | None = None

    def __call__(self, value: Any, *more: Any) -> Any:
        return value if self.made is None else self.made(value, *more)


class Underway:
    """The structures that are being compiled."""

    __slots__ = ("_structures",)

    def __init__(self) -> None:
        self._structures: dict[str, Later] = {}

    def compile(self, shape: Shape, make: Callable[[], F]) -> F | Later:
        """What `make` makes of a structure, or what stands for it inside itself."""
        if shape.name in self._structures:
            return self._structures[shape.name]
        later = self._structures[shape.name] = Later()
        later.made = made = make()
        del self._structures[shape.name]
        return made
