"""The port to those who keep users, roles and keys: what the kernel must know of them before any call can run.

Every function runs in a transaction of the account's own home (no Region). IAM implements it, in `authority.py` of its
folder; a cloud without IAM has roots and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fogstead.kernel.identity import Principal
from fogstead.kernel.standing import Standing

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """An active access key: its secret, and the user or root it speaks for."""

    secret: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role, as far as assuming it goes. `trust` is its trust policy's text."""

    arn: str
    name: str
    role_id: str
    trust: str
    session_seconds_max: int
    tags: Mapping[str, str] = field(default_factory=dict)
    service_linked: bool = False


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """An identity provider: its URL without scheme, whom its tokens may be for, and the certificates it may show."""

    arn: str
    url: str
    client_ids: tuple[str, ...]
    thumbprints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastUse:
    """The last use of a key or role: cloud time, service and Region; and whose it is."""

    at: int
    service: str
    region: str
    account: str


class Authority(Protocol):
    """Users, roles, keys and providers of the account whose transaction it is."""

    def access_key(self, tx: Transaction, access_key: str) -> KeyFacts | None:
        """The key if it is there and active."""

    def standing(self, tx: Transaction, principal: Principal) -> Standing | None:
        """What binds a user, role or federated session; None when whoever it stood for is gone."""

    def role(self, tx: Transaction, name: str) -> RoleFacts | None:
        """The role of that name."""

    def provider(self, tx: Transaction, arn: str) -> ProviderFacts | None:
        """The OpenID Connect provider with that ARN."""

    def check_mfa(self, tx: Transaction, user_name: str, serial: str, code: str) -> bool:
        """Whether a device of that user (the root when empty) shows this code; a code is good once."""

    def note_use(self, tx: Transaction, used: Mapping[str, LastUse]) -> None:
        """Keep when access keys and roles were last used, by key id or role ARN; called now and then, not each time."""


class NoAuthority:
    """Nobody but roots."""

    def access_key(self, tx: Transaction, access_key: str) -> KeyFacts | None:
        """See `Authority`."""
        return None

    def standing(self, tx: Transaction, principal: Principal) -> Standing | None:
        """See `Authority`."""
        return None

    def role(self, tx: Transaction, name: str) -> RoleFacts | None:
        """See `Authority`."""
        return None

    def provider(self, tx: Transaction, arn: str) -> ProviderFacts | None:
        """See `Authority`."""
        return None

    def check_mfa(self, tx: Transaction, user_name: str, serial: str, code: str) -> bool:
        """See `Authority`."""
        return False

    def note_use(self, tx: Transaction, used: Mapping[str, LastUse]) -> None:
        """See `Authority`."""
