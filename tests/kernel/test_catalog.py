"""Discovery: what there is, without importing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from trial import Trial

import fogstead
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.endpoints import OriginQuestion
from fogstead.kernel.errors import NotImplementedHere
from fogstead.model.service import folder_name, service_name

TESTS = Path(__file__).parent
SERVICE = "from fogstead.kernel.service import Service\n\n{} = Service({!r})\n"


@pytest.mark.parametrize(
    ("service", "folder"), [("lambda", "lambda_"), ("cognito-idp", "cognito_idp"), ("sqs", "sqs"), ("s3", "s3")]
)
def test_folders_are_botocores_names_as_python_spells_them(service: str, folder: str) -> None:
    assert folder_name(service) == folder
    assert service_name(folder) == service


def test_services_are_found_by_their_folders() -> None:
    catalog = Catalog(packages=("trial_services",))
    assert catalog.names == ["codecommit", "mediastore-data", "secretsmanager"]
    assert catalog.has("codecommit")
    assert not catalog.has("sqs")
    assert [service.name for service in catalog.load_all()] == catalog.names
    with pytest.raises(KeyError):
        catalog.service("sqs")


def test_several_packages_make_one_catalog() -> None:
    assert {"sts", "secretsmanager"} <= set(Catalog(packages=("fogstead.services", "trial_services")).names)


def test_an_operation_without_a_function_is_not_implemented_and_says_so() -> None:
    catalog = Catalog(packages=("trial_services",))
    with pytest.raises(NotImplementedHere) as caught:
        catalog.operation("secretsmanager", "ReplicateSecretToRegions")
    assert caught.value.status == 501
    assert caught.value.message == (
        "ReplicateSecretToRegions of secretsmanager is not implemented by this cloud. See `fogstead coverage`."
    )
    with pytest.raises(NotImplementedHere, match="SendMessage of sqs is not implemented"):
        catalog.operation("sqs", "SendMessage")


def test_jobs_and_reactions_are_found_by_the_service_in_their_names() -> None:
    catalog = Catalog(packages=("trial_services",))
    assert catalog.job("codecommit.note-waiting").is_async
    assert catalog.job("kernel.reap").name == "kernel.reap"
    assert catalog.reactions_to("secretsmanager.SecretCreated")
    assert not catalog.reactions_to("secretsmanager.SecretDeleted")
    assert [one.name for one in catalog.reactions()] == ["codecommit.copy-secrets", "codecommit.note-secrets"]
    with pytest.raises(KeyError):
        catalog.job("codecommit.unheard-of")


def _run(code: str, *paths: Path) -> list[str]:
    """Names of the modules that a fresh interpreter has after running some code, and what it prints."""
    root = Path(fogstead.__file__).parents[1]
    script = f"import sys\nsys.path[:0] = {[str(path) for path in (root, *paths)]!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    printed: list[str] = json.loads(done.stdout)
    return printed


def test_a_service_is_imported_at_its_first_use_when_the_cache_is_warm(tmp_path: Path) -> None:
    code = f"""
import json
from pathlib import Path
from fogstead.kernel.catalog import Catalog
catalog = Catalog(("trial_services",), Path({str(tmp_path)!r}))
catalog.reactions_to("x")
before = [name for name in sys.modules if name.startswith("trial_services.")]
catalog.service("secretsmanager")
after = [name for name in sys.modules if name.startswith("trial_services.codecommit")]
print(json.dumps([len(before), len(after), catalog.reactions_to("secretsmanager.SecretCreated")]))
"""
    cold, warm = _run(code, TESTS), _run(code, TESTS)
    assert cold[0] > 0
    assert cold[2] is True
    assert warm == [0, 0, True]


def _package(folder: Path, name: str, **files: str) -> None:
    (folder / name / "secretsmanager").mkdir(parents=True, exist_ok=True)
    (folder / name / "__init__.py").touch()
    (folder / name / "secretsmanager" / "__init__.py").touch()
    for file, text in {"service": SERVICE.format("secrets", "secretsmanager"), **files}.items():
        (folder / name / "secretsmanager" / f"{file}.py").write_text(text)


def test_a_cache_that_cannot_be_read_or_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    catalog = Catalog(("trial_services",), tmp_path / "file" / "below")
    assert catalog.reactions_to("secretsmanager.SecretCreated")

    cache = tmp_path / "cache"
    Catalog(("trial_services",), cache).reactions_to("x")
    for file in cache.iterdir():
        file.write_text("{")
    assert Catalog(("trial_services",), cache).reactions_to("secretsmanager.SecretCreated")


def test_a_service_file_makes_exactly_one_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _package(tmp_path, "no_service", service="")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match=r"no_service\.secretsmanager\.service must make exactly one Service"):
        Catalog(("no_service",)).service("secretsmanager")


ENDPOINTS = """
from fogstead.kernel.endpoints import RawEndpoint

