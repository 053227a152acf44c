"""Starting, finding and stopping clouds, each a real process on a free port."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands_run import fogstead
from cloud import CloudProcess
from fogstead.cli.addresses import read_address, remove_address, url_of, write_address
from fogstead.cli.running import holder_of, wait_until_free


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A directory whose cloud, if a test leaves one, is ended by its pid."""
    folder = tmp_path / "cloud"
    yield folder
    holder = holder_of(folder)
    if holder is not None:
        os.kill(holder.pid, signal.SIGTERM)
        assert wait_until_free(folder, 30)


@pytest.fixture
def detached(data_dir: Path) -> Path:
    started = fogstead("start", "-d", "--port", "0", data_dir=data_dir)
    assert started.returncode == 0, started.stderr
    assert started.stdout == "Ready.\n"
    return data_dir


def test_a_detached_cloud_is_found_and_stopped(detached: Path) -> None:
    status = json.loads(fogstead("status", "-o", "json", data_dir=detached).stdout)
    assert status["running"]
    assert status["auth"] == "enforce"
    assert {"sqs", "sts"} <= set(status["services"])
    assert status["url"] in fogstead("wait", "-t", "5", data_dir=detached).stdout
    assert f"AWS_ENDPOINT_URL={status['url']}\n" in fogstead("env", data_dir=detached).stdout

    stopped = fogstead("stop", data_dir=detached)
    assert stopped.returncode == 0
    assert str(status["pid"]) in stopped.stdout
    assert fogstead("status", data_dir=detached).returncode == 3
    assert not (detached / "address").exists()


def test_a_cloud_that_was_killed_is_not_said_to_run(detached: Path) -> None:
    holder = holder_of(detached)
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    assert wait_until_free(detached, 30)
    assert fogstead("status", data_dir=detached).returncode == 3
    assert fogstead("stop", data_dir=detached).returncode == 3


def test_a_number_left_in_the_lock_file_is_nobodys_to_end(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(f"{os.getpid()}\n")
    stopped = fogstead("stop", data_dir=tmp_path)
    assert stopped.returncode == 3


def test_an_address_that_another_process_left_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"{os.getpid() + 1} http://127.0.0.1:1\n")
    assert read_address(tmp_path, os.getpid()) is None
    write_address(tmp_path, "http://127.0.0.1:2")
    assert read_address(tmp_path, os.getpid()) == "http://127.0.0.1:2"
    remove_address(tmp_path)
    assert not (tmp_path / "address").exists()


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:9"), ("::", "http://[::1]:9"), ("::1", "http://[::1]:9"), ("here", "http://here:9")],
)
def test_an_address_is_one_that_programs_here_can_reach(host: str, url: str) -> None:
    assert url_of(host, 9) == url


def test_a_directory_in_use_is_refused_in_one_sentence(detached: Path) -> None:
    for how in (["-d"], []):
        again = fogstead("start", "--port", "0", *how, data_dir=detached)
        assert again.returncode == 1
        assert again.stdout == ""
        assert again.stderr.startswith(f"Error: {detached} is in use by another fogstead (process ")
        assert again.stderr.count("\n") == 1


def test_a_port_in_use_is_refused(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = fogstead("start", "--port", str(port), data_dir=data_dir)
        also = fogstead("start", "-d", data_dir=data_dir, GATEWAY_LISTEN=f"127.0.0.1:{port}")
    for one in (refused, also):
        assert one.returncode == 1
        assert f"Port {port} on 127.0.0.1 cannot be used" in one.stderr
        assert "Traceback" not in one.stderr


def test_open_doors_beyond_loopback_are_refused(data_dir: Path) -> None:
    refused = fogstead("start", "--host", "0.0.0.0", "--auth", "off", "--port", "0", data_dir=data_dir)
    assert refused.returncode == 1
    assert "--root-keys everywhere" in refused.stderr


def test_start_says_its_mode_before_it_is_ready(data_dir: Path) -> None:
    started = fogstead("start", "-d", "--port", "0", data_dir=data_dir, FOGSTEAD_AUTH="audit", SERVICES="s3")
    assert started.stdout == "Ready.\n"
    assert started.stderr.count("SERVICES has no effect") == 1
    log = (data_dir / "fogstead.log").read_text()
    assert "Auth: audit" in log
    assert str(data_dir) in log


def test_the_pipeline_is_explained() -> None:
    shown = fogstead("start", "--explain")
    assert shown.returncode == 0
    names = ["validate input", "locate", "authorise", "require the resource", "handle"]
    places = [shown.stdout.index(name) for name in names]
    assert places == sorted(places)


def test_time_moves_on_and_never_back(own_cloud: CloudProcess) -> None:
    where = ("--url", own_cloud.endpoint, "-o", "json")
    before = json.loads(fogstead("clock", "show", *where).stdout)
    after = json.loads(fogstead("clock", "advance", "1h30m", *where).stdout)
    assert after["offset_millis"] - before["offset_millis"] == pytest.approx(5_400_000, abs=5_000)
    then = json.loads(fogstead("clock", "set", "2040-01-01", *where).stdout)
    assert then["cloud_time"].startswith("2040-01-01T00:00:0")
    back = fogstead("clock", "set", "2039-01-01T00:00:00+02:00", *where)
    assert back.returncode == 1
    assert "forward only" in back.stderr


@pytest.mark.parametrize("words", [("advance", "soon"), ("advance", "2"), ("set", "tomorrow"), ("advance", "1h-2h")])
def test_a_time_that_is_none_is_a_usage_error_with_an_example(words: tuple[str, str]) -> None:
    shown = fogstead("clock", *words)
    assert shown.returncode == 2
    assert "write " in shown.stderr


def test_nobody_there_is_exit_code_three(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    lines = (
        ["status", "--url", url],
        ["clock", "show"],
        ["wait", "-t", "0"],
        ["stop"],
        ["clock", "show", "--url", url],
    )
    for line in lines:
        shown = fogstead(*line, data_dir=tmp_path)
        assert shown.returncode == 3, line
        assert "fogstead" in shown.stderr or "No cloud" in shown.stderr


def test_env_speaks_three_shells(tmp_path: Path) -> None:
    shown = {
        shell: fogstead("env", "--shell", shell, data_dir=tmp_path).stdout for shell in ("bash", "fish", "powershell")
    }
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566\n" in shown["bash"]
    assert "set -gx AWS_DEFAULT_REGION 'us-east-1'\n" in shown["fish"]
    assert "$Env:AWS_SECRET_ACCESS_KEY = 'test'\n" in shown["powershell"]
    assert fogstead("env", "--account", "12", data_dir=tmp_path).returncode == 2


def test_completion_offers_commands_and_choices() -> None:
    assert "_FOGSTEAD_COMPLETE" in fogstead("completion", "zsh").stdout
    for words, wanted in (("fogstead cl", "clock"), ("fogstead env --shell f", "fish")):
        at = str(len(words.split()) - 1)
        offered = fogstead(_FOGSTEAD_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=at)
        assert offered.stdout == f"plain,{wanted}\n"
