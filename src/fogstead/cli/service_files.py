"""The first files of a service, as text. What is not written yet is not declared either, so it answers 501."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fogstead.cli.nouns import Noun, Prose, is_paged_list, plural_of, pointer_of, sample_of, words_of
from fogstead.kernel.errors import AccessDenied, QuotaExceeded, Throttled
from fogstead.kernel.service import snake
from fogstead.model import Operation
from fogstead.model.service import folder_name
from fogstead.model.shapes import Shape
from fogstead.model.stubs import type_name

_NAMES = {"create": "creates", "list": "lists"}
_KERNELS = frozenset(error.code for error in (AccessDenied, QuotaExceeded, Throttled))
"""Errors that the kernel gives on every service's behalf."""


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """Everything the files are made of."""

    noun: Noun
    prose: Prose

    @property
    def folder(self) -> str:
        """The service as a Python name: its folder, its object and its tests' fixture."""
        return folder_name(self.noun.model.name)

    @property
    def module(self) -> str:
        """The noun's file without its ending."""
        return snake(plural_of(self.noun.name))

    def package(self) -> str:
        """`__init__.py`."""
        return f'"""{self.noun.model.metadata.get("serviceFullName", self.noun.model.name)}."""\n'

    def service(self) -> str:
        """`service.py`: the table of contents."""
        lines = [
            f'"""{self.noun.model.name}: declarations. Keep the errors that are raised, remove the rest."""',
            "",
            "from __future__ import annotations",
            "",
            "from fogstead.kernel.service import Service",
            "",
            f'{self.folder} = Service("{self.noun.model.name}")',
            "",
        ]
        errors = dict.fromkeys((self.noun.missing_error, *self.noun.errors))
        raised_here = [code for code in errors if code not in _KERNELS and not self._is_fault(code)]
        return "\n".join([*lines, *(self.error_line(code) for code in raised_here)]) + "\n"

    def _is_fault(self, code: str) -> bool:
        return bool(self.noun.model.shapes.get(code, {}).get("fault"))

    def error_line(self, code: str) -> str:
        """The declaration of an error; its status is the model's, or a guess where the model has none."""
        words = " ".join(words_of(code)).capitalize()
        shapes = self.noun.model.error_shapes
        status = "" if code in shapes else ", status=400"
        sentence = self.prose.of_error(code, f"{words}.")
        return f'{self.variable_of(code)} = {self.folder}.error("{code}", "{sentence}"{status})'

    @staticmethod
    def variable_of(code: str) -> str:
        """An error's code as a Python name; some have dots."""
        return "".join(part for part in code.replace("-", ".").split("."))

    def resource(self, missing: str) -> str:
        """The noun's own file: a resource, and functions that are not declared as operations yet."""
        noun, life, slug = self.noun, self.noun.life, "-".join(words_of(self.noun.name)).lower()
        types = sorted({name for part, operation in life.items() for name in _types(part, operation)})
        paged = any(is_paged_list(part, operation) for part, operation in life.items())
        lines = [
            f'"""{plural_of(noun.words).capitalize()}: the resource and every operation on it."""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import TYPE_CHECKING",
            "",
            "from fogstead.kernel.pages import Page" if paged else "",
            "from fogstead.kernel.resource import Resource",
            "from fogstead.kernel.transaction import Transaction" if life else "",
            f"from fogstead.services.{self.folder}.service import {missing}, {self.folder}",
            "",
            "if TYPE_CHECKING:" if types else "",
            f"    from fogstead.shapes.{folder_name(noun.model.name)} import {', '.join(types)}" if types else "",
            "",
            "",
            f'class {noun.name}(Resource, service={self.folder}, arn="{slug}/{{name}}", missing={missing}):',
            f'    """Say what {_article(noun.words)} {noun.words} is; look its ARN up in the service\'s reference."""',
            "",
            "    name: str",
        ]
        for part, operation in life.items():
            lines += ["", "", *self._stub(part, operation)]
        return "\n".join(lines) + "\n"

    def _stub(self, part: str, operation: Operation) -> Iterator[str]:
        request = type_name(operation.input.name) if operation.input else "NoInput"
        answer = type_name(operation.output.name) if operation.output else "None"
        result = "Page" if is_paged_list(part, operation) else answer
        yield f"def {snake(operation.name)}(tx: Transaction, req: {request}) -> {result}:"
        yield f'    """Answers 501 until it is declared: `{self.declaration(part, operation)}`."""'
        yield "    raise NotImplementedError"

    def declaration(self, part: str, operation: Operation) -> str:
        """The decorator that makes a function the operation."""
        pointer = pointer_of(operation)
        given = [f"{_NAMES.get(part, 'on')}={self.noun.name}"]
        if part not in _NAMES and pointer:
            given.append(f'at="{pointer}"')
        return f"@{self.folder}.operation({', '.join(given)})"

    def tests(self) -> str:
        """A first test of each step of the life, expected to fail until the step is written."""
        lines = [
            f'"""{plural_of(self.noun.words).capitalize()}: their life. Remove a mark when its test passes."""',
            "",
            "from __future__ import annotations",
            "",
            "from collections.abc import Callable",
            "from typing import Any",
            "",
            "import pytest",
            "from botocore.exceptions import ClientError",
            "",
            'not_written = pytest.mark.xfail(raises=ClientError, strict=True, reason="not implemented")',
            "",
            "",
            "@pytest.fixture",
            f"def {self.folder}(client: Callable[..., Any]) -> Any:",
            f'    return client("{self.noun.model.name}")',
        ]
        for part, operation in self.noun.life.items():
            if part != "create":
                lines += ["", "", *self._test(part, operation)]
        if len(self.noun.life) < 2 and "create" in self.noun.life:
            lines += ["", "", *self._test("create", self.noun.life["create"])]
        return "\n".join(lines) + "\n"

    def _test(self, part: str, operation: Operation) -> Iterator[str]:
        words = snake(self.noun.name)
        article = _article(words)
        title = {
            "create": f"{article}_{words}_can_be_created",
            "describe": f"a_created_{words}_can_be_read",
            "list": f"a_created_{words}_is_listed",
            "delete": f"a_deleted_{words}_is_gone",
        }[part]
        steps = list(self._steps(part, operation))
        create = self.noun.life.get("create")
        yield "@not_written"
        yield f"def test_{title}({self.folder}: Any) -> None:"
        if create is not None:
            used = any("created" in step for step in steps)
            yield f"    {'created = ' if used else ''}{self._call(create, None)}"
        yield from steps

    def _steps(self, part: str, operation: Operation) -> Iterator[str]:
        """What follows the creation."""
        create, describe = self.noun.life.get("create"), self.noun.life.get("describe")
        if part == "create":
            yield "    assert created"
        elif part == "delete":
            yield f"    {self._call(operation, create)}"
            if describe is not None:
                yield "    with pytest.raises(ClientError) as refused:"
                yield f"        {self._call(describe, create)}"
                yield f'    assert refused.value.response["Error"]["Code"] == "{self.noun.missing_error}"'
        else:
            yield f"    answer = {self._call(operation, create)}"
            yield f"    assert {_shown(operation, create)}"

    def _call(self, operation: Operation, create: Operation | None) -> str:
        return f"{self.folder}.{snake(operation.name)}({_arguments(operation, create)})"


