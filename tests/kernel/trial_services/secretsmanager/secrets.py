"""Secrets and their operations; `SecretString` steers what the steerable ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import Throttled
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Resource
from fogstead.kernel.tags import Tags, checked
from fogstead.kernel.throttling import Rate
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.waiting import Again
from fogstead.primitives.store import end_of
from fogstead.primitives.store.packing import pack
from trial_services.secretsmanager.service import (
    InvalidRequest,
    ResourceExists,
    ResourceNotFound,
    secrets_max,
    secretsmanager,
)

if TYPE_CHECKING:
    from fogstead.shapes.secretsmanager import (
        CreateSecretRequest,
        CreateSecretResponse,
        DeleteSecretRequest,
        DeleteSecretResponse,
        DescribeSecretRequest,
        DescribeSecretResponse,
        GetRandomPasswordRequest,
        GetRandomPasswordResponse,
        GetSecretValueRequest,
        GetSecretValueResponse,
        ListSecretsRequest,
        PutResourcePolicyRequest,
        PutResourcePolicyResponse,
        PutSecretValueRequest,
        PutSecretValueResponse,
        RestoreSecretRequest,
        RestoreSecretResponse,
        RotateSecretRequest,
        RotateSecretResponse,
        TagResourceRequest,
        UpdateSecretRequest,
        UpdateSecretResponse,
    )


class Secret(Resource, service=secretsmanager, arn="secret:{name}", missing=ResourceNotFound):
    """A name with values; the values are rows of its own."""

    name: str
    text: str = ""
    tags: Tags = {}
    policy: str = ""

    @property
    def resource_policy(self) -> str:
        """See `Resource`."""
        return self.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        """See `Resource`."""
        return self.tags


@secretsmanager.operation(creates=Secret, at="Name", refuses=("KmsKeyId",), ignores=("Description",))
def create_secret(tx: Transaction, req: CreateSecretRequest) -> CreateSecretResponse:
    """Its answer carries a random version, so a repeated answer can be told from a new one."""
    if tx.find(Secret, req["Name"]) is not None:
        raise ResourceExists
    tags = checked({tag["Key"]: tag["Value"] for tag in req.get("Tags", ())})
    secret = tx.create(Secret(name=req["Name"], text=req.get("SecretString", ""), tags=tags), quota=secrets_max)
    tx.emit("secretsmanager.SecretCreated", {"arn": secret.arn, "name": secret.name, "text": secret.text})
    return {"ARN": secret.arn, "Name": secret.name, "VersionId": tx.new_id()}


@secretsmanager.operation(on=Secret, at="SecretId")
def describe_secret(tx: Transaction, req: DescribeSecretRequest) -> DescribeSecretResponse:
    """What is known of it."""
    secret = tx.resource
    tags = [{"Key": key, "Value": value} for key, value in secret.tags.items()]
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "Description": secret.text,
        "Tags": tags,
        "CreatedDate": secret.created_at,
    }


@secretsmanager.operation(lists=Secret)
def list_secrets(tx: Transaction, req: ListSecretsRequest) -> Page:
    """A first filter's first value is a prefix of the names."""
    prefix = req["Filters"][0]["Values"][0] if req.get("Filters") else ""
    return tx.page(Secret, show=lambda secret: {"Name": secret.name}, prefix=prefix, size_default=100, size_max=100)


@secretsmanager.operation(on=Secret, at="SecretId")
def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> DeleteSecretResponse:
    """At once; its values are reaped."""
    tx.delete(tx.resource)
    return {"ARN": tx.resource.arn, "Name": tx.resource.name}


@secretsmanager.operation(on=Secret, at="SecretId")
def put_secret_value(tx: Transaction, req: PutSecretValueRequest) -> PutSecretValueResponse:
    """Puts one value where a waiting reader takes it."""
    secret = tx.resource
    shard = tx.shard(secret)
    version = tx.new_id()
    tx.keys.put(shard + pack(tx.keys.next_number()), req["SecretString"].encode())
    tx.tell(shard)
    return {"ARN": secret.arn, "Name": secret.name, "VersionId": version}


