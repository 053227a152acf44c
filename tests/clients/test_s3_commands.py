"""What people type at buckets besides synchronising: the AWS CLI's, s3cmd's, rclone's and s5cmd's other commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from clients.programs import Cli, Finished, installed, run
from cloud import CloudProcess

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
LARGE = bytes(range(256)) * 4096 * 18
Program = Callable[..., Finished]


@pytest.fixture
def s3(own_cloud: CloudProcess) -> Any:
    return own_cloud.client("s3", account="test")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Eighteen mebibytes: three parts of the AWS CLI's, and more than s3cmd sends at once."""
    path = tmp_path / "large file.bin"
    path.write_bytes(LARGE)
    return path


def body(s3: Any, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys(s3: Any, bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def checked(command: list[str], environment: dict[str, str]) -> Program:
    """Runs the command with more arguments and expects it to end well."""

    def call(*arguments: str, stdin: str = "") -> Finished:
        finished = run([*command, *arguments], environment, stdin=stdin)
        assert finished.code == 0, f"{' '.join(arguments)}: {finished.code}\n{finished.out}\n{finished.err}"
        return finished

    return call


# --------------------------------------------------------------------------- the AWS CLI
def test_the_aws_cli_seals_under_keys_of_kms_and_its_own(
    aws: Cli, own_cloud: CloudProcess, s3: Any, large: Path, tmp_path: Path
) -> None:
    key = own_cloud.client("kms", account="test").create_key()["KeyMetadata"]["Arn"]
    aws("s3", "mb", "s3://sealed")
    aws("s3", "cp", str(large), "s3://sealed/kms", "--sse", "aws:kms", "--sse-kms-key-id", key)
    assert s3.head_object(Bucket="sealed", Key="kms")["SSEKMSKeyId"] == key
    aws("s3", "cp", "s3://sealed/kms", "s3://sealed/copy", "--sse", "aws:kms")
    back = tmp_path / "back"
    aws("s3", "cp", "s3://sealed/copy", str(back))
    assert back.read_bytes() == LARGE
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(32)))
    own = ("--sse-c", "AES256", "--sse-c-key", f"fileb://{secret}")
    aws("s3", "cp", str(large), "s3://sealed/own", *own)
    aws("s3", "cp", "s3://sealed/own", str(back), *own)
    assert back.read_bytes() == LARGE


