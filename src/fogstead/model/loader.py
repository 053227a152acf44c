"""Reads models from botocore's data files and keeps them in a form that loads in a blink.

The cached form is what `marshal` writes, without prose, beside a stamp of botocore's own files. botocore itself is
never imported: its models are data.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib
import importlib.util
import json
import marshal
import os
import sys
from pathlib import Path
from typing import Any

from fogstead.model.service import ServiceModel
from fogstead.model.shapes import Data

CACHE_FORM = 1
_PROSE = frozenset({"documentation", "deprecatedMessage", "deprecatedSince", "examples"})
_INDEXED = ("signingName", "endpointPrefix", "targetPrefix", "apiVersion", "protocol", "protocols", "serviceId")
_HEAD_BYTES = 16_384
_CORRECTIONS = Path(__file__).parent / "corrections"


class UnknownService(KeyError):
    """botocore has no service of that name."""


class Models:
    """Loads a service's model on first use. `cache` is a folder, or None to read botocore's files every time."""

    def __init__(self, cache: Path | None = None, source: Path | None = None) -> None:
        self._source = source or _botocore_data()
        self._cache = cache / _stamp(self._source) if cache else None
        self._loaded: dict[str, ServiceModel] = {}
        self._index: dict[str, dict[str, Any]] | None = None

    def load(self, name: str) -> ServiceModel:
        """The model of a service by botocore's name for it; UnknownService when there is none."""
        model = self._loaded.get(name)
        if model is None:
            data = self._cached(f"model-{name}", lambda: self._read(name))
            model = self._loaded[name] = ServiceModel(name, data)
        return model

    def index(self) -> dict[str, dict[str, Any]]:
        """Routing facts of every service there is, by name, without loading the models."""
        if self._index is None:
            self._index = self._cached("index", self._read_index)
        return self._index

    def names(self) -> list[str]:
        """Every service botocore knows."""
        return sorted(self.index())

    def _cached(self, name: str, make: Any) -> Any:
        if self._cache is None:
            return make()
        file = self._cache / name
        kept = _kept(file)
        if kept is not None:
            return kept
        made = make()
        _write(file, marshal.dumps(made))
        return made

    def _read(self, name: str) -> dict[str, Any]:
        folder = self._newest(name)
        data = _without_prose(_read_json(folder / "service-2"))
        for part, key in (("paginators-1", "pagination"), ("waiters-2", "waiters")):
            more = _read_json(folder / part, missing={})
            data[key] = more.get(key, {})
        return _corrected(name, data)

    def _newest(self, name: str) -> Path:
        folder = self._source / name
        if not name.replace("-", "").isalnum() or not folder.is_dir():
            raise UnknownService(name)
        return max(entry for entry in folder.iterdir() if entry.is_dir() and entry.name[0].isdigit())

    def _read_index(self) -> dict[str, dict[str, Any]]:
        index = {}
        for folder in sorted(self._source.iterdir()):
            if (folder / "endpoints.json").exists() or not folder.is_dir():
                continue
            metadata = _read_metadata(self._newest(folder.name) / "service-2.json.gz")
            index[folder.name] = {key: metadata[key] for key in _INDEXED if key in metadata}
        return index


def _botocore_data() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("botocore is not installed; its data files describe the services: pip install botocore")
    return Path(spec.submodule_search_locations[0]) / "data"


def _stamp(source: Path) -> str:
    seen = (source.parent / "__init__.py").stat()
    corrected = max(file.stat().st_mtime_ns for file in _CORRECTIONS.glob("*.py"))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{CACHE_FORM}-{python}-{seen.st_size}-{seen.st_mtime_ns:x}-{corrected:x}"


def _read_json(file: Path, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    packed = file.with_name(file.name + ".json.gz")
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))  # type: ignore[no-any-return]
    plain = file.with_name(file.name + ".json")
    if missing is not None and not plain.exists():
        return missing
    return json.loads(plain.read_bytes())  # type: ignore[no-any-return]


def _read_metadata(file: Path) -> dict[str, Any]:
    """The metadata stand near the top of the file: read no more than that."""
    with gzip.open(file) as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "ignore")
    start = head.index("{", head.index('"metadata"'))
    return json.JSONDecoder().raw_decode(head, start)[0]  # type: ignore[no-any-return]


def _without_prose(value: Any, *, names: bool = False) -> Any:
    """The model without its prose. Under `members`, `shapes` and `operations` the keys are names, not traits."""
    if isinstance(value, dict):
        return {
            key: _without_prose(inner, names=not names and key in {"members", "shapes", "operations"})
            for key, inner in value.items()
            if names or key not in _PROSE
        }
    if isinstance(value, list):
        return [_without_prose(inner) for inner in value]
    return value


def _corrected(name: str, data: dict[str, Any]) -> dict[str, Any]:
    module = f"fogstead.model.corrections.{name.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        return data
    corrected: Data = importlib.import_module(module).correct(data)
    return dict(corrected)


def _kept(file: Path) -> dict[str, Any] | None:
    """What a cache file holds, or None when it is not there or was not written by us."""
    try:
        kept = marshal.loads(file.read_bytes())  # noqa: S302 - our own file in the user's own cache
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return kept if isinstance(kept, dict) else None


def _write(file: Path, content: bytes) -> None:
    """Write beside and rename, so that a reader never sees half a file; a cache that cannot be written is no error."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
