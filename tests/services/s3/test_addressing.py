"""How a request names its bucket and its key: in the path or in the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .access import put, read
from .http_calls import Answer, Caller

ENDPOINTS = [
    "s3.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "s3-us-east-1.amazonaws.com",
    "s3.dualstack.us-east-1.amazonaws.com",
    "s3.localhost",
    "s3.us-east-1.localhost",
    "s3.localhost.localstack.cloud",
]
PATH_ONLY = ["localhost", "127.0.0.1", "localhost.localstack.cloud"]


def ask(http: Caller, host: str, method: str = "GET", target: str = "/", **more: Any) -> Answer:
    return http.ask(method, target, headers={"Host": f"{host}:{http.port}", **more.pop("headers", {})}, **more)


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    """The bucket, with two objects, one of them with the bucket's name in its key."""
    put(s3, bucket, "k", body=b"text")
    put(s3, bucket, f"{bucket}/k", body=b"nested")
    return bucket


# --------------------------------------------------------------------------- hosts
@pytest.mark.parametrize("endpoint", [*ENDPOINTS, *PATH_ONLY])
def test_the_path_names_the_bucket(http: Caller, filled: str, endpoint: str) -> None:
    assert ask(http, endpoint, target=f"/{filled}/k").body == b"text"
    assert ask(http, endpoint, target=f"/{filled}?list-type=2").texts("Contents/Key") == [f"{filled}/k", "k"]
    assert filled in ask(http, endpoint).texts("Buckets/Bucket/Name")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_host_names_the_bucket(http: Caller, s3: Any, filled: str, endpoint: str) -> None:
    host = f"{filled}.{endpoint}"
    assert ask(http, host, target="/k").body == b"text"
    assert ask(http, host, target=f"/{filled}/k").body == b"nested"
    assert ask(http, host, target="/?list-type=2").texts("Contents/Key") == [f"{filled}/k", "k"]
    assert ask(http, host, "PUT", "/new", body=b"new").status == 200
    assert read(s3, filled, "new") == b"new"
    assert ask(http, host, "HEAD").status == 200
    assert ask(http, host, target="/none").said == (404, "NoSuchKey")


def test_the_host_may_come_without_a_port_and_in_capitals(http: Caller, filled: str) -> None:
    for host in (f"{filled}.s3.amazonaws.com", f"{filled}.s3.amazonaws.com".upper()):
        assert http.ask("GET", "/k", headers={"Host": host}).body == b"text"


@pytest.mark.parametrize("name", ["a.b.{}", "www.{}.example", "s3.{}", "s3-{}", "{}.s3"])
def test_names_with_dots_are_found_in_hosts(http: Caller, s3: Any, account: str, name: str) -> None:
    name = name.format(account)
    s3.create_bucket(Bucket=name)
    put(s3, name, "k", body=b"text")
    assert http.ask("GET", "/k", headers={"Host": f"{name}.s3.amazonaws.com"}).body == b"text"
    assert http.ask("GET", f"/{name}/k").body == b"text"


def test_the_hosts_region_is_the_buckets(http: Caller, client: Callable[..., Any], account: str) -> None:
    ireland = client("s3", region="eu-west-1")
    name = f"green-{account}"
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    put(ireland, name, "k", body=b"text")
    for host in (f"{name}.s3.eu-west-1.amazonaws.com", f"{name}.s3-eu-west-1.amazonaws.com"):
        assert http.ask("GET", "/k", headers={"Host": host}, region="eu-west-1").body == b"text"
    answer = http.ask("GET", f"/{name}/k", headers={"Host": "s3.eu-west-1.amazonaws.com"}, region="eu-west-1")
    assert answer.body == b"text"


def test_a_bucket_is_made_and_deleted_by_its_host(http: Caller, s3: Any, account: str) -> None:
    host = f"hosted-{account}.s3.localhost"
    assert ask(http, host, "PUT").status == 200
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == [f"hosted-{account}"]
    assert ask(http, host, "DELETE").status == 204
    assert ask(http, host).said == (404, "NoSuchBucket")


def test_hosts_of_nobody_are_refused(http: Caller, filled: str) -> None:
    """A name that was rebound to this address must not reach a bucket."""
    for host in ("evil.example", f"{filled}.evil.example", f"{filled}.s3.amazonaws.com.evil.example"):
        assert http.ask("GET", f"/{filled}/k", headers={"Host": host}).status == 403


# --------------------------------------------------------------------------- paths
@pytest.mark.parametrize("target", ["/{}", "/{}/", "/{}?", "/{}/?list-type=2"])
def test_a_bucket_is_named_with_or_without_a_slash(http: Caller, filled: str, target: str) -> None:
    assert http.ask("GET", target.format(filled)).texts("Contents/Key") == [f"{filled}/k", "k"]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a%20b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("/lead", "/lead"),
        ("//", "//"),
        ("a//b", "a//b"),
        ("a/", "a/"),
        ("a/../b", "a/../b"),
        ("a/%2e%2e/b", "a/../b"),
        ("%C3%BC", "ü"),
        ("%E2%82%AC%F0%9F%98%80", "€😀"),
        ("a;b=c,d@e:f$g!h'(i)*~_-.", "a;b=c,d@e:f$g!h'(i)*~_-."),
        ("a%3Fb%23c%26d", "a?b#c&d"),
    ],
)
def test_a_path_is_a_key_as_it_stands(http: Caller, s3: Any, bucket: str, path: str, key: str) -> None:
    assert http.ask("PUT", f"/{bucket}/{path}", body=b"text").status == 200
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert read(s3, bucket, key) == b"text"
    host = {"Host": f"{bucket}.s3.localhost:{http.port}"}
    assert http.ask("GET", f"/{path}", headers=host).body == b"text"
    assert http.ask("DELETE", f"/{bucket}/{path}").status == 204


def test_unknown_parameters_change_nothing(http: Caller, filled: str) -> None:
    answer = http.ask("GET", f"/{filled}/k?x-id=GetObject&x=1&utm_source=mail")
    assert answer.body == b"text"


@pytest.mark.parametrize("path", ["%zz", "%", "%E2%82", "%FF", "a%"])
def test_a_path_that_is_no_text_is_refused(http: Caller, s3: Any, bucket: str, path: str) -> None:
    answer = http.send("PUT", f"/{bucket}/{path}", body=b"x", headers=http.sign("PUT", f"/{bucket}/k", body=b"x"))
    assert answer.status in {400, 403}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_bucket_that_cannot_be_is_not_found(http: Caller) -> None:
    for name in ("ab", "Not_A_Name", "x" * 300):
        answer = http.ask("GET", f"/{name}")
        assert answer.status in {400, 404}
        assert answer.error["Code"] in {"InvalidBucketName", "NoSuchBucket"}
