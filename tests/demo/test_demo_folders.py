"""The demonstration's account of a folder notices what it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.carriers import CHANGED, SENT, WHOLE
from demo.folders import Tree, Verdict, files_needed, is_blob, judge, look

SIZES = {f"{number}.txt": 100 * number for number in range(10)}


def judged(
    sent: bytes = bytes([SENT] * 10),
    fetched: bytes = bytes([WHOLE] * 10),
    listed: dict[str, int] | None = None,
    unneeded: int = 0,
) -> Verdict:
    """All is well but for what is given."""
    found = SIZES if listed is None else listed
    return judge(Tree(Path(), SIZES), sent, fetched, found, cut_off=2, swept=3, unneeded=unneeded)


def test_all_is_well_when_every_file_came_back_whole() -> None:
    verdict = judged()
    assert verdict.good
    assert (verdict.files, verdict.sent, verdict.whole, verdict.lost, verdict.invented) == (10, 10, 10, 0, 0)


def test_a_file_that_is_not_listed_is_lost() -> None:
    verdict = judged(listed={name: size for name, size in SIZES.items() if name != "3.txt"})
    assert (verdict.lost, verdict.invented, verdict.good) == (1, 0, False)


def test_a_file_of_another_size_is_lost_and_what_is_there_invented() -> None:
    verdict = judged(listed={**SIZES, "3.txt": 299})
    assert (verdict.lost, verdict.invented, verdict.good) == (1, 1, False)


def test_a_file_that_nobody_sent_is_invented() -> None:
    verdict = judged(listed={**SIZES, "new.txt": 1})
    assert (verdict.lost, verdict.invented, verdict.good) == (0, 1, False)


def test_a_file_that_came_back_changed_or_not_at_all_breaks_the_promise() -> None:
    changed = judged(fetched=bytes([WHOLE] * 9 + [CHANGED]))
    assert (changed.changed, changed.whole, changed.good) == (1, 9, False)
    assert not judged(fetched=bytes([WHOLE] * 9 + [0])).good
    assert not judged(sent=bytes([SENT] * 9 + [0])).good


@pytest.mark.parametrize("unneeded", [1, -1])
def test_a_file_on_the_disk_too_many_or_too_few_breaks_the_promise(unneeded: int) -> None:
    assert not judged(unneeded=unneeded).good


@pytest.mark.parametrize(
    ("size", "etag", "needed"),
    [(0, '"a"', 0), (16 * 1024, '"a"', 0), (16 * 1024 + 1, '"a"', 1), (50 << 20, '"a"', 1), (50 << 20, '"a-10"', 10)],
)
def test_an_object_needs_a_file_for_each_part_that_is_not_small(size: int, etag: str, needed: int) -> None:
    assert files_needed(size, etag) == needed


def test_files_of_bodies_are_told_from_others() -> None:
    assert is_blob(Path("data/zones/a/0f3/0f3" + "0" * 29))
    assert not is_blob(Path("data/zones/a/0f3"))
    assert not is_blob(Path("data/cloud.db"))


def test_a_folder_is_looked_through_without_links_and_evenly(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for number in range(8):
        (tmp_path / "inner" / f"{number}").write_bytes(b"x" * number)
    (tmp_path / "link").symlink_to(tmp_path / "inner" / "7")
    assert look(tmp_path, 100).sizes == {f"inner/{number}": number for number in range(8)}
    assert list(look(tmp_path, 4).sizes) == ["inner/0", "inner/2", "inner/4", "inner/6"]
    assert look(tmp_path, 100).size == 28


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no files"):
        look(tmp_path, 10)
