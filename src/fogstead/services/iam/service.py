"""IAM: what it refuses and limits.

Limits are the defaults of the IAM User Guide, "IAM and AWS STS quotas"; the names are those that its sentences use.
Names are checked by the model; where AWS has a sentence of its own for a wrong name or path, it stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.errors import QueryValidationError, ServiceError
from fogstead.kernel.identities import Gone
from fogstead.kernel.identity import Principal
from fogstead.kernel.quotas import Quota
from fogstead.kernel.service import Service
from fogstead.model.validation import Fault, describe
from fogstead.primitives.store import end_of

if TYPE_CHECKING:
    from fogstead.kernel.resource import Resource
    from fogstead.kernel.transaction import Transaction

iam = Service("iam", scope="account")

NoSuchEntity = iam.error("NoSuchEntityException", "The request referenced an entity that does not exist.")
EntityAlreadyExists = iam.error("EntityAlreadyExistsException", "The entity already exists.")
UnmodifiableEntity = iam.error("UnmodifiableEntityException", "Only the service that made this role can change it.")
DeleteConflict = iam.error("DeleteConflictException", "Cannot delete entity, must delete referenced objects first.")
LimitExceeded = iam.error("LimitExceededException", "The request exceeds the quotas of the account.")
InvalidInput = iam.error("InvalidInputException", "A parameter has an invalid value.")
MalformedPolicyDocument = iam.error("MalformedPolicyDocumentException", "Syntax errors in policy.")
PolicyNotAttachable = iam.error("PolicyNotAttachableException", "The policy cannot be attached.")
PolicyEvaluation = iam.error("PolicyEvaluationException", "The policy could not be evaluated.")
PasswordPolicyViolation = iam.error(
    "PasswordPolicyViolationException", "Password does not conform to the account password policy."
)
InvalidUserType = iam.error("InvalidUserTypeException", "Only IAM users can change their own password.")
InvalidAuthenticationCode = iam.error(
    "InvalidAuthenticationCodeException", "Authentication code for device is not valid."
)
MalformedCertificate = iam.error("MalformedCertificateException", "Unable to parse certificate.")
DuplicateCertificate = iam.error("DuplicateCertificateException", "The certificate is associated with a user already.")
KeyPairMismatch = iam.error("KeyPairMismatchException", "The private key does not match the certificate.")
InvalidPublicKey = iam.error("InvalidPublicKeyException", "The public key is malformed or otherwise invalid.")
DuplicateSSHPublicKey = iam.error(
    "DuplicateSSHPublicKeyException", "The SSH public key is associated with the user already."
)
UnrecognizedPublicKeyEncoding = iam.error(
    "UnrecognizedPublicKeyEncodingException", "The public key encoding format is unsupported or unrecognized."
)
CredentialReportNotPresent = iam.error(
    "CredentialReportNotPresentException", "There is no credential report. Generate one first."
)
CredentialReportNotReady = iam.error("CredentialReportNotReadyException", "The credential report is being generated.")
CredentialReportExpired = iam.error(
    "CredentialReportExpiredException", "The credential report is more than four hours old. Generate a new one."
)
ValidationError = iam.error("ValidationError", "The request does not satisfy the constraints.", status=400)

users_max = iam.quota("UsersPerAccount", default=5_000)
groups_max = iam.quota("GroupsPerAccount", default=300)
groups_per_user_max = iam.quota("GroupsPerUser", default=10)
access_keys_max = iam.quota("AccessKeysPerUser", default=2)
mfa_devices_max = iam.quota("MFADevicesPerUser", default=8)
virtual_devices_max = iam.quota("VirtualMFADevicesPerAccount", default=5_000)
signing_certificates_max = iam.quota("SigningCertificatesPerUser", default=2)
ssh_keys_max = iam.quota("SSHPublicKeysPerUser", default=5)
server_certificates_max = iam.quota("ServerCertificatesPerAccount", default=20)
roles_max = iam.quota("RolesPerAccount", default=1_000)
instance_profiles_max = iam.quota("InstanceProfilesPerAccount", default=1_000)
policies_max = iam.quota("PoliciesPerAccount", default=1_500)
policies_per_user_max = iam.quota("PoliciesPerUser", default=10)
policies_per_group_max = iam.quota("PoliciesPerGroup", default=10)
policies_per_role_max = iam.quota("PoliciesPerRole", default=10)
versions_per_policy_max = iam.quota("VersionsPerPolicy", default=5)
oidc_providers_max = iam.quota("OpenIDConnectProvidersPerAccount", default=100)


def room_for_one_more(tx: Transaction, quota: Quota, there: int) -> None:
    """LimitExceeded, in the sentence that AWS has for it, when as many are there as the quota allows."""
    limit = tx.cloud.quotas.limit(tx.home.account, quota)
    if there >= limit:
        raise LimitExceeded(f"Cannot exceed quota for {quota.name}: {limit}")


def room_in_account(tx: Transaction, cls: type[Resource], quota: Quota) -> None:
    """The same, for all resources of a kind in the account."""
    base = tx.home.prefix + cls.collection
    limit = tx.cloud.quotas.limit(tx.home.account, quota)
    room_for_one_more(tx, quota, tx.keys.count(base, end_of(base), limit=limit))


_PATH_CHARACTERS = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
_NAME_CHARACTERS = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
_OWN_SENTENCES = {
    **dict.fromkeys(("path", "newPath"), _PATH_CHARACTERS),
    **dict.fromkeys(
        (
            "userName",
            "newUserName",
            "groupName",
            "newGroupName",
            "roleName",
            "policyName",
            "instanceProfileName",
            "serverCertificateName",
            "newServerCertificateName",
            "virtualMFADeviceName",
        ),
        _NAME_CHARACTERS,
    ),
}


def _validation_error(faults: list[Fault]) -> ServiceError:
    """A name or path with a wrong character has a sentence of its own, when nothing else is wrong."""
    first = faults[0]
    if len(faults) == 1 and "regular expression" in first.constraint and first.path in _OWN_SENTENCES:
        return QueryValidationError(f"The specified value for {first.path} is invalid. {_OWN_SENTENCES[first.path]}")
    return QueryValidationError(describe(faults))


def _refusal(caller: Principal, _operation: str) -> ServiceError | None:
    """Sessions of users need MFA, those of federated users are refused. Source: STS API reference, "Permissions" of
    GetSessionToken and GetFederationToken; AWS tells them that it does not know their token."""
    if caller.session is None or caller.kind == "role":
        return None
    return None if caller.session.mfa_at and caller.kind != "federated" else Gone()


iam.validation_error = _validation_error
iam.page_token_error = ValidationError
iam.refuses_caller = _refusal
