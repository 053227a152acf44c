"""Valid input for IAM: users, groups, their keys, passwords, devices and certificates, and the account's own."""

from __future__ import annotations

import base64
import time
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fogstead.services.iam.one_time_codes import code_of, step_at
from laws.examples import Examples, fresh
from services.iam.certificate_files import pair
from services.iam.policies import READER

PASSWORD = "Correct-Horse-9"
_TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]
_REPORT_TRIES = 1_000


@cache
def ssh_key(_name: str = "") -> str:
    """A key as people upload it, another for each name."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def codes(seed: bytes, steps: int) -> dict[str, str]:
    """Two codes that follow one another, as an authenticator shows them whose clock is some steps ahead."""
    raw, step = base64.b32decode(seed), step_at(int(time.time() * 1000)) + steps
    return {"AuthenticationCode1": code_of(raw, step - 1), "AuthenticationCode2": code_of(raw, step)}


class People(Examples):
    """By resource and by operation; `iam.py` puts them together."""

    def __init__(self, caller: Any) -> None:
        super().__init__(caller)
        self._kept: dict[str, dict[str, Any]] = {}
        self._of_users: dict[str, dict[str, str]] = {}

    def _once(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """What a call answers, made once for all inputs: for what only reads of the whole account."""
        if operation not in self._kept:
            self._kept[operation] = self.does(operation, given)
        return self._kept[operation]

    # ------------------------------------------------------------- resources
    def _bare_User(self) -> dict[str, Any]:
        name = fresh("user")
        self.does("CreateUser", {"UserName": name})
        return {"UserName": name}

    def _make_User(self) -> dict[str, Any]:
        """With everything of which there is something to read, so that reading changes nothing."""
        here = self._bare_User()
        self._furnished(here)
        return here

    def _furnished(self, here: dict[str, Any]) -> dict[str, str]:
        """What a user has of that; it gets it once."""
        known = self._of_users.get(here["UserName"])
        if known is not None:
            return known
        self.does("CreateLoginProfile", {**here, "Password": PASSWORD})
        key = self.does("UploadSSHPublicKey", {**here, "SSHPublicKeyBody": ssh_key()})["SSHPublicKey"]
        device = self._for_EnableMFADevice(here)
        self.does("EnableMFADevice", device)
        made = {"SSHPublicKeyId": key["SSHPublicKeyId"], "SerialNumber": device["SerialNumber"]}
        self._of_users[here["UserName"]] = made
        return made

    def _make_Group(self) -> dict[str, Any]:
        name = fresh("group")
        self.does("CreateGroup", {"GroupName": name})
        return {"GroupName": name}

    def _make_VirtualMFADevice(self) -> dict[str, Any]:
        made = self.does("CreateVirtualMFADevice", {"VirtualMFADeviceName": fresh("device")})["VirtualMFADevice"]
        return {"SerialNumber": made["SerialNumber"], "Seed": made["Base32StringSeed"]}

    def _make_ServerCertificate(self) -> dict[str, Any]:
        given = self._for_UploadServerCertificate({})
        self.does("UploadServerCertificate", {**given, "Path": "/", "Tags": []})
        return {"ServerCertificateName": given["ServerCertificateName"]}

    def _delete_User(self, here: dict[str, Any]) -> None:
        self._empty_User(here)
        self.does("DeleteUser", here)

    def _empty_User(self, here: dict[str, Any]) -> None:
        for group in self.does("ListGroupsForUser", here)["Groups"]:
            self.does("RemoveUserFromGroup", {**here, "GroupName": group["GroupName"]})
        for key in self.does("ListAccessKeys", here)["AccessKeyMetadata"]:
            self.does("DeleteAccessKey", {**here, "AccessKeyId": key["AccessKeyId"]})
        for one in self.does("ListSigningCertificates", here)["Certificates"]:
            self.does("DeleteSigningCertificate", {**here, "CertificateId": one["CertificateId"]})
        for key in self.does("ListSSHPublicKeys", here)["SSHPublicKeys"]:
            self.does("DeleteSSHPublicKey", {**here, "SSHPublicKeyId": key["SSHPublicKeyId"]})
        for device in self.does("ListMFADevices", here)["MFADevices"]:
            self.does("DeactivateMFADevice", {**here, "SerialNumber": device["SerialNumber"]})
        self.caller.call(self.service, "DeleteLoginProfile", here)

    def _delete_Group(self, here: dict[str, Any]) -> None:
        for user in self.does("GetGroup", here)["Users"]:
            self.does("RemoveUserFromGroup", {**here, "UserName": user["UserName"]})
        self.does("DeleteGroup", here)

    def _delete_VirtualMFADevice(self, here: dict[str, Any]) -> None:
        self.does("DeleteVirtualMFADevice", {"SerialNumber": here["SerialNumber"]})

    def _delete_ServerCertificate(self, here: dict[str, Any]) -> None:
        self.does("DeleteServerCertificate", here)

    # ------------------------------------------------------------- users and groups
    def _for_CreateUser(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"UserName": fresh("user"), "Path": "/law/", "PermissionsBoundary": READER, "Tags": _TAGS}

    def _for_UpdateUser(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "NewPath": "/law/"}

    def _for_DeleteUser(self, here: dict[str, Any]) -> dict[str, Any]:
        self._empty_User(here)
        return here

    def _for_TagUser(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagUser(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    def _for_CreateGroup(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"GroupName": fresh("group"), "Path": "/law/"}

    def _for_UpdateGroup(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "NewPath": "/law/"}

    def _for_AddUserToGroup(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, **self._bare_User()}

    def _for_RemoveUserFromGroup(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_AddUserToGroup(here)
        self.does("AddUserToGroup", given)
        return given

    # ------------------------------------------------------------- keys and passwords
    def _for_UpdateAccessKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**self._for_DeleteAccessKey(here), "Status": "Inactive"}

    def _for_DeleteAccessKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "AccessKeyId": self.does("CreateAccessKey", here)["AccessKey"]["AccessKeyId"]}

    def _for_GetAccessKeyLastUsed(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"AccessKeyId": self._once("CreateAccessKey", {})["AccessKey"]["AccessKeyId"]}

    def _for_CreateLoginProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("DeleteLoginProfile", here)
        return {**here, "Password": PASSWORD, "PasswordResetRequired": True}

    def _for_GetLoginProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        self._furnished(here)
        return here

    def _for_UpdateLoginProfile(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Password": PASSWORD + "x"}

    def _for_ChangePassword(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"OldPassword": PASSWORD, "NewPassword": PASSWORD + "x"}

    def _for_UpdateAccountPasswordPolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"MinimumPasswordLength": 8, "RequireNumbers": True, "MaxPasswordAge": 30, "PasswordReusePrevention": 3}

    def _for_GetAccountPasswordPolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        self._once("UpdateAccountPasswordPolicy", {})
        return {}

    def _for_DeleteAccountPasswordPolicy(self, _here: dict[str, Any]) -> dict[str, Any]:
        self.does("UpdateAccountPasswordPolicy", {})
        return {}

    # ------------------------------------------------------------- MFA devices
    def _for_CreateVirtualMFADevice(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"VirtualMFADeviceName": fresh("device"), "Path": "/law/", "Tags": _TAGS}

    def _for_EnableMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        device = self._make_VirtualMFADevice()
        return {**here, "SerialNumber": device["SerialNumber"], **codes(device["Seed"], -5)}

    def _for_ResyncMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        device = self._make_VirtualMFADevice()
        pointed = {**here, "SerialNumber": device["SerialNumber"]}
        self.does("EnableMFADevice", {**pointed, **codes(device["Seed"], -10)})
        return {**pointed, **codes(device["Seed"], 5)}

    def _for_DeactivateMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        return self._for_GetMFADevice(here)

    def _for_GetMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "SerialNumber": self._furnished(here)["SerialNumber"]}

    def _for_TagMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagMFADevice(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    # ------------------------------------------------------------- certificates and SSH keys
    def _for_UploadServerCertificate(self, _here: dict[str, Any]) -> dict[str, Any]:
        own = pair("shop.example", "ca.example")
        return {
            "ServerCertificateName": fresh("certificate"),
            "Path": "/law/",
            "CertificateBody": own.body,
            "PrivateKey": own.private_key,
            "CertificateChain": pair("ca.example").body,
            "Tags": _TAGS,
        }

    def _for_UpdateServerCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "NewPath": "/law/x/"}

    def _for_TagServerCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "Tags": _TAGS}

    def _for_UntagServerCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "TagKeys": ["team"]}

    def _for_UploadSigningCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "CertificateBody": pair(fresh("signer")).body}

    def _for_DeleteSigningCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        made = self.does("UploadSigningCertificate", self._for_UploadSigningCertificate(here))["Certificate"]
        return {**here, "CertificateId": made["CertificateId"]}

    def _for_UpdateSigningCertificate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**self._for_DeleteSigningCertificate(here), "Status": "Inactive"}

    def _for_UploadSSHPublicKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "SSHPublicKeyBody": ssh_key(fresh("key"))}

    def _for_DeleteSSHPublicKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**here, "SSHPublicKeyId": self._furnished(here)["SSHPublicKeyId"]}

    def _for_UpdateSSHPublicKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**self._for_DeleteSSHPublicKey(here), "Status": "Inactive"}

    def _for_GetSSHPublicKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**self._for_DeleteSSHPublicKey(here), "Encoding": "PEM"}

    # ------------------------------------------------------------- the account
    def _for_CreateAccountAlias(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"AccountAlias": fresh(f"shop-{self.caller.account}")}

    def _for_ListAccountAliases(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _for_DeleteAccountAlias(self, _here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_CreateAccountAlias({})
        self.does("CreateAccountAlias", given)
        return given

    def _for_GetCredentialReport(self, _here: dict[str, Any]) -> dict[str, Any]:
        for _ in range(_REPORT_TRIES):
            if self.does("GenerateCredentialReport", {})["State"] == "COMPLETE":
                break
        return {}

    # ------------------------------------------------------------- lists: what they are of, and one more in them
    def _list_ListUsers(self, _given: dict[str, Any]) -> str:
        return str(self._bare_User()["UserName"])

    def _list_ListGroups(self, _given: dict[str, Any]) -> str:
        return str(self._make_Group()["GroupName"])

    def _list_ListServerCertificates(self, _given: dict[str, Any]) -> str:
        return str(self._make_ServerCertificate()["ServerCertificateName"])

    def _list_ListVirtualMFADevices(self, _given: dict[str, Any]) -> str:
        return str(self._make_VirtualMFADevice()["SerialNumber"])

    def _list_GetGroup(self, given: dict[str, Any]) -> str:
        user = self._bare_User()
        self.does("AddUserToGroup", {**given, **user})
        return str(user["UserName"])

    def _list_ListGroupsForUser(self, given: dict[str, Any]) -> str:
        group = self._make_Group()
        reply = self.caller.call(self.service, "AddUserToGroup", {**given, **group})
        return str(group["GroupName"]) if reply.status < 300 else ""

    def _list_ListUserTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagUser", given)

    def _list_ListMFADeviceTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagMFADevice", given)

    def _list_ListServerCertificateTags(self, given: dict[str, Any]) -> str:
        return self._tag("TagServerCertificate", given)

    def _list_ListAccessKeys(self, given: dict[str, Any]) -> str:
        return self._if_room("CreateAccessKey", given, "AccessKey", "AccessKeyId")

    def _list_ListSigningCertificates(self, given: dict[str, Any]) -> str:
        given = self._for_UploadSigningCertificate(given)
        return self._if_room("UploadSigningCertificate", given, "Certificate", "CertificateId")

    def _list_ListSSHPublicKeys(self, given: dict[str, Any]) -> str:
        given = self._for_UploadSSHPublicKey(given)
        return self._if_room("UploadSSHPublicKey", given, "SSHPublicKey", "SSHPublicKeyId")

    def _list_ListMFADevices(self, given: dict[str, Any]) -> str:
        enabling = self._for_EnableMFADevice(given)
        reply = self.caller.call(self.service, "EnableMFADevice", enabling)
        return str(enabling["SerialNumber"]) if reply.status < 300 else ""

    def _list_ListAccountAliases(self, _given: dict[str, Any]) -> str:
        alias = self._for_CreateAccountAlias({})
        there = self.does("ListAccountAliases", {}).get("AccountAliases")
        return "" if there else self.does("CreateAccountAlias", alias) or alias["AccountAlias"]

    def _if_room(self, operation: str, given: dict[str, Any], member: str, name: str) -> str:
        """The name of one more, or nothing when there are as many as there may be."""
        reply = self.caller.call(self.service, operation, given)
        return str(reply.output[member][name]) if reply.status < 300 else ""

    def _tag(self, operation: str, given: dict[str, Any]) -> str:
        key = fresh("key")
        self.does(operation, {**given, "Tags": [{"Key": key, "Value": "v"}]})
        return key