def test_the_aws_cli_makes_fills_moves_and_removes(aws: Cli, s3: Any, large: Path, tmp_path: Path) -> None:
    aws("s3", "mb", "s3://typed")
    aws("s3", "cp", str(large), "s3://typed/folder/a & b.bin", "--metadata", "who=fog", "--content-type", "video/mp4")
    sent = s3.get_object(Bucket="typed", Key="folder/a & b.bin")
    assert (sent["Body"].read(), sent["Metadata"], sent["ContentType"]) == (LARGE, {"who": "fog"}, "video/mp4")
    aws("s3", "cp", "s3://typed/folder/a & b.bin", "s3://typed/copy.bin")
    assert body(s3, "typed", "copy.bin") == LARGE
    aws("s3", "mv", "s3://typed/copy.bin", "s3://typed/moved/")
    listed = aws("s3", "ls", "s3://typed", "--recursive", "--summarize").out
    assert listed.split() == [
        *(*listed.split()[:2], str(len(LARGE)), "folder/a", "&", "b.bin"),
        *(*listed.split()[6:8], str(len(LARGE)), "moved/copy.bin"),
        *("Total", "Objects:", "2", "Total", "Size:", str(2 * len(LARGE))),
    ]
    assert "PRE folder/" in aws("s3", "ls", "s3://typed").out
    aws("s3", "cp", "s3://typed/moved/copy.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == LARGE
    assert aws.refused("s3", "ls", "s3://typed/nothing").code == 1
    assert "BucketNotEmpty" in aws.refused("s3", "rb", "s3://typed").err
    aws("s3", "rb", "s3://typed", "--force")
    assert aws("s3", "ls").out == ""


def test_the_aws_cli_reads_from_and_writes_to_pipes(aws: Cli, s3: Any) -> None:
    aws("s3", "mb", "s3://typed")
    words = "streamed " * 1_200_000
    sent = run([*aws.command, "s3", "cp", "-", "s3://typed/stream"], aws.environment, stdin=words)
    assert sent.code == 0, sent.err
    assert body(s3, "typed", "stream").decode() == words
    assert aws("s3", "cp", "s3://typed/stream", "-").out == words


def test_the_aws_cli_hears_every_refusal_of_many_uploads(aws: Cli, tmp_path: Path) -> None:
    """It asks before it sends a body, and what it then hears must not be taken for the answer to its next question."""
    for number in range(30):
        (tmp_path / "many").mkdir(exist_ok=True)
        (tmp_path / "many" / f"{number}").write_bytes(bytes(number * 1000))
    refused = aws.refused("s3", "cp", "--recursive", str(tmp_path / "many"), "s3://nowhere/")
    assert refused.code == 1
    assert refused.err.count("(NoSuchBucket)") == 30
    wrong = aws.refused("s3", "cp", "--recursive", str(tmp_path / "many"), "s3://nowhere/", AWS_SECRET_ACCESS_KEY="no")
    assert wrong.code == 1
    assert wrong.err.count("(SignatureDoesNotMatch)") == 30


def test_the_aws_cli_hands_out_a_url(aws: Cli, s3: Any) -> None:
    aws("s3", "mb", "s3://typed")
    s3.put_object(Bucket="typed", Key="a key", Body=b"hello")
    url = aws("s3", "presign", "s3://typed/a key", "--expires-in", "60").out.strip()
    with urlopen(url) as answer:
        assert answer.read() == b"hello"


def test_the_aws_cli_calls_the_operations_one_by_one(aws: Cli, s3: Any, large: Path, tmp_path: Path) -> None:
    aws("s3api", "create-bucket", "--bucket", "typed")
    aws("s3api", "wait", "bucket-exists", "--bucket", "typed")
    place = ("--bucket", "typed", "--key", "ünï/key")
    sent = aws("s3api", "put-object", *place, "--body", str(large), "--tagging", "a=b&c=d").json
    head = aws("s3api", "head-object", *place).json
    assert (head["ETag"], head["ContentLength"]) == (sent["ETag"], len(LARGE))
    got = aws("s3api", "get-object", *place, "--range", "bytes=10-19", str(tmp_path / "part")).json
    assert got["ContentRange"] == f"bytes 10-19/{len(LARGE)}"
    assert (tmp_path / "part").read_bytes() == LARGE[10:20]
    tags = aws("s3api", "get-object-tagging", *place).json["TagSet"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("a", "b"), ("c", "d")]
    aws("s3api", "put-bucket-versioning", "--bucket", "typed", "--versioning-configuration", "Status=Enabled")
    aws("s3api", "delete-object", *place)
    versions = aws("s3api", "list-object-versions", "--bucket", "typed").json
    assert [one["Key"] for one in versions["DeleteMarkers"]] == ["ünï/key"]
    assert [one["VersionId"] for one in versions["Versions"]] == ["null"]
    missing = aws.refused("s3api", "head-object", *place)
    assert "404" in missing.err
    for number in range(5):
        s3.put_object(Bucket="typed", Key=f"page/{number}", Body=b"")
    paged = ("s3api", "list-objects-v2", "--bucket", "typed", "--prefix", "page/", "--page-size", "2")
    assert [one["Key"] for one in aws(*paged).json["Contents"]] == [f"page/{number}" for number in range(5)]
    doomed = json.dumps({"Objects": [{"Key": f"page/{number}"} for number in range(5)], "Quiet": True})
    aws("s3api", "delete-objects", "--bucket", "typed", "--delete", doomed)
    assert keys(s3, "typed") == []


# --------------------------------------------------------------------------- the others
@pytest.fixture
def s3cmd(environment: dict[str, str]) -> Program:
    host = environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    options = ["--access_key=test", "--secret_key=test", f"--host={host}", f"--host-bucket={host}", "--no-ssl"]
    return checked([installed("s3tools", "s3cmd", "s3cmd"), "-c", "/dev/null", *options], environment)


def test_s3cmd_does_what_it_can(s3cmd: Program, s3: Any, large: Path, tmp_path: Path) -> None:
    s3cmd("mb", "s3://typed")
    s3cmd("put", str(large), "s3://typed/a & ü.bin", "--multipart-chunk-size-mb=5", "--add-header=x-amz-meta-who:fog")
    assert body(s3, "typed", "a & ü.bin") == LARGE
    s3cmd("get", "s3://typed/a & ü.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == LARGE
    info = s3cmd("info", "s3://typed/a & ü.bin").out
    assert f"File size: {len(LARGE)}" in info
    assert "x-amz-meta-who: fog" in info
    s3cmd("cp", "s3://typed/a & ü.bin", "s3://typed/copy")
    s3cmd("mv", "s3://typed/copy", "s3://typed/folder/moved")
    assert keys(s3, "typed") == ["a & ü.bin", "folder/moved"]
    assert "DIR" in s3cmd("ls", "s3://typed").out
    assert s3cmd("du", "s3://typed").out.split()[:2] == [str(2 * len(LARGE)), "2"]
    with urlopen(s3cmd("signurl", "s3://typed/folder/moved", "+60").out.strip()) as answer:
        assert answer.read() == LARGE
    s3cmd("del", "--recursive", "--force", "s3://typed")
    s3cmd("rb", "s3://typed")
    assert s3.list_buckets()["Buckets"] == []


@pytest.fixture
def rclone(environment: dict[str, str]) -> Program:
    remote = {
        "RCLONE_CONFIG": "",
        "RCLONE_CONFIG_FOG_TYPE": "s3",
        "RCLONE_CONFIG_FOG_PROVIDER": "Other",
        "RCLONE_CONFIG_FOG_ENV_AUTH": "true",
        "RCLONE_CONFIG_FOG_ENDPOINT": environment["AWS_ENDPOINT_URL"],
        "RCLONE_S3_UPLOAD_CUTOFF": "5M",
        "RCLONE_S3_COPY_CUTOFF": "5M",
        "RCLONE_RETRIES": "1",
    }
    return checked([installed("s3tools", "rclone", "rclone")], {**environment, **remote})


def test_rclone_does_what_it_can(rclone: Program, s3: Any, large: Path) -> None:
    rclone("mkdir", "fog:typed")
    rclone("copyto", str(large), "fog:typed/a & ü.bin")
    assert body(s3, "typed", "a & ü.bin") == LARGE
    rclone("copyto", "fog:typed/a & ü.bin", "fog:typed/folder/copy.bin")
    assert body(s3, "typed", "folder/copy.bin") == LARGE
    rclone("moveto", "fog:typed/folder/copy.bin", "fog:typed/folder/moved.bin")
    listed = json.loads(rclone("lsjson", "--recursive", "--hash", "fog:typed").out)
    assert sorted(one["Path"] for one in listed) == ["a & ü.bin", "folder", "folder/moved.bin"]
    rclone("check", "--download", "fog:typed/folder", "fog:typed/folder")
    assert json.loads(rclone("size", "--json", "fog:typed").out) == {"count": 2, "bytes": 2 * len(LARGE), "sizeless": 0}
    assert rclone("cat", "--offset", "5", "--count", "3", "fog:typed/a & ü.bin").out == "\x05\x06\x07"
    rclone("rcat", "fog:typed/piped", stdin="from a pipe")
    assert body(s3, "typed", "piped") == b"from a pipe"
    with urlopen(rclone("link", "--expire", "60s", "fog:typed/piped").out.strip()) as answer:
        assert answer.read() == b"from a pipe"
    rclone("purge", "fog:typed")
    assert s3.list_buckets()["Buckets"] == []


@pytest.fixture
def s5cmd(environment: dict[str, str]) -> Program:
    program = installed("s3tools", "s5cmd", "s5cmd")
    return checked([program, "--endpoint-url", environment["AWS_ENDPOINT_URL"], "--retry-count", "0"], environment)


def test_s5cmd_does_what_it_can(s5cmd: Program, s3: Any, large: Path, tmp_path: Path) -> None:
    s5cmd("mb", "s3://typed")
    s5cmd("cp", "--part-size", "5", str(large), "s3://typed/a & ü.bin")
    assert body(s3, "typed", "a & ü.bin") == LARGE
    s5cmd("cp", "--part-size", "5", "s3://typed/a & ü.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == LARGE
    commands = "\n".join(f"cp s3://typed/'a & ü.bin' s3://typed/many/{number}" for number in range(20))
    s5cmd("run", stdin=commands)
    assert len(keys(s3, "typed")) == 21
    assert len(s5cmd("ls", "s3://typed/many/1*").out.splitlines()) == 11
    assert s5cmd("du", "s3://typed/many/*").out.split()[0] == str(20 * len(LARGE))
    s5cmd("mv", "s3://typed/many/7", "s3://typed/moved")
    assert s5cmd("head", "s3://typed/moved").json["size"] == len(LARGE)
    s5cmd("pipe", "s3://typed/piped", stdin="from a pipe")
    assert s5cmd("cat", "s3://typed/piped").out == "from a pipe"
    with urlopen(s5cmd("presign", "s3://typed/piped").out.strip()) as answer:
        assert answer.read() == b"from a pipe"
    s5cmd("rm", "s3://typed/*")
    s5cmd("rb", "s3://typed")
    assert s3.list_buckets()["Buckets"] == []
