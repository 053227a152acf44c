"""Valid input for Secrets Manager."""

from __future__ import annotations

import json
import uuid
from typing import Any

from laws.examples import Examples, fresh

_TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]
_ELSEWHERE = "eu-west-1"
_TRIES_MAX = 500


def _policy() -> str:
    who = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "secretsmanager:GetSecretValue"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**who, "Resource": "*"}]})


class SecretsManagerExamples(Examples):
    """Secrets, each with two versions, tags and a policy."""

    service = "secretsmanager"

    def __init__(self, caller: Any) -> None:
        super().__init__(caller)
        self._copies: dict[str, str] = {}

    def make(self, resource: str) -> dict[str, Any]:
        assert resource == "Secret"
        pointer = {"SecretId": self._secret()}
        self.does("PutResourcePolicy", {**pointer, "ResourcePolicy": _policy()})
        return pointer

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        assert resource == "Secret"
        name = self._copies.pop(pointers["SecretId"], None)
        if name is not None:
            given = {"SecretId": name, "RemoveReplicaRegions": [self.caller.region]}
            self.caller.of(region=_ELSEWHERE).does(self.service, "RemoveRegionsFromReplication", given)
            self._until(name, 400)
        copied = self.does("DescribeSecret", pointers).get("ReplicationStatus", [])
        if copied:
            regions = [one["Region"] for one in copied]
            self.does("RemoveRegionsFromReplication", {**pointers, "RemoveReplicaRegions": regions})
        self.does("DeleteSecret", {**pointers, "ForceDeleteWithoutRecovery": True})

    def _secret(self, **more: Any) -> str:
        given = {"Name": fresh("db"), "ClientRequestToken": _token(), "SecretString": "hunter2", **more}
        return str(self.does("CreateSecret", given)["ARN"])

    def _copy(self) -> str:
        """The name of a secret that is a copy of another Region's."""
        name = fresh("copied")
        given = {"Name": name, "AddReplicaRegions": [{"Region": self.caller.region}]}
        self.caller.of(region=_ELSEWHERE).does(self.service, "CreateSecret", given)
        self._until(name, 200)
        return name

    def _until(self, name: str, status: int) -> None:
        for _ in range(_TRIES_MAX):
            if self.caller.call(self.service, "DescribeSecret", {"SecretId": name}).status == status:
                return
        raise AssertionError(f"{name} does not answer {status}")

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        specific = getattr(self, f"_for_{operation}", None)
        if operation in {"CreateSecret", "ListSecrets", "GetRandomPassword", "BatchGetSecretValue"}:
            return dict(specific({})) if specific is not None else {}
        here = dict(pointers) if pointers else {"SecretId": self._secret()}
        return {**here, **(specific(here) if specific is not None else {})}

    # ------------------------------------------------------------- by operation
    def _for_CreateSecret(self, _here: dict[str, Any]) -> dict[str, Any]:
        described = {"Description": "of the shop", "Tags": _TAGS, "KmsKeyId": "alias/aws/secretsmanager"}
        return {"Name": fresh("db"), "ClientRequestToken": _token(), "SecretString": fresh("hunter"), **described}

    def _for_PutSecretValue(self, _here: dict[str, Any]) -> dict[str, Any]:
        value = fresh("hunter").encode()
        return {"ClientRequestToken": _token(), "SecretBinary": value, "VersionStages": ["AWSCURRENT", "blue"]}

    def _for_UpdateSecret(self, _here: dict[str, Any]) -> dict[str, Any]:
        changed = {"Description": "of the shop", "KmsKeyId": "alias/aws/secretsmanager"}
        return {"ClientRequestToken": _token(), "SecretString": fresh("hunter"), **changed}

    def _for_GetSecretValue(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"VersionStage": "AWSCURRENT"}

    def _for_BatchGetSecretValue(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"SecretIdList": [self._secret(), "none"]}

    def _for_ListSecrets(self, _here: dict[str, Any]) -> dict[str, Any]:
        found = {"Filters": [{"Key": "name", "Values": ["db", "!other"]}], "MaxResults": 100}
        return {**found, "SortBy": "name", "SortOrder": "desc", "IncludePlannedDeletion": True}

    def _for_GetRandomPassword(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"PasswordLength": 20, "ExcludeCharacters": "ab", "IncludeSpace": True}

    def _for_UpdateSecretVersionStage(self, here: dict[str, Any]) -> dict[str, Any]:
        version = self.does("ListSecretVersionIds", here)["Versions"][0]["VersionId"]
        return {"VersionStage": "blue", "MoveToVersionId": version}

    def _for_DeleteSecret(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"RecoveryWindowInDays": 7}

    def _for_TagResource(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": _TAGS}

    def _for_UntagResource(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"TagKeys": ["team"]}

    def _for_PutResourcePolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"ResourcePolicy": _policy(), "BlockPublicPolicy": True}

    def _for_ValidateResourcePolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"ResourcePolicy": _policy()}

    def _for_ReplicateSecretToRegions(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"AddReplicaRegions": [{"Region": _ELSEWHERE}]}

    def _for_RemoveRegionsFromReplication(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("ReplicateSecretToRegions", {**here, "AddReplicaRegions": [{"Region": _ELSEWHERE}]})
        for _ in range(_TRIES_MAX):
            if self.does("DescribeSecret", here)["ReplicationStatus"][0]["Status"] == "InSync":
                return {"RemoveReplicaRegions": [_ELSEWHERE]}
        raise AssertionError(f"{here} is not copied")

    def _for_StopReplicationToReplica(self, here: dict[str, Any]) -> dict[str, Any]:
        """On a copy, which goes with the secret that the pointers name."""
        name = self._copies[here["SecretId"]] = self._copy()
        return {"SecretId": self.does("DescribeSecret", {"SecretId": name})["ARN"]}

    # ------------------------------------------------------------- for single laws
    def named(self, operation: str, entry: Any) -> str:
        return str(entry["VersionId" if operation == "ListSecretVersionIds" else "ARN"])

    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[str]]:
        if operation == "ListSecrets":
            return {}, [self._secret() for _ in range(count)]
        here = {"SecretId": self.does("CreateSecret", {"Name": fresh("db")})["ARN"]}
        return {**here, "IncludeDeprecated": True}, [self._version(here) for _ in range(count)]

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "ListSecrets":
            self._secret()
        else:
            self._version({"SecretId": given["SecretId"]})

    def _version(self, here: dict[str, Any]) -> str:
        given = {**here, "ClientRequestToken": _token(), "SecretString": "hunter2"}
        return str(self.does("PutSecretValue", given)["VersionId"])

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        given = self.input_of(operation)
        return given, {"SecretId": given["Name"]}


def _token() -> str:
    return str(uuid.uuid4())
