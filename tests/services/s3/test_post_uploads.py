"""Uploads by HTML forms: the fields, the policy that was signed, and what a browser is answered."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud import CloudProcess

from .access import allow, put, read, set_policy
from .http_calls import Answer, Caller

BOUNDARY = "----form-boundary-7MA4YWxk"
Fields = list[tuple[str, str]]


def part(name: str, value: bytes, extra: str = "", headers: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n{headers}\r\n'
    return head.encode() + value + b"\r\n"


def form(
    fields: Iterable[tuple[str, str]], *files: bytes, filename: str = "f.txt", after: Fields | None = None
) -> bytes:
    """A form as browsers send it: fields, then the file."""
    parts = [part(name, value.encode()) for name, value in fields]
    parts += [part("file", file, f'; filename="{filename}"', "Content-Type: text/plain\r\n") for file in files]
    parts += [part(name, value.encode()) for name, value in after or []]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(http: Caller, bucket: str, body: bytes, **headers: str) -> Answer:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return http.send("POST", f"/{bucket}", body=body, headers={**kind, **headers})


def signed(
    account: str, bucket: str, *conditions: Any, minutes: float = 10, secret: str = "test", key: str | None = "k"
) -> Fields:
    """The fields of a form whose policy has these conditions, beside those that every policy needs."""
    now = datetime.now(UTC)
    date = now.strftime("%Y%m%d")
    own = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{account}/{date}/us-east-1/s3/aws4_request",
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    named = [{"bucket": bucket}, *({name: value} for name, value in own.items())]
    if key is not None:
        named.append({"key": key})
        own["key"] = key
    expiration = (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    document = json.dumps({"expiration": expiration, "conditions": [*named, *conditions]})
    return sealed(document, own, secret)


def sealed(document: str, own: dict[str, str], secret: str = "test") -> Fields:
    policy = base64.b64encode(document.encode()).decode()
    signing = f"AWS4{secret}".encode()
    for text in own["x-amz-credential"].split("/")[1:]:
        signing = hmac.digest(signing, text.encode(), "sha256")
    signature = hmac.digest(signing, policy.encode(), "sha256").hex()
    return [*own.items(), ("policy", policy), ("x-amz-signature", signature)]


@pytest.fixture
def fields(account: str, bucket: str) -> Callable[..., Fields]:
    """Makes the fields of a form that the bucket's owner signed."""
    return lambda *conditions, **more: signed(account, bucket, *conditions, **more)


def nothing_in(s3: Any, bucket: str) -> bool:
    return s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


