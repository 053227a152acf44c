"""Valid input for STS, as far as a root can give it: it takes no roles, and no provider vouches for it."""

from __future__ import annotations

import json
from typing import Any

from laws.examples import Examples, fresh

_POLICY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


class StsExamples(Examples):
    """Nothing is kept, so there is nothing to make."""

    service = "sts"

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        role = {"RoleArn": f"arn:aws:iam::{self.caller.account}:role/worker", "RoleSessionName": "work"}
        given: dict[str, dict[str, Any]] = {
            "AssumeRole": role,
            "AssumeRoleWithWebIdentity": {**role, "WebIdentityToken": "a.b.c"},
            "DecodeAuthorizationMessage": {"EncodedMessage": "AAAA"},
            "GetAccessKeyInfo": {"AccessKeyId": self._key()} if operation == "GetAccessKeyInfo" else {},
            "GetFederationToken": {"Name": "carol", "Policy": _POLICY, "Tags": [{"Key": "team", "Value": "blue"}]},
        }
        return given.get(operation, {})

    def _key(self) -> str:
        name = fresh("carol")
        self.caller.does("iam", "CreateUser", {"UserName": name})
        made = self.caller.does("iam", "CreateAccessKey", {"UserName": name})
        return str(made["AccessKey"]["AccessKeyId"])
