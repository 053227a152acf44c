"""The commands for those who build the cloud: coverage, check, laws, new-service, shapes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands_run import fogstead
from fogstead.cli import checkout, covering
from fogstead.cli.nouns import noun_of, nouns_of, plural_of
from fogstead.cli.root import main
from fogstead.kernel.service import Service
from fogstead.model.standard import standard_models

ROOT = Path(__file__).parents[2]


def test_the_coverage_page_is_current() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert page == covering.document(covering.all_coverage()), "run: fogstead coverage --write"


def test_coverage_counts_what_is_declared() -> None:
    found = json.loads(fogstead("coverage", "sts", "-o", "json").stdout)
    implemented = {one["name"] for one in found["operations"] if one["implemented"]}
    assert "GetCallerIdentity" in implemented
    assert found["implemented"] == len(implemented)
    assert "implemented" in fogstead("coverage").stdout


def test_coverage_names_members_that_are_ignored_or_refused() -> None:
    service = Service("sts")

    @service.operation(ignores=("EncodedMessage",))
    def decode_authorization_message(tx, req: DecodeAuthorizationMessageRequest) -> DecodeAuthorizationMessageResponse:  # type: ignore[no-untyped-def,name-defined]  # noqa: F821
        raise NotImplementedError

    found = covering.coverage_of(service)
    assert found.implemented == 1
    assert next(one.ignores for one in found.operations if one.implemented) == ("EncodedMessage",)
    assert "| `DecodeAuthorizationMessage` | EncodedMessage |  |" in covering.document([found])


def test_a_table_between_markers_is_written_anew() -> None:
    service = covering.coverage_of(Service("sts"))
    text = f"before\n{covering.START}\nold\n{covering.END}\nafter\n"
    written = covering.between_markers(text, [service])
    assert written is not None
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith(f"{covering.END}\nafter\n")
    assert covering.between_markers(written, [service]) == written
    assert covering.between_markers("no markers", [service]) is None


def test_an_unknown_service_suggests_the_nearest() -> None:
    for line in (["coverage", "sqss"], ["new-service", "sqss", "Queue"]):
        shown = CliRunner().invoke(main, line)
        assert shown.exit_code == 1
        assert "Did you mean 'sqs'" in shown.output


def test_check_passes_here() -> None:
    checked = fogstead("check", "-o", "json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["faults"] == {}


def test_check_reports_each_fault_as_a_sentence(tmp_path: Path) -> None:
    for name, text in {
        "sns": 'from fogstead.kernel.service import Service\nsns = Service("sns")\nsns.error("NoSuch", "No.")\n',
        "kms": "import nothing_of_this_name\n",
        "iam": "def (:\n",
    }.items():
        folder = tmp_path / "more" / "services" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "service.py").write_text(text)
    checked = fogstead("check", "more.services", PYTHONPATH=_path_with(tmp_path))
    assert checked.returncode == 1
    assert "sns: sns.error('NoSuch'): the model has no such error" in checked.stderr
    assert "(service.py:3)" in checked.stderr
    assert "kms: ModuleNotFoundError: No module named 'nothing_of_this_name' (service.py:1)" in checked.stderr
    assert "iam: SyntaxError" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_commands_that_write_sources_need_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkout, "PACKAGE", tmp_path / "site-packages" / "fogstead")
    for line in (["laws", "sqs"], ["new-service", "kms", "Key"], ["coverage", "--write"]):
        shown = CliRunner().invoke(main, line)
        assert shown.exit_code == 1
        assert "needs a checkout" in shown.output


def test_laws_run_the_tests_of_one_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    laws = tmp_path / "tests" / "laws"
    laws.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (laws / "test_some.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('name', ['sqs.CreateQueue', 'sqsx.CreateQueue', 'sts.AssumeRole'])\n"
        "def test_law(name): assert name != 'sts.AssumeRole'\n"
    )
    monkeypatch.setattr(checkout, "PACKAGE", tmp_path / "src" / "fogstead")
    assert CliRunner().invoke(main, ["laws", "sqs", "--", "-p", "no:cacheprovider"]).exit_code == 0
    broken = CliRunner().invoke(main, ["laws", "sts", "--", "-p", "no:cacheprovider"])
    assert broken.exit_code == 1
    assert "Not every law holds for sts" in broken.output


def test_laws_of_a_service_are_found_by_its_name() -> None:
    found = fogstead("laws", "sts", "--", "--collect-only", "-n", "0", "-p", "no:cacheprovider")
    assert found.returncode == 0, found.stderr
    assert "[sts.GetCallerIdentity" in found.stdout
    assert "[sqs." not in found.stdout


@pytest.mark.parametrize(("service", "noun"), [("b2bi", "Profile"), ("kms", "Key"), ("lambda", "Function")])
def test_a_new_service_is_tidy_and_honest(tmp_path: Path, service: str, noun: str) -> None:
    services = tmp_path / "src" / "fogstead" / "services"
    services.mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    made = fogstead("new-service", service, noun, "--into", tmp_path)
    assert made.returncode == 0, made.stderr
    assert "All of them answer 501 for now" in made.stdout
    for check in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        ruff = subprocess.run(
            [sys.executable, "-m", "ruff", *check],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert ruff.returncode == 0, ruff.stdout

    merged = "import sys, fogstead.services as s; s.__path__.insert(0, sys.argv.pop()); "
    found = subprocess.run(
        [sys.executable, "-c", merged + _COUNT, service, str(services)], capture_output=True, text=True, check=False
    )
    assert (found.stdout, found.stderr) == ("0\n", "")


_COUNT = """
import importlib, pathlib
from fogstead.kernel.catalog import Catalog
from fogstead.model.service import folder_name
name = sys.argv[1]
folder = folder_name(name)
for file in sorted((pathlib.Path(s.__path__[0]) / folder).glob("*.py")):
    importlib.import_module(f"fogstead.services.{folder}.{file.stem}")