# --------------------------------------------------------------------------- what is stored
def test_a_form_uploads_a_file(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    answer = send(http, bucket, form(fields(), b"the file\r\n"))
    assert (answer.status, answer.body) == (204, b"")
    stored = s3.get_object(Bucket=bucket, Key="k")
    assert stored["Body"].read() == b"the file\r\n"
    assert stored["ContentType"] == "binary/octet-stream"
    assert answer.headers["ETag"] == stored["ETag"]
    assert answer.headers["Location"].endswith(f"{bucket}/k") or answer.headers["Location"].endswith("/k")


def test_boto3s_forms_are_taken(http: Caller, s3: Any, s3v4: Any, bucket: str) -> None:
    made = s3v4.generate_presigned_post(bucket, "${filename}")
    answer = send(http, bucket, form(made["fields"].items(), b"x", filename="photo.png"))
    assert answer.status == 204
    assert read(s3, bucket, "photo.png") == b"x"


def test_the_form_that_boto3_makes_by_default_is_taken(http: Caller, s3: Any, bucket: str) -> None:
    """For an endpoint of one's own boto3 still signs forms with version 2."""
    made = s3.generate_presigned_post(bucket, "k")
    assert send(http, bucket, form(made["fields"].items(), b"x")).status == 204
    assert read(s3, bucket, "k") == b"x"
    if "signature" in made["fields"]:
        made["fields"]["signature"] = "AAAA"
        assert send(http, bucket, form(made["fields"].items(), b"y")).said == (403, "SignatureDoesNotMatch")


def test_a_form_may_be_sent_to_the_buckets_own_host(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Host": f"{bucket}.s3.localhost:{http.port}"}
    answer = http.send("POST", "/", body=form(fields(), b"x"), headers=kind)
    assert answer.status == 204
    assert read(s3, bucket, "k") == b"x"


@pytest.mark.parametrize("filename", ["photo.png", "C:\\pictures\\photo.png", "/pictures/photo.png"])
def test_the_files_name_may_stand_in_the_key(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields], filename: str
) -> None:
    """Only the last part of a path counts, as documented."""
    made = [("key", "up/${filename}"), *fields(["starts-with", "$key", "up/"], key=None)]
    assert send(http, bucket, form(made, b"x", filename=filename)).status == 204
    assert read(s3, bucket, "up/photo.png") == b"x"


def test_fields_say_what_headers_would(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    wanted = [
        ("Content-Type", "text/html"),
        ("Cache-Control", "no-cache"),
        ("Content-Disposition", "attachment"),
        ("Content-Encoding", "identity"),
        ("Expires", "Thu, 01 Dec 2033 16:00:00 GMT"),
        ("x-amz-meta-who", "me"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("tagging", tagging),
    ]
    conditions = [{name: value} for name, value in wanted]
    assert send(http, bucket, form([*fields(*conditions), *wanted], b"x")).status == 204
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["CacheControl"], head["ContentDisposition"], head["ContentEncoding"]) == (
        "text/html",
        "no-cache",
        "attachment",
        "identity",
    )
    assert head["Metadata"] == {"who": "me"}
    assert head["StorageClass"] == "STANDARD_IA"
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_names_of_fields_have_no_case(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    made = [(name.upper() if name != "policy" else "Policy", value) for name, value in fields()]
    assert send(http, bucket, form(made, b"x")).status == 204
    assert read(s3, bucket, "k") == b"x"


def test_a_file_may_hold_anything(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    cut = BOUNDARY[:-1].encode()
    file = b"\r\n--" + cut + b"\r\n\r\n--" + cut + b"--\r\n" + bytes(range(256)) * 8192 + b"\r\n-"
    assert send(http, bucket, form(fields(), file)).status == 204
    assert read(s3, bucket, "k") == file
    assert send(http, bucket, form(fields(), b"")).status == 204
    assert read(s3, bucket, "k") == b""


def test_fields_after_the_file_are_ignored(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    body = form(fields(), b"x", after=[("x-amz-meta-late", "1"), ("success_action_status", "201"), ("submit", "ok")])
    assert send(http, bucket, body).status == 204
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {}


def test_a_versioned_bucket_names_the_version(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    answer = send(http, bucket, form(fields(), b"x"))
    assert answer.headers["x-amz-version-id"] == s3.head_object(Bucket=bucket, Key="k")["VersionId"]


# --------------------------------------------------------------------------- what the browser is answered
@pytest.mark.parametrize(("asked", "status"), [("200", 200), ("201", 201), ("204", 204), ("302", 204), ("x", 204)])
def test_a_form_may_choose_the_status(
    http: Caller, bucket: str, fields: Callable[..., Fields], asked: str, status: int
) -> None:
    made = fields({"success_action_status": asked})
    answer = send(http, bucket, form([*made, ("success_action_status", asked)], b"x"))
    assert answer.status == status
    if status != 201:
        assert answer.body == b""
        return
    assert answer.xml.tag == "PostResponse"
    found = {member.tag: member.text for member in answer.xml}
    assert (found["Bucket"], found["Key"], found["ETag"]) == (bucket, "k", answer.headers["ETag"])
    assert found["Location"] == answer.headers["Location"]


def test_a_form_may_lead_on_to_a_page(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    for page, joined in (("https://a.example/done", "?"), ("https://a.example/done?x=1", "&")):
        made = [*fields({"success_action_redirect": page}), ("success_action_redirect", page)]
        answer = send(http, bucket, form(made, b"x"))
        etag = s3.head_object(Bucket=bucket, Key="k")["ETag"].replace('"', "%22")
        assert (answer.status, answer.headers["Location"]) == (303, f"{page}{joined}bucket={bucket}&key=k&etag={etag}")


def test_a_page_that_is_no_url_is_as_good_as_none(http: Caller, bucket: str, fields: Callable[..., Fields]) -> None:
    made = [*fields({"success_action_redirect": "nowhere"}), ("success_action_redirect", "nowhere")]
    assert send(http, bucket, form(made, b"x")).status == 204


# --------------------------------------------------------------------------- what the policy says
@pytest.mark.parametrize(
    ("condition", "field", "good"),
    [
        ({"x-amz-meta-a": "1"}, ("x-amz-meta-a", "1"), True),
        ({"x-amz-meta-a": "1"}, ("x-amz-meta-a", "2"), False),
        (["eq", "$x-amz-meta-a", "1"], ("x-amz-meta-a", "1"), True),
        (["eq", "$x-amz-meta-a", "1"], ("x-amz-meta-a", "12"), False),
        (["starts-with", "$Content-Type", "image/"], ("Content-Type", "image/png"), True),
        (["starts-with", "$Content-Type", "image/"], ("Content-Type", "text/html"), False),
        (["starts-with", "$x-amz-meta-a", ""], ("x-amz-meta-a", "anything"), True),
        (["starts-with", "$Content-Type", "image/"], ("Content-Type", "image/png,image/gif"), True),
        (["starts-with", "$Content-Type", "image/"], ("Content-Type", "image/png,text/html"), False),
        ({"acl": "public-read"}, None, False),
    ],
    ids=str,
)
def test_every_condition_must_be_met(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields], condition: Any, field: Any, good: bool
) -> None:
    answer = send(http, bucket, form([*fields(condition), *([field] if field else [])], b"x"))
    if good:
        assert answer.status == 204
        return
    assert answer.said == (403, "AccessDenied")
    assert "Invalid according to Policy: Policy Condition failed" in answer.error["Message"]
    assert nothing_in(s3, bucket)


def test_the_key_and_the_bucket_are_conditions_too(
    http: Caller, s3: Any, bucket: str, account: str, fields: Callable[..., Fields]
) -> None:
    other_key = [("key", "other"), *(one for one in fields() if one[0] != "key")]
    assert send(http, bucket, form(other_key, b"x")).said == (403, "AccessDenied")
    other_bucket = signed(account, "another-bucket")
    assert send(http, bucket, form(other_bucket, b"x")).said == (403, "AccessDenied")
    assert nothing_in(s3, bucket)


def test_the_size_of_the_file_may_be_bounded(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    bounds = ["content-length-range", 2, 4]
    for file, code in ((b"1", "EntityTooSmall"), (b"12345", "EntityTooLarge"), (b"x" * 300_000, "EntityTooLarge")):
        assert send(http, bucket, form(fields(bounds), file)).said == (400, code)
    assert nothing_in(s3, bucket)
    for file in (b"12", b"1234"):
        assert send(http, bucket, form(fields(bounds), file)).status == 204


def test_every_field_must_stand_in_the_policy(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    answer = send(http, bucket, form([*fields(), ("x-amz-meta-more", "1")], b"x"))
    assert answer.said == (403, "AccessDenied")
    assert "Extra input fields: x-amz-meta-more" in answer.error["Message"]
    assert nothing_in(s3, bucket)
    assert send(http, bucket, form([*fields(), ("x-ignore-more", "1")], b"x")).status == 204


def test_a_policy_that_has_expired_is_refused(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    answer = send(http, bucket, form(fields(minutes=-1), b"x"))
    assert answer.said == (403, "AccessDenied")
    assert "Policy expired" in answer.error["Message"]
    assert nothing_in(s3, bucket)


def test_a_policy_expires_by_the_clouds_clock(own_cloud: CloudProcess, account: str) -> None:
    s3 = own_cloud.client("s3", account=account)
    s3.create_bucket(Bucket="forms")
    http = Caller(own_cloud.port, account)
    made = signed(account, "forms", minutes=60)
    own_cloud.advance(3_000)
    assert send(http, "forms", form(made, b"x")).status == 204
    own_cloud.advance(700)
    assert send(http, "forms", form(made, b"y")).said == (403, "AccessDenied")
    assert read(s3, "forms", "k") == b"x"


@pytest.mark.parametrize(
    "document",
    [
        "nonsense",
        "[]",
        "{}",
        '{"expiration": "2099-01-01T00:00:00Z"}',
        '{"conditions": []}',
        '{"expiration": "tomorrow", "conditions": []}',
        '{"expiration": "2099-01-01T00:00:00Z", "conditions": [["sounds-like", "$key", "k"]]}',
        '{"expiration": "2099-01-01T00:00:00Z", "conditions": ["key"]}',
        '{"expiration": "2099-01-01T00:00:00Z", "conditions": [["content-length-range", "a", "b"]]}',
    ],
)
def test_what_is_no_policy_is_refused(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields], document: str
) -> None:
    own = {name: value for name, value in fields() if name not in {"policy", "x-amz-signature"}}
    answer = send(http, bucket, form(sealed(document, own), b"x"))
    assert answer.status in {400, 403}
    assert answer.error["Code"] in {"InvalidPolicyDocument", "AccessDenied"}
    assert nothing_in(s3, bucket)


# --------------------------------------------------------------------------- who signed
def test_a_form_that_was_signed_wrongly_is_refused(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    answer = send(http, bucket, form(fields(secret="guess"), b"x"))
    assert answer.said == (403, "SignatureDoesNotMatch")
    tampered = [(name, value[::-1] if name == "x-amz-signature" else value) for name, value in fields()]
    assert send(http, bucket, form(tampered, b"x")).said == (403, "SignatureDoesNotMatch")
    assert nothing_in(s3, bucket)


def test_a_form_of_nobody_known_is_refused(http: Caller, bucket: str) -> None:
    assert send(http, bucket, form(signed("AKIANOBODY", bucket), b"x")).said == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize("missing", ["x-amz-credential", "x-amz-algorithm", "x-amz-date", "x-amz-signature"])
def test_a_signature_has_all_its_fields(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields], missing: str
) -> None:
    made = [(name, value) for name, value in fields() if name != missing]
    answer = send(http, bucket, form(made, b"x"))
    assert answer.status in {400, 403}
    assert nothing_in(s3, bucket)


def test_a_form_uploads_what_its_signer_may(http: Caller, s3: Any, bucket: str, other_account: str) -> None:
    body = form(signed(other_account, bucket), b"x")
    assert send(http, bucket, body).said == (403, "AccessDenied")
    assert nothing_in(s3, bucket)
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    assert send(http, bucket, body).status == 204


def test_a_form_without_a_policy_needs_a_bucket_that_everyone_may_write(
    http: Caller, s3: Any, open_bucket: str
) -> None:
    body = form([("key", "k")], b"x")
    assert send(http, open_bucket, body).said == (403, "AccessDenied")
    assert nothing_in(s3, open_bucket)
    set_policy(s3, open_bucket, allow(open_bucket, "s3:PutObject"))
    assert send(http, open_bucket, body).status == 204
    assert read(s3, open_bucket, "k") == b"x"


# --------------------------------------------------------------------------- what is no form
def test_a_form_for_a_missing_bucket_is_refused(http: Caller, account: str) -> None:
    assert send(http, f"none-{account}", form(signed(account, f"none-{account}"), b"x")).said == (404, "NoSuchBucket")


def test_a_form_has_a_key_before_the_file(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    late = form(fields(["starts-with", "$key", ""], key=None), b"x", after=[("key", "k")])
    answer = send(http, bucket, late)
    assert answer.status == 400
    assert answer.error["Code"] in {"InvalidArgument", "UserKeyMustBeSpecified"}
    assert nothing_in(s3, bucket)


def test_a_form_has_one_file(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    answer = send(http, bucket, form(fields()))
    assert answer.status == 400
    assert answer.error["Code"] in {"InvalidArgument", "IncorrectNumberOfFilesInPostRequest"}
    assert "exactly one file upload per request" in answer.error["Message"]
    assert nothing_in(s3, bucket)


def test_a_form_is_multipart(http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.send("POST", f"/{bucket}", body=form(fields(), b"x"), headers=kind)
    assert answer.status == 412
    assert answer.error["Code"] in {"PreconditionFailed", "RequestIsNotMultiPartContent"}
    for boundary in ("", "; boundary=other"):
        kind = {"Content-Type": f"multipart/form-data{boundary}"}
        answer = http.send("POST", f"/{bucket}", body=form(fields(), b"x"), headers=kind)
        assert answer.said == (400, "MalformedPOSTRequest")
    assert nothing_in(s3, bucket)


@pytest.mark.parametrize("cut", [-30, -60, 40])
def test_a_form_that_breaks_off_is_refused(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields], cut: int
) -> None:
    answer = send(http, bucket, form(fields(), b"x" * 10)[:cut])
    assert answer.said == (400, "MalformedPOSTRequest")
    assert nothing_in(s3, bucket)


def test_the_fields_before_the_file_are_bounded(
    http: Caller, s3: Any, bucket: str, fields: Callable[..., Fields]
) -> None:
    """AWS takes 20 KB of them."""
    large = ("x-ignore-large", "x" * 21_000)
    answer = send(http, bucket, form([*fields(), large], b"x"))
    assert answer.said == (400, "MaxPostPreDataLengthExceededError")
    assert nothing_in(s3, bucket)


def test_a_refused_form_does_not_end_the_cloud(http: Caller, s3: Any, bucket: str) -> None:
    for body in (b"", b"\r\n", b"--" * 1000, f"--{BOUNDARY}\r\n\r\n".encode(), part("key", b"k")):
        assert send(http, bucket, body).status == 400
    put(s3, bucket, "k")
