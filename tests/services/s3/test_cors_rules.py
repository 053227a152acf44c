"""CORS configurations that S3 takes and refuses, and the headers that their rules give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import ServiceError
from fogstead.services.s3 import cors_rules
from fogstead.services.s3.cors_rules import CorsRule
from fogstead.services.s3.service import AccessForbidden, BadRequest, InvalidArgument, InvalidRequest, MalformedXML

SITE = "https://app.example.com"


def rule(**said: Any) -> dict[str, Any]:
    return {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], **said}


def refusal(*rules: dict[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        cors_rules.checked({"CORSRules": list(rules)})
    return refused.value


# ------------------------------------------------------------- configurations
def test_what_was_put_is_shown() -> None:
    full = {
        "ID": "one",
        "AllowedHeaders": ["x-amz-*"],
        "AllowedMethods": ["PUT", "POST"],
        "AllowedOrigins": ["https://*.example.com"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 0,
    }
    assert cors_rules.shown(cors_rules.checked({"CORSRules": [full, rule()]})) == [full, rule()]


@pytest.mark.parametrize(
    "broken",
    [
        {"AllowedOrigins": ["*"]},
        {"AllowedMethods": ["GET"]},
        rule(AllowedMethods=[]),
        rule(AllowedOrigins=[]),
        rule(AllowedOrigins=[""]),
    ],
)
def test_a_rule_has_a_method_and_an_origin(broken: dict[str, Any]) -> None:
    assert isinstance(refusal(broken), MalformedXML)


def test_a_configuration_has_one_to_a_hundred_rules() -> None:
    assert isinstance(refusal(), MalformedXML)
    with pytest.raises(MalformedXML):
        cors_rules.checked({})
    assert len(cors_rules.checked({"CORSRules": [rule()] * 100})) == 100
    assert isinstance(refusal(*[rule()] * 101), InvalidRequest)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"AllowedMethods": ["GET", "PATCH"]},
         "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"),
        ({"AllowedMethods": ["get"]}, "Found unsupported HTTP method in CORS config. Unsupported method is get"),
        ({"AllowedMethods": ["*"]}, "Found unsupported HTTP method in CORS config. Unsupported method is *"),
        ({"AllowedOrigins": ["*example*.com"]}, 'AllowedOrigin "*example*.com" can not have more than one wildcard.'),
        ({"AllowedHeaders": ["*a*"]}, 'AllowedHeader "*a*" can not have more than one wildcard.'),
        ({"ExposeHeaders": ["*"]},
         'ExposeHeader "*" contains wildcard. We currently do not support wildcard for ExposeHeader.'),
        ({"ExposeHeaders": ["a b"]}, 'AllowedHeader "a b" contains invalid character.'),
    ],
)  # fmt: skip
def test_a_rule_is_refused_with_its_reason(said: dict[str, Any], sentence: str) -> None:
    refused = refusal(rule(), rule(**said))
    assert (type(refused), refused.message) == (InvalidRequest, sentence)


def test_an_id_has_at_most_255_signs() -> None:
    cors_rules.checked({"CORSRules": [rule(ID="i" * 255)]})
    assert isinstance(refusal(rule(ID="i" * 256)), InvalidArgument)


# ------------------------------------------------------------- requests
def test_any_origin_is_answered_with_a_star_and_without_credentials() -> None:
    assert cors_rules.match([CorsRule(("GET", "HEAD"), ("*",), max_age=0)], SITE, "GET") == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Max-Age": "0",
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


def test_a_named_origin_is_answered_by_name_with_all_that_the_rule_says() -> None:
    one = CorsRule(("PUT",), ("https://*.example.com",), ("*",), ("ETag", "x-amz-id-2"), 3000)
    assert cors_rules.match([one], SITE, "PUT", ["Content-Type", "X-Amz-Meta-A"]) == {
        "Access-Control-Allow-Origin": SITE,
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "content-type, x-amz-meta-a",
        "Access-Control-Expose-Headers": "ETag, x-amz-id-2",
        "Access-Control-Max-Age": "3000",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (SITE, True),
        ("https://*", True),
        ("*.example.com", True),
        ("https://app.*.com", True),
        ("https://app.example.com*", True),
        ("http://*", False),
        ("https://app.example.com:*", False),
        ("https://app.example.com/", False),
        ("HTTPS://APP.EXAMPLE.COM", False),
        ("https://app.example.c*example.com", False),
        ("", False),
    ],
)
def test_an_origin_fits_a_pattern(pattern: str, fits: bool) -> None:
    assert (cors_rules.match([CorsRule(("GET",), (pattern,))], SITE, "GET") is not None) is fits


@pytest.mark.parametrize(
    ("allowed", "asked", "fits"),
    [
        ((), (), True),
        ((), ("a",), False),
        (("*",), ("a", "b"), True),
        (("X-Amz-*",), ("x-amz-meta-a",), True),
        (("X-Amz-*",), ("x-amz-meta-a", "content-type"), False),
        (("content-type",), ("Content-Type",), True),
    ],
)
def test_every_header_that_is_asked_for_is_allowed(
    allowed: tuple[str, ...], asked: tuple[str, ...], fits: bool
) -> None:
    assert (cors_rules.match([CorsRule(("GET",), ("*",), allowed)], SITE, "GET", asked) is not None) is fits


def test_the_first_rule_that_fits_speaks() -> None:
    rules = [
        CorsRule(("PUT",), (SITE,), max_age=1),
        CorsRule(("GET",), ("https://other.example.com",), max_age=2),
        CorsRule(("GET",), (SITE,), max_age=3),
        CorsRule(("GET",), ("*",), max_age=4),
    ]
    found = cors_rules.match(rules, SITE, "GET")
    assert found is not None
    assert found["Access-Control-Max-Age"] == "3"
    assert cors_rules.match(rules, SITE, "DELETE") is None


# ------------------------------------------------------------- preflights
ASKING = {"origin": SITE, "access-control-request-method": "PUT"}
RULES = (CorsRule(("PUT",), (SITE,), ("content-type",)),)


def test_a_preflight_is_answered() -> None:
    found = cors_rules.preflight(RULES, {**ASKING, "access-control-request-headers": " Content-Type ,"}, "OBJECT")
    assert found["Access-Control-Allow-Headers"] == "content-type"


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "Insufficient information. Origin request header needed."),
        ({"origin": SITE}, "Invalid Access-Control-Request-Method: null"),
        ({"origin": SITE, "access-control-request-method": "PATCH"}, "Invalid Access-Control-Request-Method: PATCH"),
    ],
)
def test_a_preflight_that_says_too_little_is_a_bad_request(headers: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        cors_rules.preflight(RULES, headers, "OBJECT")
    assert refused.value.message == sentence


def test_a_preflight_that_no_rule_allows_is_forbidden() -> None:
    with pytest.raises(AccessForbidden, match="This CORS request is not allowed") as refused:
        cors_rules.preflight(RULES, {**ASKING, "access-control-request-headers": "x-other"}, "BUCKET")
    assert refused.value.members == {"Method": "PUT", "ResourceType": "BUCKET"}
    with pytest.raises(AccessForbidden, match="CORS is not enabled for this bucket"):
        cors_rules.preflight(None, ASKING, "OBJECT")


def test_an_actual_request_has_headers_added_where_a_rule_fits() -> None:
    assert cors_rules.for_answer(RULES, {"origin": SITE}, "PUT")["Access-Control-Allow-Origin"] == SITE
    assert cors_rules.for_answer(RULES, {"origin": SITE}, "GET") == {}
    assert cors_rules.for_answer(RULES, {}, "PUT") == {}
    assert cors_rules.for_answer(None, {"origin": SITE}, "PUT") == {}


@given(st.text("ab*.", max_size=8).filter(lambda text: text.count("*") <= 1), st.text("ab.", max_size=8))
def test_a_pattern_fits_what_can_be_cut_out_of_its_star(pattern: str, value: str) -> None:
    head, star, tail = pattern.partition("*")
    wanted = value == pattern or (
        star and any(value == head + value[i:j] + tail for i in range(9) for j in range(i, 9))
    )
    found = cors_rules.match([CorsRule(("GET",), (pattern,))], value, "GET")
    assert (found is not None) == bool(wanted)
