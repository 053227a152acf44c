"""`fogstead configure`: one profile changes, everything else stays, and the old files are kept."""

from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from fogstead.cli import aws_files
from fogstead.cli.root import main

CONFIG = """# my own words
[default]
region = eu-west-1  ; near
s3 =
    addressing_style = path

[profile work]
# do not touch
sso_session = corp
region=eu-north-1
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("FOGSTEAD_DATA_DIR", str(tmp_path / "cloud"))
    return tmp_path


def configure(*options: str) -> Result:
    return CliRunner().invoke(main, ["configure", *options])


def test_botocore_reads_the_profile(home: Path) -> None:
    assert configure("--url", "http://localhost:4599", "--region", "eu-west-3").exit_code == 0
    session = botocore.session.Session(profile="fogstead")
    assert session.get_scoped_config()["endpoint_url"] == "http://localhost:4599"
    assert session.get_scoped_config()["region"] == "eu-west-3"
    assert session.get_credentials().access_key == "test"
    assert (home / "credentials").stat().st_mode & 0o077 == 0


def test_the_rest_of_the_file_stays_and_a_dated_copy_is_kept(home: Path) -> None:
    (home / "config").write_text(CONFIG)
    assert configure().exit_code == 0
    assert (home / "config").read_text().startswith(CONFIG)
    (backup,) = home.glob("config.*.bak")
    assert backup.read_text() == CONFIG


def test_doing_it_again_changes_nothing_and_makes_no_copy(home: Path) -> None:
    (home / "config").write_text(CONFIG)
    configure()
    first = sorted((file.name, file.read_bytes()) for file in home.iterdir())
    again = configure()
    assert again.exit_code == 0
    assert again.output.count("already so") == 2
    assert sorted((file.name, file.read_bytes()) for file in home.iterdir()) == first


def test_a_changed_address_replaces_one_line(home: Path) -> None:
    (home / "config").write_text(CONFIG + "\n[profile fogstead]\n# ours\nendpoint_url = http://old:1\noutput = json\n")
    assert configure("--url", "http://new:2").exit_code == 0
    ours = (home / "config").read_text().partition("[profile fogstead]")[2]
    assert ours == "\n# ours\nendpoint_url = http://new:2\noutput = json\nregion = us-east-1\n"


def test_a_profile_with_other_keys_is_refused_unless_forced(home: Path) -> None:
    real = "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = secret\n"
    (home / "credentials").write_text(real)
    refused = configure("--profile", "default")
    assert refused.exit_code == 1
    assert "choose another --profile, or add --force" in refused.output
    assert (home / "credentials").read_text() == real
    assert configure("--profile", "default", "--force").exit_code == 0
    assert "aws_access_key_id = test" in (home / "credentials").read_text()


def test_print_changes_nothing(home: Path) -> None:
    shown = configure("--print")
    assert "[profile fogstead]\nendpoint_url = http://127.0.0.1:4566\n" in shown.output
    assert list(home.iterdir()) == []


def test_a_link_stays_a_link(home: Path) -> None:
    (home / "dotfiles").mkdir()
    (home / "dotfiles" / "config").write_text(CONFIG)
    (home / "config").symlink_to(home / "dotfiles" / "config")
    configure()
    assert (home / "config").is_symlink()
    assert "[profile fogstead]" in (home / "dotfiles" / "config").read_text()


_line = st.sampled_from(
    ["[default]", "[profile a]", "[ profile fogstead ]", "region = x", "endpoint_url=y", "# c", "", "s3 =", "  k = v"]
)


@given(st.lists(_line, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_only_lines_of_the_section_change_whatever_the_file_holds(lines: list[str], end: str, closed: bool) -> None:
    text = end.join(lines) + (end if closed and lines else "")
    wanted = {"endpoint_url": "u", "region": "r"}
    after = aws_files.with_settings(text, "profile fogstead", wanted)
    assert wanted.items() <= aws_files.settings_of(after, "profile fogstead").items()
    assert aws_files.with_settings(after, "profile fogstead", wanted) == after
    for other in ("default", "profile a"):
        assert aws_files.settings_of(after, other) == aws_files.settings_of(text, other)
    assert [line for line in after.splitlines() if line.startswith("#")] == [one for one in lines if one == "# c"]
