"""AllowedPattern: regular expressions of strangers, matched in bounded time.

A pattern becomes a list of states that are walked all at once, sign by sign, so there is nothing to go back to and no
pattern that takes for ever. The whole value has to fit. Lookaround and back-references cannot be matched so, and are
refused by name.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass, field

from fogstead.kernel.errors import NotImplementedHere

STATES_MAX = 5_000
STEPS_MAX = 250_000
REPEATS_MAX = 1_000
DEPTH_MAX = 50

_REPEATING = frozenset("*+?{")

Sign = Callable[[str], bool]


class PatternFault(ValueError):
    """A pattern that means nothing, or too much; the message says what."""


@dataclass(slots=True)
class State:
    """One place in a pattern: a sign to take, an edge of the value, or a choice of where to go on."""

    takes: Sign | None = None
    edge: str = ""
    then: list[State] = field(default_factory=list)


Part = tuple[State, State]
"""A piece of a pattern: where it begins, and where it leaves off."""


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value fits; PatternFault when the pattern means nothing."""
    start, end = _Reader(pattern).read()
    steps = [0]
    now = _reached([start], steps, first=True, last=not value)
    for at, sign in enumerate(value, 1):
        taken = [one for state in now if state.takes is not None and state.takes(sign) for one in state.then]
        now = _reached(taken, steps, first=False, last=at == len(value))
        if not now:
            return False
    return any(state is end for state in now)


def _reached(begin: list[State], steps: list[int], *, first: bool, last: bool) -> list[State]:
    """All states that are reached without taking a sign."""
    seen: dict[int, State] = {}
    left = list(begin)
    while left:
        state = left.pop()
        if id(state) in seen:
            continue
        steps[0] += 1
        if steps[0] > STEPS_MAX:
            raise PatternFault("The pattern takes too long on this value.")
        seen[id(state)] = state
        if state.takes is None and not (state.edge == "^" and not first) and not (state.edge == "$" and not last):
            left += state.then
    return list(seen.values())


