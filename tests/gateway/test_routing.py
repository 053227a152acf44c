"""Every request that botocore writes for any operation of any service finds that operation again."""

import random
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer

from fogstead.gateway.http1 import Head
from fogstead.gateway.routing import Router, signing_service
from fogstead.kernel.errors import InvalidAction, ServiceError, UnknownOperation
from fogstead.model.standard import standard_models
from gateway.botocore_client import botocore_model, header_text, labels_of

SAMPLED = 24
ALWAYS = ("sqs", "sts", "s3", "dynamodb", "ec2", "cloudwatch", "elbv2", "iot", "lambda", "apigateway")
NAMES = standard_models().names()
BOTOCORE_PROTOCOLS = ("json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor")

# Services that share a signing name, and on one port the paths or actions of some requests too: nothing but the host
# would say which is meant, so the second answers for the first.
SAME_ON_THE_WIRE = {
    "bedrock-agent-runtime": {"bedrock-agent"},
    "bedrock-data-automation": {"bedrock"},
    "chime-sdk-media-pipelines": {"chime-sdk-identity"},
    "chime-sdk-meetings": {"chime-sdk-identity"},
    "chime-sdk-messaging": {"chime-sdk-identity"},
    "chime-sdk-voice": {"chime", "chime-sdk-identity"},
    "docdb": {"rds"},
    "greengrassv2": {"greengrass"},
    "ivs-realtime": {"ivs"},
    "lambda-microvms": {"lambda"},
    "lex-models": {"lexv2-models"},
    "neptune": {"rds"},
    "pinpoint-sms-voice": {"sms-voice"},
    "qconnect": {"wisdom"},
    "signer-data": {"signer"},
    "timestream-write": {"timestream-query"},
}
# The same within one service: operations that their successors have replaced, and one that has a host of its own.
REPLACED = {
    "s3.GetBucketLifecycle": "s3.GetBucketLifecycleConfiguration",
    "s3.GetBucketNotification": "s3.GetBucketNotificationConfiguration",
    "s3.PutBucketLifecycle": "s3.PutBucketLifecycleConfiguration",
    "s3.PutBucketNotification": "s3.PutBucketNotificationConfiguration",
    "s3.ListDirectoryBuckets": "s3.ListBuckets",
}


@cache
def router() -> Router:
    return Router(standard_models())


