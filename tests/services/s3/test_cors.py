"""Pages of other origins: which rules are taken, what preflights and actual requests are answered."""

from __future__ import annotations

from typing import Any

import pytest

from .access import allow, denied, put, refused, set_policy
from .http_calls import Answer, Caller

PAGE = "https://page.example"
RULE = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [PAGE]}


def set_rules(s3: Any, bucket: str, *rules: dict[str, Any]) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})


def preflight(http: Caller, target: str, origin: str | None = PAGE, method: str | None = "GET", **more: str) -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    headers["Access-Control-Request-Headers"] = more.pop("asks", None)
    sent = {name: value for name, value in headers.items() if value is not None}
    return http.send("OPTIONS", target, headers={**sent, **more})


def listed(answer: Answer, name: str) -> set[str]:
    return {part.strip() for part in (answer.headers.get(name) or "").split(",") if part.strip()}


@pytest.fixture
def readable(s3: Any, open_bucket: str) -> str:
    """A bucket whose objects everyone may read, with one, and a rule for one page."""
    put(s3, open_bucket, "k", body=b"text")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject"))
    set_rules(s3, open_bucket, {**RULE, "ExposeHeaders": ["ETag", "x-amz-request-id"], "MaxAgeSeconds": 600})
    return open_bucket


# --------------------------------------------------------------------------- rules
def test_rules_are_shown_as_they_were_put_and_deleted(s3: Any, bucket: str) -> None:
    rules = [
        {
            "ID": "first",
            "AllowedHeaders": ["*"],
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedOrigins": ["http://*.a.example", "https://b.example"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 0,
        },
        RULE,
    ]
    set_rules(s3, bucket, *rules)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    set_rules(s3, bucket, RULE)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
    s3.delete_bucket_cors(Bucket=bucket)
    with refused("NoSuchCORSConfiguration", "The CORS configuration does not exist"):
        s3.get_bucket_cors(Bucket=bucket)


@pytest.mark.parametrize(
    ("rule", "code", "text"),
    [
        ({"AllowedMethods": ["PATCH"]}, "InvalidRequest", "PATCH"),
        ({"AllowedMethods": ["get"]}, "InvalidRequest", "get"),
        ({"AllowedMethods": []}, "MalformedXML", ""),
        ({"AllowedOrigins": []}, "MalformedXML", ""),
        ({"AllowedOrigins": ["http://*.*.example"]}, "InvalidRequest", "more than one wildcard"),
        ({"AllowedHeaders": ["x-*-*"]}, "InvalidRequest", "more than one wildcard"),
        ({"ExposeHeaders": ["x-*"]}, "InvalidRequest", "wildcard"),
    ],
)
def test_rules_that_mean_nothing_are_refused(s3: Any, bucket: str, rule: Any, code: str, text: str) -> None:
    with refused(code, text, status=400):
        set_rules(s3, bucket, RULE, {**RULE, **rule})
    with refused("NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=bucket)


def test_there_are_at_most_a_hundred_rules_and_at_least_one(s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, *[RULE] * 100)
    with refused("InvalidRequest", "100", status=400):
        set_rules(s3, bucket, *[RULE] * 101)
    with refused("MalformedXML", status=400):
        set_rules(s3, bucket)
    assert len(s3.get_bucket_cors(Bucket=bucket)["CORSRules"]) == 100


# --------------------------------------------------------------------------- preflights
def test_a_preflight_needs_no_signature_and_no_object(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, {**RULE, "MaxAgeSeconds": 600, "ExposeHeaders": ["ETag"], "AllowedHeaders": ["*"]})
    for target in (f"/{bucket}", f"/{bucket}/", f"/{bucket}/none", f"/{bucket}/a/b?partNumber=1&uploadId=x"):
        answer = preflight(http, target, method="PUT", asks="Content-Type, X-Amz-Date")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert listed(answer, "Access-Control-Allow-Methods") == {"GET", "PUT"}
        assert {name.lower() for name in listed(answer, "Access-Control-Allow-Headers")} == {
            "content-type",
            "x-amz-date",
        }
        assert listed(answer, "Access-Control-Expose-Headers") == {"ETag"}
        assert answer.headers["Access-Control-Max-Age"] == "600"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert listed(answer, "Vary") == {
            "Origin",
            "Access-Control-Request-Headers",
            "Access-Control-Request-Method",
        }


def test_a_rule_for_every_origin_names_none(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, {**RULE, "AllowedOrigins": ["*"]})
    answer = preflight(http, f"/{bucket}/k")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Credentials"] is None
    assert answer.headers["Access-Control-Max-Age"] is None


@pytest.mark.parametrize(
    ("allowed", "origin", "good"),
    [
        ("https://page.example", "https://page.example", True),
        ("https://page.example", "http://page.example", False),
        ("https://page.example", "https://page.example:8443", False),
        ("https://page.example", "https://page.example.evil", False),
        ("https://*.example", "https://a.example", True),
        ("https://*.example", "https://a.b.example", True),
        ("https://*.example", "https://a.example.evil", False),
        ("https://*.example", "https://example", False),
        ("*://page.example", "http://page.example", True),
        ("null", "null", True),
    ],
)
def test_an_origin_matches_as_a_whole_with_at_most_one_wildcard(
    http: Caller, s3: Any, bucket: str, allowed: str, origin: str, good: bool
) -> None:
    set_rules(s3, bucket, {**RULE, "AllowedOrigins": [allowed]})
    answer = preflight(http, f"/{bucket}/k", origin=origin)
    if good:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
    else:
        assert answer.said == (403, "AccessForbidden")
        assert answer.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    ("allowed", "asks", "good"),
    [
        ([], "x-amz-date", False),
        (["*"], "x-amz-date, authorization", True),
        (["X-Amz-*"], "x-amz-date, x-amz-content-sha256", True),
        (["X-Amz-*"], "x-amz-date, authorization", False),
        (["Authorization", "x-amz-*"], "authorization,x-amz-date", True),
        (["x-*-end"], "x-amz-end", True),
        (["x-*-end"], "x-amz-end-not", False),
    ],
)
def test_every_header_that_is_asked_for_must_be_allowed(
    http: Caller, s3: Any, bucket: str, allowed: list[str], asks: str, good: bool
) -> None:
    set_rules(s3, bucket, {**RULE, "AllowedHeaders": allowed} if allowed else RULE)
    answer = preflight(http, f"/{bucket}/k", asks=asks)
    assert answer.status == (200 if good else 403)