@secretsmanager.operation(on=Secret, at="SecretId", read_only=False, data_event=True)
def get_secret_value(tx: Transaction, req: GetSecretValueRequest) -> GetSecretValueResponse | Again:
    """Takes the oldest value away; waits as many seconds as VersionStage says."""
    secret = tx.resource
    shard = tx.shard(secret)
    rows = tx.keys.scan(shard, end_of(shard), limit=1)
    if rows:
        tx.keys.delete(rows[0][0])
        return {"ARN": secret.arn, "Name": secret.name, "SecretString": rows[0][1].decode()}
    if tx.patience(float(req.get("VersionStage", "0"))):
        return tx.again(shard, at=int(req["VersionId"]) if "VersionId" in req else None)
    return {"ARN": secret.arn, "Name": secret.name}


@secretsmanager.operation(on=Secret, at="SecretId")
def put_resource_policy(tx: Transaction, req: PutResourcePolicyRequest) -> PutResourcePolicyResponse:
    """Unchecked, so that a test may keep a broken one."""
    secret = tx.replace(tx.resource, policy=req["ResourcePolicy"])
    return {"ARN": secret.arn, "Name": secret.name}


@secretsmanager.operation(on=Secret, at="SecretId")
def tag_resource(tx: Transaction, req: TagResourceRequest) -> None:
    """Adds tags."""
    tx.replace(tx.resource, tags={**tx.resource.tags, **{tag["Key"]: tag["Value"] for tag in req["Tags"]}})


@secretsmanager.operation(on=Secret, at="SecretId")
def update_secret(tx: Transaction, req: UpdateSecretRequest) -> UpdateSecretResponse:
    """Writes, and then goes wrong in the way its text says."""
    secret = tx.replace(tx.resource, text=req["SecretString"])
    tx.emit("secretsmanager.SecretCreated", {"arn": secret.arn, "name": secret.name, "text": secret.text})
    match secret.text:
        case "refuse":
            raise InvalidRequest("It was asked to refuse.")
        case "crash":
            raise RuntimeError("it was asked to crash")
        case "strange":
            return {"ARN": secret.arn, "Colour": "red"}  # type: ignore[typeddict-unknown-key]
        case "short":
            return {"ARN": "too short", "Name": ""}
        case "wrong type":
            return {"ARN": secret.arn, "Name": 5}  # type: ignore[typeddict-item]
    return {"ARN": secret.arn, "Name": secret.name, "VersionId": tx.new_id()}


@secretsmanager.operation(on=Secret, at="SecretId")
async def rotate_secret(call: Call, req: RotateSecretRequest) -> RotateSecretResponse:
    """Waits for the gate that a test holds, then does what the Lambda's name says."""
    await GATE.passed()
    name = call.resource.name
    match req.get("RotationLambdaARN", "").rpartition(":")[2]:
        case "refuse":
            raise InvalidRequest("It was asked to refuse.")
        case "crash":
            raise RuntimeError("it was asked to crash")
    version = await call.transact(_rotate, name)
    return {"ARN": call.resource.arn, "Name": name, "VersionId": version}


def _rotate(tx: Transaction, name: str) -> str:
    tx.replace(tx.get(Secret, name), text="rotated")
    return tx.new_id()


@secretsmanager.operation(rate=Rate(per_second=2, burst=3), throttled=Throttled)
def get_random_password(tx: Transaction, req: GetRandomPasswordRequest) -> GetRandomPasswordResponse:
    """The operation that is throttled, and touches no resource."""
    return {"RandomPassword": tx.random(8).hex()}


@secretsmanager.operation(on=Secret, at="SecretId")
async def restore_secret(call: Call, req: RestoreSecretRequest) -> RestoreSecretResponse:
    """Calls itself under the caller's name until somebody stops it."""
    await call.as_caller.secretsmanager.restore_secret(SecretId=req["SecretId"])
    return {"ARN": call.resource.arn}


class Gate:
    """Open, unless a test has closed it."""

    def __init__(self) -> None:
        self.closed: Any = None

    async def passed(self) -> None:
        """Returns once it is open."""
        if self.closed is not None:
            await self.closed.wait()


GATE = Gate()
