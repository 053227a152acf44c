"""Real blobs in a folder, with a clock that a test moves and places where a test may step in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from fogstead.primitives.blobs import BlobError
from fogstead.primitives.blobs.directory import DirectoryBlobs
from fogstead.primitives.blobs.folders import SHELVES
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.ids import Ids

Step = Callable[[str], Awaitable[None]]
ROOT_KEY = RootKey(bytes(range(32)))


class _Counted(Ids):
    """Names that follow each other."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def hex(self, size: int) -> str:
        self._count += 1
        return f"abc{self._count:0{2 * size - 3}x}"


class TrialBlobs(DirectoryBlobs):
    """`before_delete` and `after_look` run where a test wants something else to happen in between."""

    def __init__(self, folder: Path, zones: int = 1, *, seed: int = 3) -> None:
        self.folders = [folder / f"zone-{number}" for number in range(zones)]
        self.seconds_ahead = 0.0
        self.failing = False
        self.deleted: list[str] = []
        self.looked_at: list[str] = []
        self.before_delete: Step | None = None
        self.after_look: Step | None = None
        super().__init__(self.folders, ROOT_KEY, Ids.seeded(seed), seconds_now=lambda: time.time() + self.seconds_ahead)

    async def delete(self, blob: str) -> None:
        if self.before_delete is not None:
            await self.before_delete(blob)
        if self.failing:
            raise BlobError("The disk was told to fail.")
        await super().delete(blob)
        self.deleted.append(blob)

    def shelves(self) -> Sequence[str]:
        """Those that exist: 4,096 looks at nothing would take the most of a test's time."""
        return [shelf for shelf in SHELVES if any((folder / shelf).exists() for folder in self.folders)]

    async def on_shelf(self, shelf: str) -> list[tuple[str, float]]:
        self.looked_at.append(shelf)
        found = sorted(await super().on_shelf(shelf))
        if self.after_look is not None:
            await self.after_look(shelf)
        return found

    def on_one_shelf(self) -> None:
        """From now on all new blobs lie on one shelf, in the order of their writing."""
        self._ids = _Counted()

    def files(self) -> list[str]:
        """The names of all blobs that lie in any zone."""
        return sorted({file.name for folder in self.folders for file in folder.glob("???/*")})

    def zones_of(self, blob: str) -> int:
        """In how many zones a blob lies."""
        return sum((folder / blob[:3] / blob).exists() for folder in self.folders)
