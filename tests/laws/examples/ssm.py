"""Valid input for the parameters of Systems Manager."""

from __future__ import annotations

import json
from typing import Any

from laws.examples import Examples, fresh

_TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]
_TAGGING = {"AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"}
_SHARING = {"PutResourcePolicy", "GetResourcePolicies", "DeleteResourcePolicy"}
_BY_ARN = {"GetParameter", "GetParameterHistory"}
_READING_ALL = {"DescribeParameters", "GetParameters", "GetParametersByPath"}
_OF_ALL = {"PutParameter", "DescribeParameters", "GetParameters", "GetParametersByPath", "DeleteParameters"}


class SsmExamples(Examples):
    """Parameters of the advanced tier, which can do all there is."""

    service = "ssm"

    def __init__(self, caller: Any) -> None:
        super().__init__(caller)
        self._lasting: dict[str, Any] = {}

    def make(self, resource: str) -> dict[str, Any]:
        assert resource == "Parameter"
        name = fresh("/shop/db/host")
        self.does("PutParameter", {"Name": name, "Value": "a.example", "Type": "String", "Tier": "Advanced"})
        return {"Name": name, "ResourceId": name, "ResourceArn": self._arn(name)}

    def _arn(self, name: str) -> str:
        return f"arn:aws:ssm:{self.caller.region}:{self.caller.account}:parameter{name}"

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        assert resource == "Parameter"
        self.does("DeleteParameter", {"Name": pointers["Name"]})

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        specific = getattr(self, f"_for_{operation}", None)
        here = pointers or self._there(operation)
        said = dict(specific(here)) if specific is not None else {}
        if operation in _OF_ALL:
            return said
        if operation in _TAGGING:
            return {"ResourceType": "Parameter", "ResourceId": here["ResourceId"], **said}
        if operation in _SHARING:
            return {"ResourceArn": here["ResourceArn"], **said}
        return {"Name": here["ResourceArn" if operation in _BY_ARN else "Name"], **said}

    def _there(self, operation: str) -> dict[str, Any]:
        """What an operation without pointers is asked about: those that read ask for the same again and again."""
        if operation == "PutParameter":
            return {}
        if operation not in _READING_ALL:
            return self.make("Parameter")
        if not self._lasting:
            self._lasting = self.make("Parameter")
        return self._lasting

    # ------------------------------------------------------------- by operation
    def _for_PutParameter(self, _here: dict[str, Any]) -> dict[str, Any]:
        described = {"Description": "of the shop", "AllowedPattern": r"\w+", "Tags": _TAGS, "DataType": "text"}
        expires = {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2999-01-01T00:00:00.000Z"}}
        tier = {"Tier": "Advanced", "Policies": json.dumps([expires])}
        return {"Name": fresh("/shop/db/user"), "Value": "hunter2", "Type": "String", **described, **tier}

    def _for_DescribeParameters(self, _here: dict[str, Any]) -> dict[str, Any]:
        by_path = {"Key": "Path", "Option": "Recursive", "Values": ["/shop"]}
        return {"ParameterFilters": [by_path, {"Key": "Tier", "Values": ["Advanced", "Standard"]}], "MaxResults": 50}

    def _for_GetParameter(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"WithDecryption": True}

    def _for_GetParameters(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"Names": [here["Name"], "/none"], "WithDecryption": True}

    def _for_GetParametersByPath(self, _here: dict[str, Any]) -> dict[str, Any]:
        by_type = {"Key": "Type", "Option": "BeginsWith", "Values": ["Str"]}
        return {"Path": "/shop", "Recursive": True, "ParameterFilters": [by_type], "MaxResults": 10}

    def _for_GetParameterHistory(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"MaxResults": 50}

    def _for_DeleteParameters(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"Names": [here["Name"], "/none"]}

    def _for_LabelParameterVersion(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"ParameterVersion": 1, "Labels": ["blue", "1st"]}

    def _for_UnlabelParameterVersion(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("LabelParameterVersion", {"Name": here["Name"], "Labels": ["blue"]})
        return {"ParameterVersion": 1, "Labels": ["blue", "red"]}

    def _for_AddTagsToResource(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": _TAGS}

    def _for_RemoveTagsFromResource(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"TagKeys": ["team"]}

    def _for_PutResourcePolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        who = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ssm:GetParameter"}
        return {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [{**who, "Resource": here["ResourceArn"]}]})
        }

    def _for_DeleteResourcePolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        given = {"ResourceArn": here["ResourceArn"], **self._for_PutResourcePolicy(here)}
        return self.does("PutResourcePolicy", given)

    # ------------------------------------------------------------- for single laws
    def named(self, operation: str, entry: Any) -> str:
        return str(entry["Version" if operation == "GetParameterHistory" else "Name"])

    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[str]]:
        if operation != "GetParameterHistory":
            given = {"Path": "/shop", "Recursive": True} if operation == "GetParametersByPath" else {}
            return given, [str(self.make("Parameter")["Name"]) for _ in range(count)]
        given = {"Name": self.make("Parameter")["Name"]}
        for _ in range(count - 1):
            self.insert(operation, given)
        return given, [str(number) for number in range(1, count + 1)]

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "GetParameterHistory":
            self.does("PutParameter", {"Name": given["Name"], "Value": "b.example", "Overwrite": True})
        else:
            self.make("Parameter")

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Without policies, which are told each by itself."""
        given = {name: value for name, value in self.input_of(operation).items() if name != "Policies"}
        name = given["Name"]
        return given, {"Name": name, "ResourceId": name, "ResourceArn": self._arn(name)}
