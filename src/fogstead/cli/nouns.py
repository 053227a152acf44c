"""What a model says of one noun: its operations, which of them make a life, and what their words are."""

from __future__ import annotations

import gzip
import html
import importlib.util
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fogstead.model import Operation, ServiceModel
from fogstead.model.shapes import Shape

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_TAG = re.compile(r"<[^>]+>")
_LIFE = {
    "create": ("Create{0}", "Put{0}", "Register{0}", "Request{0}", "Run{1}", "Start{0}", "Import{0}", "Allocate{0}"),
    "describe": ("Describe{0}", "Get{0}", "Head{0}", "Get{0}Attributes", "Describe{0}Attributes"),
    "list": ("List{1}", "Describe{1}", "List{0}", "Get{1}"),
    "delete": ("Delete{0}", "Deregister{0}", "Terminate{1}", "Remove{0}", "Release{0}", "Delete{1}"),
}
_MISSING = re.compile(r"NotFound|DoesNotExist|NoSuch|NotExist|NonExist|Unknown")
_SENTENCE_MAX = 90


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun of a service, in the model's spelling."""

    model: ServiceModel
    name: str
    operations: tuple[Operation, ...]
    life: dict[str, Operation]

    @property
    def plural(self) -> str:
        """As the model's lists spell it."""
        return plural_of(self.name)

    @property
    def words(self) -> str:
        """`HostedZone` as `hosted zone`."""
        return " ".join(words_of(self.name)).lower()

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors that the operations of its life may give."""
        return tuple(dict.fromkeys(error for operation in self.life.values() for error in operation.errors))

    @property
    def missing_error(self) -> str:
        """The error for one that does not exist, as far as the model tells."""
        first = [operation.errors for part, operation in self.life.items() if part == "describe"]
        errors = dict.fromkeys([*(error for errors in first for error in errors), *self.errors])
        candidates = [error for error in errors if _MISSING.search(error)]
        own = [error for error in candidates if error.startswith((self.name, f"NoSuch{self.name}"))]
        return next(iter(own or candidates), f"{self.name}NotFound")


def plural_of(noun: str) -> str:
    """English enough for AWS's names."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def words_of(name: str) -> list[str]:
    """`DBClusterSnapshot` as its words."""
    return _WORD.findall(name)


def noun_of(model: ServiceModel, name: str) -> Noun:
    """A noun with its operations; those of its life come first."""
    life = _life_of(model, name)
    part = "".join(words_of(name)).lower()
    own = [one for one in model.operation_names if part in one.lower() or plural_of(part) in one.lower()]
    named = [operation.name for operation in life.values()]
    ordered = [*named, *(one for one in sorted(own) if one not in named)]
    return Noun(model, name, tuple(model.operation(one) for one in ordered), life)


def _life_of(model: ServiceModel, noun: str) -> dict[str, Operation]:
    life: dict[str, Operation] = {}
    for part, patterns in _LIFE.items():
        taken = {operation.name for operation in life.values()}
        names = [pattern.format(noun, plural_of(noun)) for pattern in patterns]
        found = next((name for name in names if model.has_operation(name) and name not in taken), None)
        if found is not None:
            life[part] = model.operation(found)
    return life


def nouns_of(model: ServiceModel) -> list[str]:
    """The nouns that have something like a life, those with most operations first."""
    candidates = {"".join(words_of(name)[1:]) for name in model.operation_names if name.startswith(("Create", "Put"))}
    sizes = Counter({noun: len(_life_of(model, noun)) * 100 + _mentions(model, noun) for noun in candidates if noun})
    return [noun for noun, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])) if size >= 200]


def _mentions(model: ServiceModel, noun: str) -> int:
    return sum(noun.lower() in name.lower() for name in model.operation_names)


def is_paged_list(part: str, operation: Operation) -> bool:
    """Whether an operation lists the resource in pages that the kernel can make."""
    return part == "list" and operation.pagination is not None


def pointer_of(operation: Operation) -> str:
    """The input member that points at the resource; empty when no string is required."""
    shape = operation.input
    if shape is None:
        return ""
    return next((name for name in shape.required if shape.members[name].kind == "string"), "")


def sample_of(shape: Shape, depth: int = 0) -> Any:
    """A value for a required member, for a first test; patterns are not looked at."""
    if shape.kind == "structure":
        return {name: sample_of(shape.members[name], depth + 1) for name in shape.required if depth < 4}
    if shape.kind == "list":
        return [sample_of(shape.member, depth + 1)] if depth < 4 else []
    plain: dict[str, Any] = {"boolean": True, "blob": b"bytes", "timestamp": 0, "map": {}}
    if shape.kind == "string":
        return shape.enum[0] if shape.enum else "a-name".ljust(int(shape.trait("min") or 0), "x")
    return plain.get(shape.kind, max(1, int(shape.trait("min") or 1)))


class Prose:
    """First sentences of botocore's own documentation, which the cached models leave out."""

    def __init__(self, service: str) -> None:
        spec = importlib.util.find_spec("botocore")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        folder = Path(spec.submodule_search_locations[0]) / "data" / service
        files = sorted(folder.glob("*/service-2.json.gz"))
        data = json.loads(gzip.decompress(files[-1].read_bytes())) if files else {}
        self._shapes = data.get("shapes", {})
        self._operations = data.get("operations", {})

    def of_error(self, shape: str, otherwise: str) -> str:
        """What an error's shape says of it."""
        return _sentence(self._shapes.get(shape, {}).get("documentation", "")) or otherwise

    def of_operation(self, name: str) -> str:
        """What an operation does."""
        return _sentence(self._operations.get(name, {}).get("documentation", ""))


def _sentence(documentation: str) -> str:
    """The first sentence in plain letters; empty when it is none or long."""
    text = html.unescape(_TAG.sub(" ", documentation)).replace("\u2019", "'")
    text = " ".join(text.encode("ascii", "ignore").decode("ascii").split()).replace(" .", ".")
    first = re.split(r"(?<=\.)\s", text, maxsplit=1)[0].replace("\\", "").replace('"', "'")
    return first if 0 < len(first) <= _SENTENCE_MAX and first.endswith(".") else ""