class _Reader:
    """Reads a pattern once, from the left."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._states = 0
        self._depth = 0

    def read(self) -> Part:
        part = self._either()
        if self._at < len(self._pattern):
            raise PatternFault(f"Unmatched ')' at {self._at}.")
        return part

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        sign = self._peek()
        if not sign:
            raise PatternFault("The pattern ends too early.")
        self._at += 1
        return sign

    def _taken(self, text: str) -> bool:
        if self._pattern.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _state(self, takes: Sign | None = None, edge: str = "") -> State:
        self._states += 1
        if self._states > STATES_MAX:
            raise PatternFault("The pattern is too large.")
        return State(takes, edge)

    # ------------------------------------------------------------- pieces
    def _either(self) -> Part:
        branches = [self._sequence()]
        while self._taken("|"):
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        start, end = self._state(), self._state()
        for begin, leave in branches:
            start.then.append(begin)
            leave.then.append(end)
        return start, end

    def _sequence(self) -> Part:
        start = end = self._state()
        while self._peek() not in {"", "|", ")"}:
            begin, leave = self._repeated()
            end.then.append(begin)
            end = leave
        return start, end

    def _repeated(self) -> Part:
        where = self._at
        part = self._atom()
        times = self._times()
        if times is None:
            return part
        if self._peek() in _REPEATING:
            raise PatternFault(f"Dangling meta character '{self._peek()}' near index {self._at}.")
        return self._copies(where, part, *times)

    def _times(self) -> tuple[int, int | None] | None:
        """How often the piece before is wanted; whether greedy makes no difference for a whole value."""
        times: tuple[int, int | None] | None = None
        if self._taken("*"):
            times = (0, None)
        elif self._taken("+"):
            times = (1, None)
        elif self._taken("?"):
            times = (0, 1)
        elif self._taken("{"):
            times = self._counted()
        if times is not None and self._taken("+"):
            raise NotImplementedHere("Possessive repeats in AllowedPattern are not implemented by this cloud.")
        if times is not None:
            self._taken("?")
        return times

    def _counted(self) -> tuple[int, int | None]:
        text, closed, _ = self._pattern[self._at :].partition("}")
        low, comma, high = text.partition(",")
        if not closed or not low.isdecimal() or (high and not high.isdecimal()):
            raise PatternFault(f"Illegal repetition near index {self._at}.")
        self._at += len(text) + 1
        least = int(low[:9])
        most = least if not comma else (int(high[:9]) if high else None)
        if least > REPEATS_MAX or (most is not None and not least <= most <= REPEATS_MAX):
            raise PatternFault(f"Illegal repetition range near index {self._at}.")
        return least, most

    def _copies(self, where: int, first: Part, least: int, most: int | None) -> Part:
        """The piece as often as it is wanted; each further copy is read again."""
        after = self._at
        start = end = self._state()
        pieces = [first]
        for _ in range(max(least, most or 0, 1) - 1):
            self._at = where
            pieces.append(self._atom())
        self._at = after
        leave = self._state()
        for number, (begin, over) in enumerate(pieces, 1):
            if number > least:
                end.then.append(leave)
            end.then.append(begin)
            end = over
        if most is None:
            end.then.append(pieces[-1][0])
        if most != 0:
            end.then.append(leave)
            return start, leave
        start.then = [leave]
        return start, leave

    def _atom(self) -> Part:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._one(self._class())
        if sign in {"^", "$"}:
            return self._edge(sign)
        if sign == ".":
            return self._one(lambda one: one not in "\n\r\u0085\u2028\u2029")
        if sign == "\\":
            return self._escape()
        if sign in _REPEATING:
            raise PatternFault(f"Dangling meta character '{sign}' near index {self._at - 1}.")
        return self._one(lambda one: one == sign)

    def _one(self, takes: Sign) -> Part:
        start, end = self._state(takes), self._state()
        start.then.append(end)
        return start, end

    def _edge(self, sign: str) -> Part:
        start, end = self._state(edge=sign), self._state()
        start.then.append(end)
        return start, end

    def _group(self) -> Part:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise PatternFault("The groups of the pattern are too deep.")
        if self._taken("?") and not self._taken(":"):
            raise NotImplementedHere(
                "Lookaround, flags and named groups in AllowedPattern are not implemented by this cloud."
            )
        part = self._either()
        if not self._taken(")"):
            raise PatternFault("Unclosed group.")
        self._depth -= 1
        return part

    def _escape(self) -> Part:
        sign = self._next()
        if sign in {"A", "Z", "z"}:
            return self._edge("^" if sign == "A" else "$")
        return self._one(_escaped(sign))

    def _class(self) -> Sign:
        """Everything between brackets; one that closes and comes first is a sign like others."""
        negated = self._taken("^")
        tests: list[Sign] = []
        while not tests or not self._taken("]"):
            if self._peek() == "[" or self._pattern.startswith("&&", self._at):
                raise NotImplementedHere("Classes within classes in AllowedPattern are not implemented by this cloud.")
            tests.append(self._member())
        return lambda one: any(test(one) for test in tests) != negated

    def _member(self) -> Sign:
        low = self._next()
        test = _escaped(self._next()) if low == "\\" else None
        if test is not None:
            low = self._pattern[self._at - 1]
            if low in _CLASSES or low in _CONTROLS:
                return test
        if self._peek() != "-" or self._pattern[self._at + 1 : self._at + 2] in {"]", ""}:
            return lambda one: one == low
        self._at += 1
        high = self._next()
        if high == "\\":
            high = self._next()
        if high < low:
            raise PatternFault(f"Illegal character range near index {self._at}.")
        return lambda one: low <= one <= high


_DIGITS = frozenset(string.digits)
_WORDS = frozenset(string.ascii_letters + string.digits + "_")
_SPACES = frozenset(" \t\n\x0b\f\r")
_CLASSES: dict[str, Sign] = {
    "d": lambda one: one in _DIGITS,
    "D": lambda one: one not in _DIGITS,
    "w": lambda one: one in _WORDS,
    "W": lambda one: one not in _WORDS,
    "s": lambda one: one in _SPACES,
    "S": lambda one: one not in _SPACES,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def _escaped(sign: str) -> Sign:
    """What a sign after a backslash takes."""
    if sign in _CLASSES:
        return _CLASSES[sign]
    if sign in _CONTROLS:
        control = _CONTROLS[sign]
        return lambda one: one == control
    if sign in string.ascii_letters + string.digits:
        raise NotImplementedHere(f"\\{sign} in AllowedPattern is not implemented by this cloud.")
    return lambda one: one == sign
