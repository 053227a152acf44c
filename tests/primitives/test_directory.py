import os
import re
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from fogstead.primitives.store import FORMAT
from fogstead.primitives.store.directory import DataDirectory, DirectoryRefused
from fogstead.primitives.store.sqlite import open_connection

HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from fogstead.primitives.store.directory import DataDirectory

DataDirectory(Path(sys.argv[1]))
os._exit(0)
"""


def refusal(path: Path) -> str:
    with pytest.raises(DirectoryRefused) as refused:
        DataDirectory(path)
    message = str(refused.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert re.search(r"\.\s", message) is None, "more than one sentence"
    assert str(path) in message
    return message


def write_store(path: Path, version: int) -> None:
    path.mkdir(parents=True)
    connection = open_connection(path / "cloud.db")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_a_folder_is_made_where_there_is_none_and_for_its_owner_only(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "deep" / "cloud")

    assert directory.store_file == tmp_path / "deep" / "cloud" / "cloud.db"
    assert (tmp_path / "deep" / "cloud").stat().st_mode & 0o077 == 0
    directory.close()


def test_a_folder_in_use_is_refused_with_the_process_that_holds_it(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)

    assert re.search(rf"\b{os.getpid()}\b", refusal(tmp_path))
    directory.close()


def test_a_refused_second_opening_does_not_loosen_the_first(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    refusal(tmp_path)

    assert str(os.getpid()) in refusal(tmp_path)
    directory.close()


def test_a_closed_folder_can_be_opened_again(tmp_path: Path) -> None:
    DataDirectory(tmp_path).close()

    DataDirectory(tmp_path).close()


def test_a_folder_whose_holder_was_killed_can_be_opened(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD_AND_DIE, str(tmp_path)])
    assert holder.wait(30) == 0
    assert (tmp_path / "lock").read_text() == f"{holder.pid}\n"

    directory = DataDirectory(tmp_path)
    assert str(os.getpid()) in refusal(tmp_path)
    directory.close()


def test_what_a_longer_process_number_left_is_not_told_as_part_of_a_shorter_one(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("12345678901234567890\n")
    directory = DataDirectory(tmp_path)

    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    directory.close()


def test_a_store_that_this_program_made_has_this_format_and_is_taken(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "cloud")
    connection = open_connection(directory.store_file)
    assert connection.execute("PRAGMA user_version").get == FORMAT
    connection.close()
    directory.close()

    DataDirectory(tmp_path / "cloud").close()


def test_a_store_of_an_older_format_is_taken(tmp_path: Path) -> None:
    write_store(tmp_path / "cloud", FORMAT - 1)

    DataDirectory(tmp_path / "cloud").close()


def test_a_store_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    write_store(tmp_path / "cloud", FORMAT + 1)

    message = refusal(tmp_path / "cloud")
    assert f"format {FORMAT + 1}" in message
    assert "newer" in message


def test_a_refused_folder_is_left_unlocked(tmp_path: Path) -> None:
    write_store(tmp_path / "cloud", FORMAT + 1)
    refusal(tmp_path / "cloud")

    assert "newer" in refusal(tmp_path / "cloud")
    connection = apsw.Connection(str(tmp_path / "cloud" / "cloud.db"))
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.close()
    DataDirectory(tmp_path / "cloud").close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    content = b"these are holiday photographs\n" * 100
    (tmp_path / "cloud.db").write_bytes(content)

    assert "not a readable store" in refusal(tmp_path)
    assert (tmp_path / "cloud.db").read_bytes() == content


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cloud").write_text("")

    assert "cannot be used" in refusal(tmp_path / "cloud")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert "cannot be used" in refusal(tmp_path / "file" / "cloud")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    # A folder in the lock's place is refused to root too, whom no permission bits stop.
    (tmp_path / "lock").mkdir()

    assert "cannot be used" in refusal(tmp_path)


def test_a_cloud_keeps_its_identity_and_two_clouds_differ(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "one")
    cloud_id = directory.cloud_id
    assert re.fullmatch("[0-9a-f]{32}", cloud_id)
    assert directory.cloud_id == cloud_id
    directory.close()

    again, other = DataDirectory(tmp_path / "one"), DataDirectory(tmp_path / "two")
    assert again.cloud_id == cloud_id
    assert other.cloud_id != cloud_id
    again.close()
    other.close()
