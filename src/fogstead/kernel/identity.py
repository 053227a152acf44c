"""Who is calling, and where secrets come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Protocol

from fogstead.primitives.clock import Millis

ROOT_SECRET = "test"  # noqa: S105 - the convention of the field, refused beyond loopback
DEFAULT_ACCOUNT = "000000000000"
_ACCOUNT_DIGITS = 12

Kind = Literal["root", "user", "role", "federated", "web", "service", "anonymous"]


@dataclass(frozen=True, slots=True)
class Session:
    """What temporary credentials carry. Times are cloud time.

    `policies` and `policy_arns` narrow what the issuer may. `issuer_arn` is the role's, or that of the user of a
    federated session. `source_identity` and the tags named in `transitive` are handed on to roles assumed from here.
    """

    issued_at: Millis
    expires_at: Millis
    name: str = ""
    issuer_arn: str = ""
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    source_identity: str = ""
    mfa_at: Millis = 0
    provider: str = ""
    transitive: tuple[str, ...] = ()
    chained: bool = False
    """Whether it was assumed with another role's credentials."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `account` is empty for services, anonymous callers and web identities; `name` is a user's or role's."""

    kind: Kind
    account: str
    arn: str
    user_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    """A session's tags; those of users and roles come with their `Standing`."""
    name: str = ""
    session: Session | None = None
    access_key: str = ""

    @property
    def identity_arn(self) -> str:
        """Whose permissions it has: a session's role, or itself."""
        return self.session.issuer_arn if self.kind == "role" and self.session is not None else self.arn

    @property
    def is_root(self) -> bool:
        """Whether it is an account's root, whom identity policies do not bind."""
        return self.kind == "root"


def root_of(account: str) -> Principal:
    """An account's root."""
    return Principal("root", account, f"arn:aws:iam::{account}:root", account)


def service_principal(host: str) -> Principal:
    """A service calling on its own behalf, such as `s3.amazonaws.com`."""
    return Principal("service", "", host, host)


ANONYMOUS = Principal("anonymous", "", "*", "ANONYMOUS_PRINCIPAL")


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key's secret and the principal it speaks for."""

    access_key: str
    secret: str
    principal: Principal
    session_token: str | None = None


@lru_cache(maxsize=4096)
def canonical_id(account: str) -> str:
    """The id by which access control lists know an account: 64 hexadecimal digits that follow from its number."""
    return hashlib.sha256(f"fogstead canonical user id {account}".encode()).hexdigest()


class CredentialSource(Protocol):
    """Access keys that are known without looking anything up."""

    def find(self, access_key: str) -> Credential | None:
        """The key's credential, or None when it is not one of these."""


class RootKeys:
    """The keys every cloud starts with: `test` for the default account, an account's number for that account.

    Their secret is public, so they are only good where the listener is on loopback, unless the operator insists.
    """

    def __init__(self) -> None:
        self._made: dict[str, Credential] = {}

    def find(self, access_key: str) -> Credential | None:
        """See `CredentialSource`."""
        known = self._made.get(access_key)
        if known is None:
            account = DEFAULT_ACCOUNT if access_key == "test" else access_key
            if not is_account(account):
                return None
            known = Credential(access_key, ROOT_SECRET, root_of(account))
            if len(self._made) < 4096:
                self._made[access_key] = known
        return known


class NoKeys:
    """No access key is good."""

    def find(self, access_key: str) -> Credential | None:
        """See `CredentialSource`."""
        return None


def is_account(text: str) -> bool:
    """Whether it is twelve digits."""
    return len(text) == _ACCOUNT_DIGITS and text.isascii() and text.isdigit()