def least(shape: Any, seen: tuple[str, ...] = ()) -> Any:
    """The smallest value a shape can have; labels get text that must be escaped."""
    if shape.type_name == "structure":
        if shape.name in seen:
            return {}
        required = list(shape.required_members)
        if getattr(shape, "is_tagged_union", False) and not required:
            required = list(shape.members)[:1]
        return {name: least(shape.members[name], (*seen, shape.name)) for name in required}
    if shape.type_name == "list":
        return [least(shape.member, seen)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "text"
    if shape.type_name in {"integer", "long", "float", "double"}:
        return 7
    if shape.type_name == "boolean":
        return True
    return b"bytes" if shape.type_name == "blob" else "2026-01-02T03:04:05Z"


def asked(model: OperationModel) -> dict[str, Any]:
    shape = model.input_shape
    if shape is None:
        return {}
    given = least(shape)
    for name, member in shape.members.items():
        if member.serialization.get("location") == "uri" and member.type_name == "string" and not member.enum:
            given[name] = f"{name} a+b:ü/%"
    return given  # type: ignore[no-any-return]


def written(operation: OperationModel, protocol: str, signing_name: str) -> tuple[Head, bytes]:
    """The request as it arrives, as far as routing reads it."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(asked(operation), operation)
    serialized.pop("host_prefix", None)
    prepare_request_dict(serialized, "http://localhost:4566", {})
    url, body = urlsplit(serialized["url"]), serialized["body"]
    if isinstance(body, Mapping):
        body = urlencode(body, doseq=True)
    body = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = {name.lower(): header_text(value) for name, value in serialized["headers"].items()}
    headers["host"] = "localhost:4566"
    scope = f"test/20260102/us-east-1/{signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=ab"
    return Head(serialized["method"], url.path + (f"?{url.query}" if url.query else ""), headers, minor=1), body


def faults_of(name: str) -> list[str]:
    """What of one service is routed wrongly, as sentences."""
    model = standard_models().load(name)
    faults = []
    for protocol in model.protocols:
        if protocol not in BOTOCORE_PROTOCOLS:
            continue
        theirs = botocore_model(model, protocol)
        for operation_name in model.operation_names:
            operation = theirs.operation_model(operation_name)
            fault = fault_of(name, operation, protocol, theirs)
            if fault:
                faults.append(f"{name}.{operation_name} ({protocol}): {fault}")
    return faults


def fault_of(name: str, operation: OperationModel, protocol: str, theirs: ServiceModel) -> str:
    head, body = written(operation, protocol, theirs.signing_name)
    try:
        route = router().route(head, body)
    except ServiceError as error:
        return f"{type(error).__name__} for {head.method} {head.target[:80]}"
    found = (route.model.name, route.operation.name)
    if found != (name, operation.name):
        replaced = REPLACED.get(f"{name}.{operation.name}") == ".".join(found)
        if replaced or route.model.name in SAME_ON_THE_WIRE.get(name, ()):
            return ""
        return f"taken for {'.'.join(found)}: {head.method} {head.target[:80]}"
    if route.protocol != protocol:
        return f"taken for {route.protocol}"
    if protocol.startswith("rest"):
        wanted = labels_of(route.operation.uri, head.path)
        if wanted != route.labels:
            return f"labels {dict(route.labels)} instead of {wanted}"
    return ""


def chosen_names(seed: int) -> list[str]:
    others = [name for name in NAMES if name not in ALWAYS]
    return sorted([*ALWAYS, *random.Random(seed).sample(others, SAMPLED)])


def head_of(method: str, target: str, **headers: str) -> Head:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(method, target, {"host": "localhost:4566", **lines}, minor=1)


def routed(head: Head, body: bytes = b"") -> str:
    route = router().route(head, body)
    return f"{route.model.name}.{route.operation.name}"


def test_requests_of_a_sample_of_services_find_their_operations() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    faults = [fault for name in chosen_names(seed) for fault in faults_of(name)]
    assert not faults, "\n".join(faults)


def test_what_nothing_names_is_for_s3() -> None:
    assert routed(head_of("GET", "/")) == "s3.ListBuckets"
    assert routed(head_of("GET", "/bucket/a/b%2Fc?x=y")) == "s3.GetObject"
    assert router().route(head_of("GET", "/bucket/a/b%2Fc"), b"").labels == {"Bucket": "bucket", "Key": "a/b/c"}


def test_an_unsigned_request_is_told_by_its_target_its_version_or_its_host() -> None:
    assert routed(head_of("POST", "/", x_amz_target="AmazonSQS.SendMessage")) == "sqs.SendMessage"
    form = {"content_type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert routed(head_of("POST", "/", **form), body) == "sts.GetCallerIdentity"
    assert routed(head_of("GET", f"/?{body.decode()}")) == "sts.GetCallerIdentity"
    assert routed(head_of("GET", "/?Action=ListQueues", host="sqs.us-east-1.amazonaws.com")) == "sqs.ListQueues"


def test_a_required_header_tells_operations_on_one_path_apart() -> None:
    assert routed(head_of("PUT", "/bucket/key")) == "s3.PutObject"
    assert routed(head_of("PUT", "/bucket/key", x_amz_copy_source="/other/key")) == "s3.CopyObject"
    assert routed(head_of("GET", "/bucket/key?attributes", x_amz_object_attributes="ETag")) == "s3.GetObjectAttributes"


def test_an_operation_is_found_though_something_it_requires_is_missing() -> None:
    """It is for the operation to say what is missing."""
    scope = "AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/rum/aws4_request, SignedHeaders=host, Signature=ab"
    assert routed(head_of("DELETE", "/tags/arn", authorization=scope)) == "rum.UntagResource"


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        (head_of("POST", "/", x_amz_target="AmazonSQS.Nothing"), UnknownOperation),
        (head_of("POST", "/?Action=Nothing&Version=2011-06-15", host="sts.amazonaws.com"), InvalidAction),
        (head_of("POST", "/", host="sts.amazonaws.com"), InvalidAction),
        (head_of("PATCH", "/bucket/key"), UnknownOperation),
        (head_of("POST", "/service/AmazonSQS/operation/Nothing", smithy_protocol="rpc-v2-cbor"), UnknownOperation),
    ],
)
def test_what_no_service_knows_is_refused(head: Head, refusal: type[ServiceError]) -> None:
    with pytest.raises(refusal):
        router().route(head, b"")


def test_the_service_in_a_scope_is_read_from_the_header_or_the_query() -> None:
    scope = "Credential=a/b/20260102/us-east-1/{}/aws4_request"
    signed = head_of("GET", "/", authorization=f"AWS4-HMAC-SHA256 {scope.format('sns')}, SignedHeaders=host")
    assert signing_service(signed) == "sns"
    assert signing_service(head_of("GET", f"/?X-Amz-{scope.format('sqs').replace('/', '%2F')}")) == "sqs"
    assert signing_service(head_of("GET", "/")) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_requests_of_every_service_find_their_operations(name: str) -> None:
    faults = faults_of(name)
    assert not faults, "\n".join(faults)


# --------------------------------------------------------------------------- S3, which takes what nothing else does
def s3_scope(service: str = "s3") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=test/20260102/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=a"
    )


@pytest.mark.parametrize(
    ("method", "target", "operation", "labels"),
    [
        ("GET", "/", "ListObjects", {"Bucket": "b"}),
        ("GET", "/?list-type=2", "ListObjectsV2", {"Bucket": "b"}),
        ("PUT", "/", "CreateBucket", {"Bucket": "b"}),
        ("GET", "/key", "GetObject", {"Bucket": "b", "Key": "key"}),
        ("GET", "/a/b//c/", "GetObject", {"Bucket": "b", "Key": "a/b//c/"}),
        ("PUT", "/key?partNumber=1&uploadId=u", "UploadPart", {"Bucket": "b", "Key": "key"}),
        ("POST", "/", "PostObject", {"Bucket": "b"}),
        ("POST", "/?delete", "DeleteObjects", {"Bucket": "b"}),
        ("HEAD", "/", "HeadBucket", {"Bucket": "b"}),
    ],
)
def test_a_bucket_in_the_host_stands_before_the_path(
    method: str, target: str, operation: str, labels: dict[str, str]
) -> None:
    for signed_for in ("", "s3"):
        headers = {"authorization": s3_scope()} if signed_for else {}
        found = router().route(head_of(method, target, **headers), b"", signed_for or None, "b")
        assert (found.model.name, found.operation.name, dict(found.labels)) == ("s3", operation, labels)
    within = router().route(head_of(method, f"/b{target}"), b"")
    assert (within.operation.name, dict(within.labels)) == (operation, labels)


def test_a_bucket_in_the_host_means_nothing_to_other_services() -> None:
    target = head_of("POST", "/", x_amz_target="AmazonSQS.SendMessage")
    assert router().route(target, b"", None, "bucket").operation.name == "SendMessage"
    form = head_of("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert router().route(form, b"", None, "bucket").operation.name == "GetCallerIdentity"
    rest = head_of("GET", "/2015-03-31/functions/f", authorization=s3_scope("lambda"))
    assert router().route(rest, b"", None, "bucket").operation.name == "GetFunction"


@pytest.mark.parametrize(
    ("head", "is_s3s"),
    [
        (head_of("GET", "/"), True),
        (head_of("PUT", "/bucket/key"), True),
        (head_of("PUT", "/bucket/key", authorization=s3_scope()), True),
        (head_of("GET", "/bucket/key?X-Amz-Credential=a%2F20260102%2Fus-east-1%2Fs3%2Faws4_request"), True),
        (head_of("GET", "/bucket/key?Action=x&Version=2006-03-01"), True),
        (head_of("GET", "/", host="bucket.s3.localhost"), True),
        (head_of("PUT", "/bucket/key", authorization=s3_scope("sqs")), False),
        (head_of("POST", "/", x_amz_target="AmazonSQS.SendMessage"), False),
        (head_of("POST", "/", x_amz_target="Unheard.Of"), False),
        (head_of("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"), False),
        (head_of("POST", "/service/AmazonSQS/operation/ListQueues"), False),
        (head_of("GET", "/", host="sqs.us-east-1.localhost"), False),
        (head_of("GET", "/v20180820/accesspoint", authorization=s3_scope(), host="s3-control.localhost"), False),
    ],
)
def test_it_is_known_from_the_head_whether_a_request_may_be_s3s(head: Head, is_s3s: bool) -> None:
    assert router().is_default(head) is is_s3s


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "SERVICE"), ("/bucket", "BUCKET"), ("/bucket/", "BUCKET"), ("/bucket/key", "OBJECT")]
)
def test_a_method_that_nothing_knows_is_refused_with_what_it_was_for(path: str, kind: str) -> None:
    with pytest.raises(UnknownOperation) as refused:
        router().route(head_of("PATCH", path), b"")
    assert refused.value.members == {"Method": "PATCH", "ResourceType": kind}


@pytest.mark.parametrize(
    "target", ["/bucket/key?x=y", "/bucket/key?%", "/bucket/key?&&", "/bucket/key?=", "/bucket/key?"]
)
def test_parameters_that_nobody_knows_choose_no_other_operation(target: str) -> None:
    assert routed(head_of("GET", target)) == "s3.GetObject"
    assert routed(head_of("PUT", target)) == "s3.PutObject"