async def serve(cloud, exchange):
    exchange.append("served")

ENDPOINTS = [RawEndpoint("site", serve, path_prefix="/site")]
"""


async def test_an_endpoints_service_is_imported_by_its_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _package(tmp_path, "with_endpoints", endpoints=ENDPOINTS)
    monkeypatch.syspath_prepend(tmp_path)
    Catalog(("with_endpoints",), tmp_path / "cache").endpoints()
    for name in [name for name in sys.modules if name.startswith("with_endpoints.")]:
        monkeypatch.delitem(sys.modules, name)

    (endpoint,) = Catalog(("with_endpoints",), tmp_path / "cache").endpoints()
    assert endpoint.matches("any", "/site/page")
    assert not endpoint.matches("any", "/other")
    assert "with_endpoints.secretsmanager.endpoints" not in sys.modules
    exchange: list[str] = []
    await endpoint.serve(None, exchange)  # type: ignore[arg-type]
    assert exchange == ["served"]


async def test_a_cloud_asks_its_own_catalog(quick_trial: Trial) -> None:
    assert quick_trial.cloud.catalog.names == ["codecommit", "mediastore-data", "secretsmanager"]


def test_a_changed_file_of_the_same_time_makes_the_cache_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _package(tmp_path, "changing")
    monkeypatch.syspath_prepend(tmp_path)
    cache, service = tmp_path / "cache", tmp_path / "changing" / "secretsmanager"

    def facts() -> int:
        for file in service.rglob("*.py"):
            os.utime(file, (1_700_000_000, 1_700_000_000))
        Catalog(("changing",), cache).reactions_to("x")
        return len(list(cache.iterdir()))

    assert facts() == facts() == 1
    (service / "reactions.py").write_text("# nothing yet\n")
    assert facts() == 2
    (service / "parts").mkdir()
    (service / "parts" / "__init__.py").write_text("")
    assert facts() == 3
    _package(tmp_path, "other")
    for file in (tmp_path / "other").rglob("*.py"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    Catalog(("other",), cache).reactions_to("x")
    assert len(list(cache.iterdir())) == 4


RULES = """
async def may(cloud, question):
    return [("access-control-allow-origin", question.path)]

ORIGIN_RULES = may
"""


async def test_a_service_says_itself_which_web_pages_may_talk_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _package(tmp_path, "with_rules", endpoints=RULES)
    _package(tmp_path, "without_rules", endpoints="ENDPOINTS = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    rules = Catalog(("with_rules",)).origin_rules("secretsmanager")
    assert rules is not None
    question = OriginQuestion("/bucket/key", "GET", {})
    assert await rules(None, question) == [("access-control-allow-origin", "/bucket/key")]  # type: ignore[arg-type]
    assert Catalog(("without_rules",)).origin_rules("secretsmanager") is None


def test_a_service_without_endpoints_lets_no_web_page_in() -> None:
    catalog = Catalog(("trial_services",))
    assert catalog.origin_rules("secretsmanager") is None
    assert catalog.origin_rules("s3") is None
