"""Models come from botocore's data files, through a cache that may be lost at any time, and without botocore."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fogstead.model import loader
from fogstead.model.loader import Models, UnknownService

UNKNOWN = ["nothing", "", ".", "..", "../data/sqs", "sqs/2012-11-05", "_retry", "SQS", "sqs\x00"]


def facts(models: Models, service: str) -> tuple[object, ...]:
    """All that a model was made from."""
    model = models.load(service)
    operations = {name: model.operation(name).data for name in model.operation_names}
    return model.metadata, model.shapes, operations, model.paginators, model.waiters, model.query_errors


def cached(folder: Path, name: str) -> Path:
    return next(folder.rglob(name))


def test_a_model_from_the_cache_equals_the_one_it_was_made_from(tmp_path: Path) -> None:
    plain = facts(Models(), "sqs")

    assert facts(Models(tmp_path), "sqs") == plain
    assert cached(tmp_path, "model-sqs").stat().st_size > 0
    assert facts(Models(tmp_path), "sqs") == plain


def test_a_cached_model_needs_no_data_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = facts(Models(tmp_path), "sts")
    monkeypatch.setattr(Models, "_read", lambda self, name: pytest.fail(f"{name} was read again"))

    assert facts(Models(tmp_path), "sts") == first


@pytest.mark.parametrize("rubbish", [b"", b"\x00", b"rubbish", b"\xff" * 64, b"{", b"z\xff\xff\xff\x7f"])
def test_a_corrupt_cache_file_is_made_again(tmp_path: Path, rubbish: bytes) -> None:
    first = facts(Models(tmp_path), "sts")
    file = cached(tmp_path, "model-sts")
    whole = file.read_bytes()
    file.write_bytes(rubbish)

    assert facts(Models(tmp_path), "sts") == first
    assert file.read_bytes() == whole


def test_a_truncated_cache_file_is_made_again(tmp_path: Path) -> None:
    first = facts(Models(tmp_path), "sts")
    file = cached(tmp_path, "model-sts")
    whole = file.read_bytes()

    for size in range(1, len(whole), len(whole) // 50):
        file.write_bytes(whole[:size])
        assert facts(Models(tmp_path), "sts") == first


def test_a_cache_file_that_holds_something_else_is_made_again(tmp_path: Path) -> None:
    first = facts(Models(tmp_path), "sts")
    file = cached(tmp_path, "model-sts")
    file.write_bytes(b"i\x07\x00\x00\x00")  # marshal's form of the number seven

    assert facts(Models(tmp_path), "sts") == first


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")

    assert facts(Models(blocked), "sts") == facts(Models(), "sts")


def test_nothing_is_left_beside_the_cached_files(tmp_path: Path) -> None:
    models = Models(tmp_path)
    models.load("sts")
    models.index()

    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == {"model-sts", "index"}


def test_loading_models_does_not_import_botocore(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from fogstead.model.loader import Models\n"
        f"models = Models(Path({str(tmp_path)!r})); models.index()\n"
        "[models.load(name).operation_names for name in ('sqs', 's3', 'dynamodb')]\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in {'botocore', 'boto3', 'urllib3'}))"
    )
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "name", ["nothing", "", ".", "..", "../data/sqs", "sqs/2012-11-05", "_retry", "SQS", "sqs\x00"]
)
def test_a_service_that_botocore_does_not_know_is_unknown(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownService):
        Models().load(name)
    with pytest.raises(UnknownService):
        Models(tmp_path).load(name)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_the_index_names_every_service_and_agrees_with_the_models() -> None:
    models = Models()
    index = models.index()

    assert {"sqs", "s3", "ec2", "iam", "lambda", "dynamodb"} <= set(models.names())
    assert list(index) == models.names()
    for name in ("sqs", "s3", "cloudwatch", "iam"):
        metadata = models.load(name).metadata
        known = {key: value for key, value in index[name].items() if key not in {"protocol", "protocols"}}
        assert known == {key: metadata[key] for key in known}


def small_source(folder: Path, version: str, **shapes: object) -> Path:
    """Data files as botocore lays them out, of one service `demo`."""
    data = folder / "demo" / version
    data.mkdir(parents=True)
    model = {"metadata": {"apiVersion": version, "protocol": "json"}, "operations": {}, "shapes": shapes}
    (data / "service-2.json").write_text(json.dumps(model))
    return folder


def test_a_model_keeps_no_prose_but_all_that_is_named_like_it(tmp_path: Path) -> None:
    text = {"type": "string", "documentation": "<p>Prose.</p>"}
    part = {"type": "structure", "members": {"documentation": {"shape": "examples", "documentation": "More prose."}}}
    model = Models(source=small_source(tmp_path, "2026-01-01", examples=text, Part=part)).load("demo")

    assert dict(model.shapes) == {
        "examples": {"type": "string"},
        "Part": {"type": "structure", "members": {"documentation": {"shape": "examples"}}},
    }


def test_the_newest_version_of_a_service_is_read(tmp_path: Path) -> None:
    for version in ("2025-12-31", "2026-02-01", "2026-01-31"):
        small_source(tmp_path, version)

    assert Models(source=tmp_path).load("demo").api_version == "2026-02-01"


def test_an_edited_correction_makes_the_cache_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corrections = tmp_path / "corrections"
    corrections.mkdir()
    file = corrections / "demo.py"
    file.write_text("")
    monkeypatch.setattr(loader, "_CORRECTIONS", corrections)
    Models(tmp_path / "cache").load("sts")
    os.utime(file, ns=(1, 1))
    Models(tmp_path / "cache").load("sts")

    assert len(list((tmp_path / "cache").rglob("model-sts"))) == 2


def test_sqs_speaks_query_beside_json() -> None:
    sqs = Models().load("sqs")

    assert sqs.protocols == ("json", "query")
    assert sqs.xml_namespace == "http://queue.amazonaws.com/doc/2012-11-05/"
    assert sqs.query_errors["QueueDoesNotExist"][0] == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize(
    ("shape", "member", "entry"),
    [
        ("SendMessageBatchRequest", "Entries", "SendMessageBatchRequestEntry"),
        ("SendMessageBatchResult", "Successful", "SendMessageBatchResultEntry"),
        ("DeleteMessageBatchResult", "Failed", "BatchResultErrorEntry"),
        ("ReceiveMessageResult", "Messages", "Message"),
        ("GetQueueAttributesRequest", "AttributeNames", "AttributeName"),
        ("SetQueueAttributesRequest", "Attributes", "Attribute"),
        ("SendMessageRequest", "MessageAttributes", "MessageAttribute"),
        ("TagQueueRequest", "Tags", "Tag"),
        ("ListQueuesResult", "QueueUrls", "QueueUrl"),
    ],
)
def test_entries_of_sqs_have_their_names_in_forms(shape: str, member: str, entry: str) -> None:
    assert Models().load("sqs").shape(shape).members[member].trait("queryName") == entry


def test_maps_of_sqs_have_names_and_values_and_tags_have_keys() -> None:
    sqs = Models().load("sqs")

    attributes, tags = sqs.shape("QueueAttributeMap"), sqs.shape("TagMap")
    assert (attributes.key.trait("queryName"), attributes.value.trait("queryName")) == ("Name", "Value")
    assert (tags.key.trait("queryName"), tags.value.trait("queryName")) == ("Key", "Value")


def test_answers_of_sqs_have_a_wrapper_in_query() -> None:
    sqs = Models().load("sqs")
    for name in sqs.operation_names:
        output = sqs.operation(name).output
        assert output is None or output.trait("resultWrapper") == f"{name}Result"
