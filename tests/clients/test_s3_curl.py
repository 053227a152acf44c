"""curl, as a stand-in for browsers and scripts: presigned URLs, forms, ranges, a download that is taken up again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.config import Config

from clients.programs import Finished, run
from cloud import CloudProcess

pytestmark = pytest.mark.needs("curl")

Curl = Callable[..., Finished]
BODY = bytes(range(256)) * 4096


@pytest.fixture(params=["Signature Version 4", "Signature Version 2"])
def s3(request: pytest.FixtureRequest, cloud: CloudProcess, account: str) -> Any:
    """Not told otherwise, boto3 still presigns for us-east-1 in version 2: that is what most programs hand out."""
    settings = Config(signature_version="s3v4") if request.param == "Signature Version 4" else Config()
    client = cloud.client("s3", account=account, config=settings)
    client.create_bucket(Bucket=f"curl-{account}")
    return client


@pytest.fixture
def bucket(account: str, s3: Any) -> str:
    return f"curl-{account}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A mebibyte to send."""
    path = tmp_path / "a file & more.bin"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def curl(tmp_path: Path) -> Curl:
    """Runs curl; what it prints last is the status."""

    def call(*arguments: str) -> Finished:
        options = ("--silent", "--show-error", "--max-time", "30", "--noproxy", "*", "--write-out", "\n%{http_code}")
        return run(["curl", "--disable", *options, *arguments], {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})

    return call


def status(finished: Finished) -> int:
    assert finished.code == 0, finished.err
    return int(finished.out.rpartition("\n")[2])


def test_a_presigned_url_gives_the_object_with_the_headers_it_asks_for(
    s3: Any, bucket: str, curl: Curl, tmp_path: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="ünï & co/+.txt", Body=BODY, ContentType="text/x-odd")
    wanted = {"ResponseContentDisposition": 'attachment; filename="x.bin"', "ResponseContentType": "image/png"}
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "ünï & co/+.txt", **wanted})
    got = curl("--output", str(tmp_path / "got"), "--dump-header", str(tmp_path / "head"), url)
    assert status(got) == 200
    assert (tmp_path / "got").read_bytes() == BODY
    head = (tmp_path / "head").read_text().lower()
    assert "content-type: image/png" in head
    assert 'content-disposition: attachment; filename="x.bin"' in head
    assert f'etag: "{hashlib.md5(BODY).hexdigest()}"' in head


def test_a_presigned_url_takes_an_upload_and_nothing_else(s3: Any, bucket: str, curl: Curl, file: Path) -> None:
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "sent", "ContentType": "text/plain"})
    assert status(curl("--upload-file", str(file), "--header", "Content-Type: text/html", url)) == 403
    assert status(curl("--upload-file", str(file), "--header", "Content-Type: text/plain", url)) == 200
    stored = s3.get_object(Bucket=bucket, Key="sent")
    assert (stored["Body"].read(), stored["ContentType"]) == (BODY, "text/plain")
    assert status(curl("--output", "/dev/null", url)) == 403
    assert status(curl("--request", "DELETE", url)) == 403
    other = url.replace("/sent?", "/other?")
    assert status(curl("--upload-file", str(file), "--header", "Content-Type: text/plain", other)) == 403
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["sent"]


def test_without_a_signature_nothing_is_given(s3: Any, bucket: str, curl: Curl) -> None:
    s3.put_object(Bucket=bucket, Key="private", Body=b"secret words")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "private"})
    refused = curl(url.partition("?")[0])
    assert status(refused) == 403
    assert "<Code>AccessDenied</Code>" in refused.out
    assert "secret words" not in refused.out
    tampered = curl(re.sub(r"Signature=(.)", lambda m: "Signature=" + ("a" if m[1] != "a" else "b"), url))
    assert status(tampered) == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in tampered.out


