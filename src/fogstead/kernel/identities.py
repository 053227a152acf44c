"""Who access keys speak for and what binds them, remembered.

Looking a key or its policies up takes a transaction in the account's own home; what it found is kept until something of
that account's identities changes, and dropped in the commit that changes it. So a revoked key is refused before the
revoking call is answered, and a thousand calls with the same key read nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from fogstead.kernel.access_keys import account_of
from fogstead.kernel.errors import declare
from fogstead.kernel.identity import Credential, Principal
from fogstead.kernel.resource import home_of
from fogstead.kernel.sessions import open_token
from fogstead.kernel.standing import EVERYTHING, NOTHING, Standing

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud
    from fogstead.kernel.transaction import Transaction

T = TypeVar("T")
_KEYS_MAX = 20_000
_STANDINGS_MAX = 2_000
_SESSIONS_MAX = 4_096
_RENEWED_BEFORE = 300_000

ExpiredToken = declare(
    "ExpiredToken", "ExpiredTokenException", "The security token included in the request is expired", 403
)
Gone = declare(
    "UnknownKey", "UnrecognizedClientException", "The security token included in the request is invalid.", 403
)
"""The user or role that a principal stands for is no more."""

StandingKey = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]


class Unread(Exception):
    """It is not known yet whose key this is: `await load(...)`, then ask again."""

    def __init__(self, access_key: str, token: str | None) -> None:
        super().__init__(access_key)
        self.access_key = access_key
        self.token = token


@dataclass(slots=True)
class _Account:
    """What is remembered of one account. None: looked for, and not there."""

    keys: dict[str, Credential | None] = field(default_factory=dict)
    standings: dict[StandingKey, Standing | None] = field(default_factory=dict)


class Identities:
    """Keys, sessions and standings of all accounts, as far as they were asked for lately."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._accounts: dict[str, _Account] = {}
        self._sessions: dict[str, Credential] = {}
        self._assumed: dict[tuple[str, str, str], Principal] = {}
        self._changes = 0
        self._changed: dict[str, int] = {}
        self._changed_floor = 0
        self._keys = 0
        self._standings = 0

    # ------------------------------------------------------------- who
    def find(self, access_key: str, token: str | None) -> Credential | None:
        """Whom a key speaks for; None when nobody; Unread, or ExpiredToken."""
        known = self._cloud.credentials.find(access_key)
        if known is not None:
            return known if not token else None
        try:
            found = self._session(access_key, token) if token else self._key(access_key)
            if found is not None and self._binds(found.principal) and self._known_standing(found.principal) is None:
                return None
        except KeyError:
            raise Unread(access_key, token) from None
        return found

    async def load(self, access_key: str, token: str | None) -> None:
        """Look up what `find` did not know."""
        if not token:
            found = await self._load_key(access_key)
        else:
            found = open_token(self._cloud.vault, access_key, token)
        if found is not None and self._binds(found.principal):
            await self.load_standing(found.principal)

    def _key(self, access_key: str) -> Credential | None:
        account = account_of(access_key)
        if not account:
            return None
        return self._accounts[account].keys[access_key]

    def _session(self, access_key: str, token: str) -> Credential | None:
        found = self._sessions.get(token)
        if found is None:
            found = open_token(self._cloud.vault, access_key, token)
            if found is None:
                return None
            if len(self._sessions) >= _SESSIONS_MAX:
                self._sessions.clear()
            self._sessions[token] = found
        session = found.principal.session
        if found.access_key != access_key or session is None:
            return None
        if session.expires_at <= self._cloud.clock.now():
            raise ExpiredToken
        return found

    # ------------------------------------------------------------- what binds them
    def standing(self, principal: Principal, tx: Transaction) -> Standing:
        """What binds a principal; asked for where it is not known. `Gone` when nobody stands behind it any more."""
        if principal.is_root:
            return EVERYTHING
        if not self._binds(principal):
            return NOTHING
        try:
            known = self._known_standing(principal)
        except KeyError:
            known = tx.ask(("standing", _standing_key(principal)), lambda _call: self.load_standing(principal))
        if known is None:
            raise Gone
        return known

    async def standing_of(self, principal: Principal) -> Standing:
        """The same, where there is time to look."""
        if principal.is_root:
            return EVERYTHING
        if not self._binds(principal):
            return NOTHING
        try:
            known = self._known_standing(principal)
        except KeyError:
            known = await self.load_standing(principal)
        if known is None:
            raise Gone
        return known

    @staticmethod
    def _binds(principal: Principal) -> bool:
        return principal.kind in {"user", "role", "federated"}

    def _known_standing(self, principal: Principal) -> Standing | None:
        return self._accounts[principal.account].standings[_standing_key(principal)]

    async def load_standing(self, principal: Principal) -> Standing | None:
        """Read what binds a principal, and remember it unless it changed meanwhile."""
        account, before = principal.account, self._changes
        found = await self._read(account, lambda tx: self._cloud.authority.standing(tx, principal))
        if self._standings >= _STANDINGS_MAX:
            self._forget_all()
        if self._unchanged(account, before):
            self._accounts.setdefault(account, _Account()).standings[_standing_key(principal)] = found
            self._standings += 1
        return found

    async def _load_key(self, access_key: str) -> Credential | None:
        account, before = account_of(access_key), self._changes
        facts = await self._read(account, lambda tx: self._cloud.authority.access_key(tx, access_key))
        found = None if facts is None else Credential(access_key, facts.secret, facts.principal)
        if self._keys >= _KEYS_MAX:
            self._forget_all()
        if self._unchanged(account, before):
            self._accounts.setdefault(account, _Account()).keys[access_key] = found
            self._keys += 1
        return found

    def _unchanged(self, account: str, before: int) -> bool:
        return self._changed.get(account, self._changed_floor) <= before

    async def _read(self, account: str, read: Callable[[Transaction], T]) -> T:
        return await self._cloud.transact(home_of(account, ""), read, read_only=True)

    async def role_session(
        self, role_arn: str, name: str, source: str, assume: Callable[..., Awaitable[Mapping[str, Any]]]
    ) -> Principal:
        """A role as a service takes it on behalf of a resource, assumed again when it is about to expire."""
        key = (role_arn, name, source)
        known = self._assumed.get(key)
        now = self._cloud.clock.now()
        if known is not None and known.session is not None and known.session.expires_at > now + _RENEWED_BEFORE:
            return known
        answer = await assume(RoleArn=role_arn, RoleSessionName=name)
        given = answer["Credentials"]
        opened = open_token(self._cloud.vault, given["AccessKeyId"], given["SessionToken"])
        assert opened is not None
        if len(self._assumed) >= _SESSIONS_MAX:
            self._assumed.clear()
        self._assumed[key] = opened.principal
        return opened.principal

    # ------------------------------------------------------------- changes
    def drop(self, account: str) -> None:
        """Something of the account's identities has changed."""
        if len(self._changed) >= _KEYS_MAX:
            self._changed.clear()
            self._changed_floor = self._changes
        self._changes += 1
        self._changed[account] = self._changes
        self._accounts.pop(account, None)
        self._assumed.clear()

    def _forget_all(self) -> None:
        self._accounts.clear()
        self._keys = self._standings = 0


def _standing_key(principal: Principal) -> StandingKey:
    """By the unique id too: one that has taken the name of another is somebody else."""
    session, unique_id = principal.session, principal.user_id.partition(":")[0]
    if session is None:
        return principal.kind, principal.name, unique_id, (), ()
    issuer = session.issuer_arn or principal.name
    return principal.kind, issuer, unique_id, session.policies, session.policy_arns
