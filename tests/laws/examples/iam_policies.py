"""Valid input for IAM: roles, policies, instance profiles, identity providers, the simulator."""

from __future__ import annotations

from typing import Any

from laws.examples import Examples, fresh
from services.iam.policies import LAMBDA, READER, S3

_ACTIONS = [f"sqs:{verb}Queue" for verb in ("Create", "Delete", "Purge", "Tag", "Untag")]
_TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]


class Policies(Examples):
    """By resource and by operation; `iam.py` puts them together."""

    # ------------------------------------------------------------- resources
    def _make_Role(self) -> dict[str, Any]:
        name = fresh("role")
        self.does("CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": LAMBDA})
        return {"RoleName": name}

    def _make_ManagedPolicy(self) -> dict[str, Any]:
        name = fresh("policy")
        made = self.does("CreatePolicy", {"PolicyName": name, "PolicyDocument": S3})["Policy"]
        return {"PolicyArn": made["Arn"], "PolicyName": name}

    def _make_InstanceProfile(self) -> dict[str, Any]:
        name = fresh("profile")
        self.does("CreateInstanceProfile", {"InstanceProfileName": name})
        return {"InstanceProfileName": name}

    def _make_OIDCProvider(self) -> dict[str, Any]:
        url = self._url()
        made = self.does("CreateOpenIDConnectProvider", {"Url": url, "ClientIDList": ["one"]})
        return {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"], "Url": url}

    @staticmethod
    def _url() -> str:
        return f"https://{fresh('token')}.example.com"

    def _strip(self, noun: str, here: dict[str, Any]) -> None:
        """Take a user's or group's policies away."""
        named = {f"{noun}Name": here[f"{noun}Name"]}
        for policy in self.does(f"ListAttached{noun}Policies", named)["AttachedPolicies"]:
            self.does(f"Detach{noun}Policy", {**named, "PolicyArn": policy["PolicyArn"]})
        for name in self.does(f"List{noun}Policies", named)["PolicyNames"]:
            self.does(f"Delete{noun}Policy", {**named, "PolicyName": name})

    def _delete_Role(self, here: dict[str, Any]) -> None:
        role = {"RoleName": here["RoleName"]}
        for profile in self.does("ListInstanceProfilesForRole", role)["InstanceProfiles"]:
            named = {"InstanceProfileName": profile["InstanceProfileName"]}
            self.does("RemoveRoleFromInstanceProfile", {**role, **named})
        self._strip("Role", role)
        self.does("DeleteRole", role)

    def _delete_ManagedPolicy(self, here: dict[str, Any]) -> None:
        policy = {"PolicyArn": here["PolicyArn"]}
        for version in self.does("ListPolicyVersions", policy)["Versions"]:
            if not version["IsDefaultVersion"]:
                self.does("DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]})
        self.does("DeletePolicy", policy)

    def _delete_InstanceProfile(self, here: dict[str, Any]) -> None:
        profile = {"InstanceProfileName": here["InstanceProfileName"]}
        for role in self.does("GetInstanceProfile", profile)["InstanceProfile"]["Roles"]:
            self.does("RemoveRoleFromInstanceProfile", {**profile, "RoleName": role["RoleName"]})
        self.does("DeleteInstanceProfile", profile)

    def _delete_OIDCProvider(self, here: dict[str, Any]) -> None:
        arn = here["OpenIDConnectProviderArn"]
        self.does("DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn})

    # ------------------------------------------------------------- roles
    def _for_CreateRole(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {
            "RoleName": fresh("role"),
            "Path": "/law/",
            "AssumeRolePolicyDocument": LAMBDA,
            "Description": "works",
            "MaxSessionDuration": 7200,
            "PermissionsBoundary": READER,
            "Tags": _TAGS,
        }

    def _for_UpdateRole(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Description": "other", "MaxSessionDuration": 7200}

    def _for_UpdateRoleDescription(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Description": "other"}

    def _for_UpdateAssumeRolePolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "PolicyDocument": LAMBDA}

    def _for_TagRole(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagRole(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    def _for_CreateServiceLinkedRole(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": fresh("law"), "Description": "linked"}

    def _linked(self) -> dict[str, Any]:
        given = self._for_CreateServiceLinkedRole({})
        return {"RoleName": self.does("CreateServiceLinkedRole", given)["Role"]["RoleName"]}

    def _for_GetServiceLinkedRoleDeletionStatus(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"DeletionTaskId": self.does("DeleteServiceLinkedRole", self._linked())["DeletionTaskId"]}

    # ------------------------------------------------------------- managed policies
    def _for_CreatePolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        named = {"PolicyName": fresh("policy"), "Path": "/law/", "Description": "reads"}
        return {**named, "PolicyDocument": S3, "Tags": _TAGS}

    def _for_CreatePolicyVersion(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "PolicyDocument": S3, "SetAsDefault": True}

    def _for_GetPolicyVersion(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "VersionId": "v1"}

    def _for_SetDefaultPolicyVersion(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "VersionId": "v1"}

    def _for_DeletePolicyVersion(self, here: dict[str, Any]) -> dict[str, Any]:
        made = self.does("CreatePolicyVersion", {**here, "PolicyDocument": S3})["PolicyVersion"]
        return {**here, "VersionId": made["VersionId"]}

    def _for_TagPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    def _for_AttachUserPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "PolicyArn": READER}

    _for_AttachGroupPolicy = _for_AttachRolePolicy = _for_AttachUserPolicy

    def _for_DetachUserPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._attached("AttachUserPolicy", here)

    def _for_DetachGroupPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._attached("AttachGroupPolicy", here)

    def _for_DetachRolePolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._attached("AttachRolePolicy", here)

    def _attached(self, operation: str, here: dict[str, Any]) -> dict[str, Any]:
        given = {**here, "PolicyArn": READER}
        self.caller.call(self.service, operation, given)
        return given

    def _for_PutUserPermissionsBoundary(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "PermissionsBoundary": READER}

    _for_PutRolePermissionsBoundary = _for_PutUserPermissionsBoundary

    # ------------------------------------------------------------- inline policies
    def _for_PutUserPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "PolicyName": fresh("inline"), "PolicyDocument": S3}

    _for_PutGroupPolicy = _for_PutRolePolicy = _for_PutUserPolicy

    def _for_GetUserPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._put("PutUserPolicy", here)

    def _for_GetGroupPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._put("PutGroupPolicy", here)

    def _for_GetRolePolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._put("PutRolePolicy", here)

    _for_DeleteUserPolicy, _for_DeleteGroupPolicy = _for_GetUserPolicy, _for_GetGroupPolicy
    _for_DeleteRolePolicy = _for_GetRolePolicy

    def _put(self, operation: str, here: dict[str, Any]) -> dict[str, Any]:
        named = {**here, "PolicyName": "inline"}
        self.caller.call(self.service, operation, {**named, "PolicyDocument": S3})
        return named

    # ------------------------------------------------------------- instance profiles
    def _for_CreateInstanceProfile(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"InstanceProfileName": fresh("profile"), "Path": "/law/", "Tags": _TAGS}

    def _for_AddRoleToInstanceProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "RoleName": self._make_Role()["RoleName"]}

    def _for_RemoveRoleFromInstanceProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_AddRoleToInstanceProfile(here)
        self.does("AddRoleToInstanceProfile", given)
        return given

    def _for_TagInstanceProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagInstanceProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    # ------------------------------------------------------------- identity providers
    def _for_CreateOpenIDConnectProvider(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"Url": self._url(), "ClientIDList": ["one"], "ThumbprintList": ["a" * 40], "Tags": _TAGS}

    def _for_AddClientIDToOpenIDConnectProvider(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "ClientID": "two"}

    def _for_RemoveClientIDFromOpenIDConnectProvider(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "ClientID": "one"}

    def _for_UpdateOpenIDConnectProviderThumbprint(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "ThumbprintList": ["b" * 40]}

    def _for_TagOpenIDConnectProvider(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagOpenIDConnectProvider(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    # ------------------------------------------------------------- the simulator
    def _for_GetContextKeysForCustomPolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"PolicyInputList": [S3]}

    def _for_SimulateCustomPolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"PolicyInputList": [S3], "ActionNames": ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]}

    def _for_SimulatePrincipalPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"]}

    # ------------------------------------------------------------- lists
    def _for_ListPolicies(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"Scope": "Local"}

    def _for_GetAccountAuthorizationDetails(self, _here: dict[str, Any]) -> dict[str, Any]:
        """Of what no other reading adds to: an inline policy is put where one is read."""
        return {"Filter": ["LocalManagedPolicy"]}

    def _list_ListRoles(self, _given: dict[str, Any]) -> str:
        return str(self._make_Role()["RoleName"])

    def _list_ListPolicies(self, _given: dict[str, Any]) -> str:
        return str(self._make_ManagedPolicy()["PolicyName"])

    def _list_ListInstanceProfiles(self, _given: dict[str, Any]) -> str:
        return str(self._make_InstanceProfile()["InstanceProfileName"])

    def _list_ListInstanceProfilesForRole(self, given: dict[str, Any]) -> str:
        profile = self._make_InstanceProfile()
        self.does("AddRoleToInstanceProfile", {**profile, "RoleName": given["RoleName"]})
        return str(profile["InstanceProfileName"])

    def _list_ListPolicyVersions(self, given: dict[str, Any]) -> str:
        """The first version goes, so that only those are there that this made."""
        made = {**given, "PolicyDocument": S3, "SetAsDefault": True}
        reply = self.caller.call(self.service, "CreatePolicyVersion", made)
        self.caller.call(self.service, "DeletePolicyVersion", {**given, "VersionId": "v1"})
        return str(reply.output["PolicyVersion"]["VersionId"]) if reply.status < 300 else ""

    def _list_ListUserPolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_inline("PutUserPolicy", given)

    def _list_ListGroupPolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_inline("PutGroupPolicy", given)

    def _list_ListRolePolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_inline("PutRolePolicy", given)

    def _one_more_inline(self, operation: str, given: dict[str, Any]) -> str:
        put = {**given, "PolicyName": fresh("inline"), "PolicyDocument": S3}
        return str(put["PolicyName"]) if self.caller.call(self.service, operation, put).status < 300 else ""

    def _list_ListAttachedUserPolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_attached("AttachUserPolicy", given)

    def _list_ListAttachedGroupPolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_attached("AttachGroupPolicy", given)

    def _list_ListAttachedRolePolicies(self, given: dict[str, Any]) -> str:
        return self._one_more_attached("AttachRolePolicy", given)

    def _one_more_attached(self, operation: str, given: dict[str, Any]) -> str:
        policy = self._make_ManagedPolicy()
        reply = self.caller.call(self.service, operation, {**given, "PolicyArn": policy["PolicyArn"]})
        return str(policy["PolicyName"]) if reply.status < 300 else ""

    def _list_ListEntitiesForPolicy(self, given: dict[str, Any]) -> str:
        group = {"GroupName": fresh("group")}
        self.does("CreateGroup", group)
        self.does("AttachGroupPolicy", {**given, **group})
        return group["GroupName"]

    def _list_GetAccountAuthorizationDetails(self, _given: dict[str, Any]) -> str:
        user = {"UserName": fresh("user")}
        self.does("CreateUser", user)
        return user["UserName"]

    def _list_SimulateCustomPolicy(self, given: dict[str, Any]) -> str:
        """One more action that is asked about."""
        asked: list[str] = given.setdefault("ActionNames", [])
        asked.append(_ACTIONS[len(asked)])
        return asked[-1]

    _list_SimulatePrincipalPolicy = _list_SimulateCustomPolicy

    def _list_ListRoleTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagRole", given)

    def _list_ListPolicyTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagPolicy", given)

    def _list_ListInstanceProfileTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagInstanceProfile", given)

    def _list_ListOpenIDConnectProviderTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagOpenIDConnectProvider", given)

    def _tag(self, operation: str, given: dict[str, Any]) -> str:
        raise NotImplementedError