def _types(part: str, operation: Operation) -> Iterator[str]:
    yield type_name(operation.input.name) if operation.input is not None else "NoInput"
    if operation.output is not None and not is_paged_list(part, operation):
        yield type_name(operation.output.name)


def _arguments(operation: Operation, create: Operation | None) -> str:
    """Required members: what create was given, what it answered, or a sample."""
    shape = operation.input
    if shape is None:
        return ""
    given = []
    for name in shape.required:
        value = repr(sample_of(shape.members[name]))
        answered = _answered(create, name) if create is not None else None
        given.append(f"{name}={answered or value}")
    return ", ".join(given)


def _answered(create: Operation, name: str) -> str | None:
    """How to say 'the one that was created' for a member."""
    if create.input is not None and name in create.input.required:
        return None
    outer: dict[str, Shape] = create.output.members if create.output is not None else {}
    inner = [one for one in outer.values() if one.kind == "structure"]
    places = [("created", outer), *((f'created["{one.member_name}"]', one.members) for one in inner)]
    own = name.lower().removesuffix("identifier")
    for place, members in places:
        spelled = {one.lower(): one for one in members if members[one].kind == "string"}
        for choice in (name.lower(), f"{own}arn", "arn", f"{own}id", "id"):
            if choice in spelled:
                return f'{place}["{spelled[choice]}"]'
    return None


def _shown(operation: Operation, create: Operation | None) -> str:
    """What an answer must show, as far as the model tells."""
    members: dict[str, Shape] = operation.output.members if operation.output is not None else {}
    pagination = operation.pagination
    if pagination is not None and pagination.result_key in members:
        return f'len(answer["{pagination.result_key}"]) == 1'
    if create is not None and create.input is not None:
        same = next((name for name in create.input.required if name in members), None)
        if same is not None:
            return f'answer["{same}"] == {sample_of(create.input.members[same])!r}'
    first = next(iter(members), None)
    return f'answer["{first}"]' if first else "answer"


def _article(words: str) -> str:
    return "an" if words[:1] in "aeiou" else "a"