module = importlib.import_module(f"fogstead.services.{folder}.service")
print(len(getattr(module, folder).operations))
"""


def test_a_first_test_points_at_what_was_created_as_its_answer_does(tmp_path: Path) -> None:
    for service, noun, pointer in (
        ("b2bi", "Profile", 'profileId=created["profileId"]'),
        ("bedrock-agent", "Prompt", 'promptIdentifier=created["arn"]'),
        ("appconfig", "Application", 'ApplicationId=created["Id"]'),
    ):
        assert fogstead("new-service", service, noun, "--into", tmp_path).returncode == 0
        folder = service.replace("-", "_")
        text = (tmp_path / "tests" / "services" / folder / f"test_{noun.lower()}s.py").read_text()
        assert pointer in text
        assert f"def {folder}(client:" in text


def test_a_new_service_does_not_declare_what_the_kernel_refuses_with(tmp_path: Path) -> None:
    assert fogstead("new-service", "b2bi", "Profile", "--into", tmp_path).returncode == 0
    text = (tmp_path / "src" / "fogstead" / "services" / "b2bi" / "service.py").read_text()
    assert "ResourceNotFoundException = " in text
    for code in ("AccessDenied", "ServiceQuotaExceeded", "Throttling", "InternalServer"):
        assert code not in text


def test_new_service_overwrites_nothing(tmp_path: Path) -> None:
    assert fogstead("new-service", "kms", "Key", "--into", tmp_path).returncode == 0
    file = tmp_path / "src" / "fogstead" / "services" / "kms" / "keys.py"
    file.write_text("mine\n")
    again = fogstead("new-service", "kms", "Key", "--into", tmp_path)
    assert again.returncode == 1
    assert "is not overwritten" in again.stderr
    assert file.read_text() == "mine\n"


def test_new_service_without_a_noun_lists_them() -> None:
    shown = CliRunner().invoke(main, ["new-service", "sns"])
    assert shown.exit_code == 0
    assert "Topic" in shown.output
    assert CliRunner().invoke(main, ["new-service", "sns", "Topik", "--print"]).exit_code == 1


def test_a_life_is_found_in_the_model() -> None:
    models = standard_models()
    life = noun_of(models.load("route53"), "HostedZone").life
    assert {part: operation.name for part, operation in life.items()} == {
        "create": "CreateHostedZone",
        "describe": "GetHostedZone",
        "list": "ListHostedZones",
        "delete": "DeleteHostedZone",
    }
    assert noun_of(models.load("kms"), "Key").missing_error == "NotFoundException"
    assert nouns_of(models.load("secretsmanager"))[0] == "Secret"
    assert [plural_of(noun) for noun in ("Queue", "Policy", "Key", "Alias")] == [
        "Queues",
        "Policies",
        "Keys",
        "Aliases",
    ]


def test_shapes_are_written_beside_the_package() -> None:
    assert fogstead("shapes").returncode == 0
    assert "GetCallerIdentityResponse" in (ROOT / "src" / "fogstead" / "shapes" / "sts.pyi").read_text()


def test_version_names_what_runs_here() -> None:
    found = json.loads(fogstead("version", "-o", "json").stdout)
    assert found["models"].startswith("botocore ")


def _path_with(folder: Path) -> str:
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
