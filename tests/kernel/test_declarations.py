"""Wrong declarations fail on import, with a sentence that says what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Resource
from fogstead.kernel.service import DeclarationError, Service, snake
from fogstead.kernel.tags import Tags, tag_operations
from fogstead.kernel.throttling import Rate
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.waiting import Again

if TYPE_CHECKING:
    from fogstead.shapes.secretsmanager import (
        CancelRotateSecretRequest,
        CancelRotateSecretResponse,
        CreateSecretRequest,
        CreateSecretResponse,
        DeleteSecretRequest,
        DeleteSecretResponse,
        GetSecretValueRequest,
        GetSecretValueResponse,
        ListSecretsRequest,
    )


def service(name: str = "secretsmanager") -> Service:
    return Service(name)


def refused(make: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(TypeError) as caught:
        make(*arguments, **named)
    return str(caught.value)


# --------------------------------------------------------------------------- services
def test_a_service_has_the_name_that_botocore_gives_it() -> None:
    assert refused(Service, "secrets") == "Service('secrets'): botocore knows no service of this name"
    assert refused(Service, "../sqs") == "Service('../sqs'): botocore knows no service of this name"


def test_a_service_takes_its_principal_and_arn_from_the_model_unless_told_otherwise() -> None:
    made = service()
    assert (made.principal, made.arn_service, made.signing_name) == (
        "secretsmanager.amazonaws.com",
        "secretsmanager",
        "secretsmanager",
    )
    other = Service("events", principal="bus.amazonaws.com", arn_service="bus")
    assert (other.principal, other.arn_service) == ("bus.amazonaws.com", "bus")


@pytest.mark.parametrize(
    ("name", "snaked"),
    [
        ("GetQueueUrl", "get_queue_url"),
        ("ListTagsForResource", "list_tags_for_resource"),
        ("CreateDBInstance", "create_db_instance"),
        ("ListObjectsV2", "list_objects_v2"),
        ("EnableMFADevice", "enable_mfa_device"),
    ],
)
def test_operations_are_written_in_snake_case(name: str, snaked: str) -> None:
    assert snake(name) == snaked


# --------------------------------------------------------------------------- errors
def test_an_error_that_the_model_does_not_have_is_refused_with_the_nearest_it_has() -> None:
    assert refused(service().error, "ResourceNotFound", "No.") == (
        "secretsmanager.error('ResourceNotFound'): the model has no such error; it has ResourceNotFoundException, "
        "ResourceExistsException, InvalidRequestException. "
        "Give status= for an error that AWS documents but does not model"
    )


def test_an_error_takes_its_status_from_the_model_or_from_its_declaration() -> None:
    secrets, functions, instances = service(), service("lambda"), service("ec2")

    assert secrets.error("ResourceNotFoundException", "No.").status == 400
    assert secrets.error("InternalServiceError", "Oh.").status == 500
    assert functions.error("ResourceNotFoundException", "No.").status == 404
    documented = secrets.error("AccessDeniedException", "No.", status=403)
    assert (documented.status, documented.modelled, documented.sender_fault) == (403, False, True)
    unmodelled = instances.error("InvalidInstanceID.NotFound", "No.")
    assert (unmodelled.status, unmodelled.modelled) == (400, False)


def test_a_declared_error_carries_its_own_sentence_or_a_better_one() -> None:
    error = service().error("ResourceNotFoundException", "Secrets Manager can't find it.")

    assert error().message == "Secrets Manager can't find it."
    assert error("Nor can I.", Colour="red").message == "Nor can I."
    assert error("Nor can I.", Colour="red").members == {"Colour": "red"}
    assert issubclass(error, ServiceError)


def test_quotas_and_metrics_stand_in_the_services_tables() -> None:
    made = service()
    quota = made.quota("Secrets", default=5, code="L-1")
    metric = made.metric("ResourceCount", unit="Count", by="Service")

    assert made.quotas == [quota]
    assert (quota.service, quota.name, quota.default, quota.code) == ("secretsmanager", "Secrets", 5, "L-1")
    assert made.metrics == [metric]


# --------------------------------------------------------------------------- operations
def test_a_function_that_is_no_operation_is_refused_with_the_nearest_names() -> None:
    def create_secrets(tx: Transaction, req: CreateSecretRequest) -> CreateSecretResponse: ...

    assert refused(service().operation(), create_secrets) == (
        "secretsmanager: create_secrets is no operation of the model; it has create_secret, rotate_secret, "
        "restore_secret"
    )


def test_a_name_that_is_like_no_operation_is_refused_with_the_first_names() -> None:
    def zzz(tx: Transaction, req: Any) -> None: ...

    assert refused(service().operation(), zzz) == (
        "secretsmanager: zzz is no operation of the model; it has associate_cross_account_replica, "
        "batch_get_secret_value, cancel_rotate_secret"
    )


def test_a_plain_function_takes_a_transaction_and_a_request() -> None:
    def create_secret(call: Call, req: CreateSecretRequest) -> CreateSecretResponse: ...

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: the parameters must be (tx, req), for a plain def is one transaction"
    )


def test_a_function_that_waits_takes_a_call_and_a_request() -> None:
    async def create_secret(tx: Transaction, req: CreateSecretRequest) -> CreateSecretResponse: ...

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: the parameters must be (call, req), for async def waits and calls"
    )


def test_the_request_is_annotated_with_the_operations_input() -> None:
    def create_secret(tx: Transaction, req: DeleteSecretRequest) -> CreateSecretResponse: ...

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: req must be annotated CreateSecretRequest, the operation's input"
    )


def test_a_request_without_annotation_is_refused_too() -> None:
    def create_secret(tx, req) -> CreateSecretResponse: ...  # type: ignore[no-untyped-def]

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: req must be annotated CreateSecretRequest, the operation's input"
    )


def test_the_result_is_annotated_with_the_operations_output() -> None:
    def create_secret(tx: Transaction, req: CreateSecretRequest) -> DeleteSecretResponse: ...

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: the result must be annotated CreateSecretResponse, the operation's output, "
        "or Page"
    )


def test_a_result_without_annotation_is_refused_too() -> None:
    def create_secret(tx: Transaction, req: CreateSecretRequest): ...  # type: ignore[no-untyped-def]

    assert refused(service().operation(), create_secret) == (
        "secretsmanager.create_secret: the result must be annotated CreateSecretResponse, the operation's output, "
        "or Page"
    )


def test_a_result_may_also_be_a_page_or_to_be_run_again() -> None:
    made = service()

    def list_secrets(tx: Transaction, req: ListSecretsRequest) -> Page: ...

    def get_secret_value(tx: Transaction, req: GetSecretValueRequest) -> GetSecretValueResponse | Again: ...

    made.operation()(list_secrets)
    made.operation()(get_secret_value)
    assert set(made.operations) == {"ListSecrets", "GetSecretValue"}


def test_a_page_needs_a_paginator_in_the_model() -> None:
    def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> Page: ...

    assert refused(service().operation(), delete_secret) == (
        "secretsmanager.delete_secret: the model has no paginator for it, so it cannot answer with a Page"
    )


@pytest.mark.parametrize("declared", [{"at": "SecretID"}, {"ignores": ("SecretID",)}, {"refuses": ("SecretID",)}])
def test_what_is_said_of_a_member_needs_the_member(declared: dict[str, Any]) -> None:
    def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> DeleteSecretResponse: ...

    assert refused(service().operation(**declared), delete_secret) == (
        "secretsmanager.delete_secret: SecretID is no member of DeleteSecretRequest; it has SecretId, "
        "RecoveryWindowInDays"
    )


def test_a_resource_is_pointed_at_by_a_member() -> None:
    made = service()
    missing = made.error("ResourceNotFoundException", "No.")

    class Secret(Resource, service=made, arn="secret:{name}", missing=missing):
        name: str

    def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> DeleteSecretResponse: ...

    assert refused(made.operation(on=Secret), delete_secret) == (
        "secretsmanager.delete_secret: on= needs at=, the input member that points at the Secret"
    )


def test_an_operation_that_takes_a_stream_is_an_async_def_or_has_it_received_before() -> None:
    buckets = service("s3")

    def put_object(tx: Transaction, req: PutObjectRequest) -> PutObjectOutput: ...  # type: ignore[name-defined]  # noqa: F821

    def get_object(tx: Transaction, req: GetObjectRequest) -> GetObjectOutput: ...  # type: ignore[name-defined]  # noqa: F821

    async def upload_part(call: Call, req: UploadPartRequest) -> UploadPartOutput: ...  # type: ignore[name-defined]  # noqa: F821

    assert refused(buckets.operation(), put_object) == (
        "s3.put_object: the model streams its bytes, so it must be async def, or say receives="
    )
    for run in (get_object, upload_part):
        assert refused(buckets.operation(receives=lambda _given: None), run) == (
            f"s3.{run.__name__}: receives= is for a plain def whose input is streamed"
        )
    assert refused(buckets.operation(sealed_by=lambda _tx, _given: None), get_object) == (
        "s3.get_object: sealed_by= is about what receives= keeps"
    )


def test_a_refused_operation_is_not_kept() -> None:
    made = service()

    def create_secret(tx: Transaction, req: Any) -> CreateSecretResponse: ...

    refused(made.operation(), create_secret)
    assert made.operations == {}


def test_a_declared_operation_knows_what_follows_from_its_name() -> None:
    made = service()
    missing = made.error("ResourceNotFoundException", "No.")

    class Secret(Resource, service=made, arn="secret:{name}", missing=missing):
        name: str

    def get_secret_value(tx: Transaction, req: GetSecretValueRequest) -> GetSecretValueResponse: ...

    async def cancel_rotate_secret(call: Call, req: CancelRotateSecretRequest) -> CancelRotateSecretResponse: ...

    def create_secret(tx: Transaction, req: CreateSecretRequest) -> CreateSecretResponse: ...

    made.operation(on=Secret, at="SecretId")(get_secret_value)
    made.operation(action="secretsmanager:Stop", rate=Rate(1, 1))(cancel_rotate_secret)
    made.operation(creates=Secret, at="Name", read_only=False)(create_secret)

    value, cancel = made.operations["GetSecretValue"], made.operations["CancelRotateSecret"]
    assert (value.read_only, value.is_async, value.action) == (True, False, "secretsmanager:GetSecretValue")
    assert (cancel.read_only, cancel.is_async, cancel.action) == (False, True, "secretsmanager:Stop")
    assert made.operations["CreateSecret"].creates is Secret


def test_a_declared_function_stays_a_plain_function() -> None:
    def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> DeleteSecretResponse: ...

    assert service().operation()(delete_secret) is delete_secret


# --------------------------------------------------------------------------- resources
def test_an_arn_names_fields_of_the_resource() -> None:
    made = service()
    missing = made.error("ResourceNotFoundException", "No.")

    def with_arn(arn: str) -> None:
        class Secret(Resource, service=made, arn=arn, missing=missing):
            name: str

    assert refused(with_arn, "secret:{title}") == (
        "Secret: arn='secret:{title}' must name fields of the resource, such as '{name}'"
    )
    assert refused(with_arn, "secret") == "Secret: arn='secret' must name fields of the resource, such as '{name}'"
    assert refused(with_arn, "") == "Secret: arn='' must name fields of the resource, such as '{name}'"
    assert made.resources == {}


def test_a_resource_says_which_error_means_that_it_is_missing() -> None:
    made = service()

    def without_missing() -> None:
        class Secret(Resource, service=made, arn="{name}"):
            name: str

    assert refused(without_missing) == "Secret: missing= must be the error for a Secret that does not exist"


# --------------------------------------------------------------------------- tags
def test_tag_operations_need_a_field_for_the_tags() -> None:
    made = service("codecommit")
    missing = made.error("RepositoryDoesNotExistException", "No.")

    class Repository(Resource, service=made, arn="{name}", missing=missing):
        name: str

    assert (
        refused(
            tag_operations,
            made,
            Repository,
            at="resourceArn",
            tag="TagResource",
            untag="UntagResource",
            listing="ListTagsForResource",
        )
        == "tag_operations: Repository needs a field tags: Tags"
    )


def test_tag_operations_point_at_the_resource_by_a_member() -> None:
    made = service("codecommit")
    missing = made.error("RepositoryDoesNotExistException", "No.")

    class Repository(Resource, service=made, arn="{name}", missing=missing):
        name: str
        tags: Tags = {}

    assert refused(
        tag_operations,
        made,
        Repository,
        at="ResourceArn",
        tag="TagResource",
        untag="UntagResource",
        listing="ListTagsForResource",
    ) == ("codecommit.tag_resource: ResourceArn is no member of TagResourceInput; it has resourceArn")


def test_a_declaration_error_is_a_type_error() -> None:
    assert issubclass(DeclarationError, TypeError)


def test_tag_operations_are_operations_of_the_model() -> None:
    made = service("codecommit")
    missing = made.error("RepositoryDoesNotExistException", "No.")

    class Repository(Resource, service=made, arn="{name}", missing=missing):
        name: str
        tags: Tags = {}

    names = {"tag": "TagResource", "untag": "UntagResource", "listing": "ListTags"}
    assert refused(tag_operations, made, Repository, at="resourceArn", **names) == (
        "tag_operations: ListTags is no operation of codecommit"
    )


def test_an_operation_is_declared_once() -> None:
    service = Service("sts")

    def get_caller_identity(tx: Any, req: GetCallerIdentityRequest) -> GetCallerIdentityResponse:  # noqa: F821
        return {}

    service.operation()(get_caller_identity)
    with pytest.raises(DeclarationError, match="GetCallerIdentity is declared already"):
        service.operation()(get_caller_identity)