def test_the_first_rule_that_fits_answers(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(
        s3,
        bucket,
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example"], "MaxAgeSeconds": 1},
        {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [PAGE], "MaxAgeSeconds": 2},
        {"AllowedMethods": ["DELETE"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 3},
    )
    for method, age in (("GET", "1"), ("PUT", "2"), ("DELETE", "3")):
        assert preflight(http, f"/{bucket}/k", method=method).headers["Access-Control-Max-Age"] == age
    assert preflight(http, f"/{bucket}/k", method="HEAD").status == 403


def test_a_preflight_without_rules_is_forbidden(http: Caller, bucket: str) -> None:
    answer = preflight(http, f"/{bucket}/k")
    assert answer.said == (403, "AccessForbidden")
    assert "CORS is not enabled for this bucket" in answer.error["Message"]


def test_a_preflight_that_no_rule_fits_is_forbidden(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, RULE)
    answer = preflight(http, f"/{bucket}/k", method="DELETE")
    assert answer.said == (403, "AccessForbidden")
    assert "This CORS request is not allowed" in answer.error["Message"]


def test_a_preflight_says_origin_and_method(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, RULE)
    answer = preflight(http, f"/{bucket}/k", origin=None)
    assert answer.said == (400, "BadRequest")
    assert "Origin request header needed" in answer.error["Message"]
    answer = preflight(http, f"/{bucket}/k", method=None)
    assert answer.said == (400, "BadRequest")
    assert "Invalid Access-Control-Request-Method" in answer.error["Message"]
    assert preflight(http, f"/{bucket}/k", method="FLY").status in {400, 403}


def test_a_preflight_for_a_missing_bucket_allows_nothing(http: Caller, account: str) -> None:
    answer = preflight(http, f"/none-{account}/k")
    assert answer.status in {403, 404}
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_a_preflight_may_name_the_bucket_by_its_host(http: Caller, s3: Any, bucket: str) -> None:
    set_rules(s3, bucket, RULE)
    answer = preflight(http, "/k", Host=f"{bucket}.s3.localhost:{http.port}")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, PAGE)


# --------------------------------------------------------------------------- actual requests
def test_an_actual_request_is_answered_with_the_rules_headers(http: Caller, readable: str) -> None:
    answer = http.send("GET", f"/{readable}/k", headers={"Origin": PAGE})
    assert (answer.status, answer.body) == (200, b"text")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert listed(answer, "Access-Control-Expose-Headers") == {"ETag", "x-amz-request-id"}
    assert "Origin" in listed(answer, "Vary")


def test_a_signed_request_of_a_page_works_as_well(http: Caller, s3: Any, readable: str) -> None:
    answer = http.ask("PUT", f"/{readable}/new", body=b"from a page", headers={"Origin": PAGE})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    assert s3.get_object(Bucket=readable, Key="new")["Body"].read() == b"from a page"


def test_refusals_can_be_read_by_the_page_too(http: Caller, readable: str) -> None:
    for target in (f"/{readable}/none", f"/{readable}?acl"):
        answer = http.send("GET", target, headers={"Origin": PAGE})
        assert answer.status == 403
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_page_that_no_rule_fits_reads_nothing(http: Caller, readable: str, headers: dict[str, str]) -> None:
    answer = http.send("GET", f"/{readable}/k", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] is None
    answer = http.ask("DELETE", f"/{readable}/k", headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_without_an_origin_there_are_no_headers_for_pages(http: Caller, readable: str) -> None:
    answer = http.send("GET", f"/{readable}/k")
    assert answer.status == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_rules_give_no_permission(http: Caller, s3: Any, bucket: str, anonymous: Any) -> None:
    put(s3, bucket, "k")
    set_rules(s3, bucket, {**RULE, "AllowedOrigins": ["*"]})
    assert http.send("GET", f"/{bucket}/k", headers={"Origin": PAGE}).said == (403, "AccessDenied")
    with denied():
        anonymous.get_object(Bucket=bucket, Key="k")