def test_a_range_is_given_and_a_broken_download_is_taken_up_again(
    s3: Any, bucket: str, curl: Curl, tmp_path: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="large", Body=BODY)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "large"})
    part = tmp_path / "part"
    assert status(curl("--range", "1000-1999", "--output", str(part), url)) == 206
    assert part.read_bytes() == BODY[1000:2000]
    part.write_bytes(BODY[:300_001])
    assert status(curl("--continue-at", "-", "--output", str(part), url)) == 206
    assert part.read_bytes() == BODY
    assert status(curl("--range", f"{len(BODY)}-", "--output", str(part), url)) == 416


def test_a_bucket_may_stand_in_the_host_name(
    s3: Any, bucket: str, cloud: CloudProcess, account: str, curl: Curl
) -> None:
    """curl takes every name below `localhost` for this machine."""
    key = "folder/a key"
    s3.put_object(Bucket=bucket, Key=key, Body=b"hello")
    elsewhere = boto3.client(
        "s3",
        endpoint_url=f"http://s3.localhost:{cloud.port}",
        aws_access_key_id=account,
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    url = elsewhere.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    assert url.startswith(f"http://{bucket}.s3.localhost:{cloud.port}/folder/a%20key?")
    got = curl(url)
    assert (status(got), got.out) == (200, "hello\n200")


def form(posted: dict[str, Any], file: Path, **more: str) -> list[str]:
    """curl's arguments for a form with a file at its end, as a browser sends it."""
    fields = {**posted["fields"], **more}
    sent = [word for name, value in fields.items() for word in ("--form-string", f"{name}={value}")]
    return [*sent, "--form", f'file=@"{file}";type=image/png', posted["url"]]


def test_a_form_uploads_a_file_within_its_policy(s3: Any, bucket: str, curl: Curl, file: Path) -> None:
    posted = s3.generate_presigned_post(
        bucket,
        "from forms/${filename}",
        Fields={"Content-Type": "image/png", "success_action_status": "201", "x-amz-meta-who": "Zoë"},
        Conditions=[
            ["starts-with", "$key", "from forms/"],
            {"Content-Type": "image/png"},
            {"success_action_status": "201"},
            {"x-amz-meta-who": "Zoë"},
            ["content-length-range", 1, len(BODY)],
        ],
    )
    sent = curl(*form(posted, file))
    assert status(sent) == 201
    key = f"from forms/{file.name}"
    assert f"<ETag>&quot;{hashlib.md5(BODY).hexdigest()}&quot;</ETag>" in sent.out.replace('"', "&quot;")
    stored = s3.get_object(Bucket=bucket, Key=key)
    assert (stored["Body"].read(), stored["ContentType"]) == (BODY, "image/png")

    file.write_bytes(BODY + b"x")
    large = curl(*form(posted, file))
    assert (status(large), "EntityTooLarge" in large.out) == (400, True)
    file.write_bytes(b"changed")
    assert status(curl(*form(posted, file, key="elsewhere/x"))) == 403
    assert status(curl(*form(posted, file, acl="public-read"))) == 403
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == BODY
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_form_may_send_the_browser_on(s3: Any, bucket: str, curl: Curl, file: Path, tmp_path: Path) -> None:
    there = "http://127.0.0.1:9/thanks?from=form"
    posted = s3.generate_presigned_post(
        bucket, "sent", Fields={"success_action_redirect": there}, Conditions=[{"success_action_redirect": there}]
    )
    sent = curl("--dump-header", str(tmp_path / "head"), *form(posted, file))
    assert status(sent) == 303
    location = re.search(r"(?im)^location: (\S+)", (tmp_path / "head").read_text())
    assert location is not None
    to, _, query = location[1].partition("?")
    assert to == "http://127.0.0.1:9/thanks"
    etag = f'"{hashlib.md5(BODY).hexdigest()}"'
    assert parse_qs(query) == {"from": ["form"], "bucket": [bucket], "key": ["sent"], "etag": [etag]}
