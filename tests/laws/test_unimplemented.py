"""What is not implemented answers 501 in its own protocol and by its name; what AWS has not, AWS's error."""

from __future__ import annotations

import datetime as dt
import http.client
import os
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore
import botocore.exceptions
import botocore.session
import pytest
from botocore.config import Config

from cloud import CloudProcess
from fogstead.model.standard import standard_models
from laws.exceptions import UNANSWERED, UNASKABLE
from laws.law import services
from laws.shapes_of_inputs import made_up
from laws.wire import Caller

SAMPLED_SERVICES, SAMPLED_OPERATIONS = 16, 6
_CONFIG = Config(
    parameter_validation=False,
    inject_host_prefix=False,
    retries={"max_attempts": 0},
    s3={"addressing_style": "path"},
)
# Bearer tokens and SigV4A need more than a key; version 2 is gone; unsigned requests name their service by host alone.
_OTHER_SIGNATURES = {"bearer", "v4a", "v2", "none", botocore.UNSIGNED}
IMPLEMENTED = {service.name: set(service.operations) for service in services()}
OTHERS = [name for name in standard_models().names() if name not in IMPLEMENTED]


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(cloud: CloudProcess, service: str) -> Any:
    return _session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=cloud.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=_CONFIG,
    )


def _askable(client: Any) -> Iterator[str]:
    """Operations that botocore can ask for over HTTP/1.1 with a signature of version 4."""
    model = client.meta.service_model
    for name in model.operation_names:
        operation = model.operation_model(name)
        two_way = operation.has_event_stream_input
        signature = operation.auth_type or client.meta.config.signature_version
        service = model.service_name
        known = name in IMPLEMENTED.get(service, ()) or UNASKABLE.keys() & {(service, name), (service, "*")}
        if not known and not two_way and signature not in _OTHER_SIGNATURES:
            yield name


def _fault(client: Any, name: str) -> str:
    """What is wrong with the answer to an unimplemented operation, or nothing."""
    operation = client.meta.service_model.operation_model(name)
    given = made_up(operation.input_shape) if operation.input_shape else {}
    try:
        answer = client._make_api_call(name, given)
    except botocore.exceptions.ClientError as error:
        answer = error.response
    except Exception as error:  # noqa: BLE001 - whatever botocore says of it is the finding
        return f"{type(error).__name__}: {error}"
    status, said = answer["ResponseMetadata"]["HTTPStatusCode"], answer.get("Error", {})
    if operation.http["method"] == "HEAD":
        return "" if status == 501 else f"{status}"
    # Families such as RDS, Neptune and DocumentDB share requests to the byte, so the service's name may be a sibling's.
    named = said.get("Message", "").startswith(f"{name} of ")
    if status == 501 and said.get("Code") == "NotImplemented" and named:
        return ""
    return f"{status} {said}"


def _faults(client: Any, names: list[str]) -> dict[str, str]:
    found = {name: _fault(client, name) for name in names}
    return {name: fault for name, fault in found.items() if fault}


@pytest.mark.parametrize("service", sorted(IMPLEMENTED))
def test_the_missing_operations_of_an_implemented_service_answer_501(cloud: CloudProcess, service: str) -> None:
    client = _client(cloud, service)
    assert _faults(client, list(_askable(client))) == {}


def test_operations_of_other_services_answer_501_in_their_own_protocol(cloud: CloudProcess) -> None:
    seed = os.environ.get("FOGSTEAD_SEED") or dt.datetime.now(dt.UTC).date().isoformat()
    print(f"FOGSTEAD_SEED={seed}")  # noqa: T201 - to run the same sample again
    chance = random.Random(seed)
    for service in chance.sample([name for name in OTHERS if name not in UNANSWERED], SAMPLED_SERVICES):
        client = _client(cloud, service)
        names = list(_askable(client))
        assert _faults(client, chance.sample(names, min(len(names), SAMPLED_OPERATIONS))) == {}, f"{service}, {seed=}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "service",
    [
        pytest.param(
            name, marks=[pytest.mark.xfail(reason=UNANSWERED[name], strict=True)] if name in UNANSWERED else []
        )
        for name in OTHERS
    ],
)
def test_every_operation_of_another_service_answers_501_in_its_own_protocol(cloud: CloudProcess, service: str) -> None:
    client = _client(cloud, service)
    assert _faults(client, list(_askable(client))) == {}


@pytest.mark.parametrize("service", sorted(IMPLEMENTED))
def test_an_operation_that_aws_has_not_answers_aws_s_error(owner: Caller, service: str) -> None:
    model = standard_models().load(service)
    for protocol in model.protocols:
        if protocol == "rest-xml":
            headers, body, wanted = {}, "", (405, b"MethodNotAllowed")
        elif protocol in {"query", "ec2"}:
            kind = "application/x-www-form-urlencoded"
            headers, body = {"Content-Type": kind}, f"Action=MakeCoffee&Version={model.api_version}"
            wanted = (400, b"InvalidAction")
        else:
            target = f"{model.target_prefix}.MakeCoffee"
            headers, body = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}, "{}"
            wanted = (404, b"UnknownOperationException")
        connection = http.client.HTTPConnection("127.0.0.1", owner.cloud.port, timeout=30)
        scope = f"test/20260101/us-east-1/{model.signing_name}/aws4_request"
        signed = "SignedHeaders=host;x-amz-date, Signature=00"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, {signed}"
        headers["X-Amz-Date"] = "20260101T000000Z"
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status == wanted[0]
        assert wanted[1] in text
