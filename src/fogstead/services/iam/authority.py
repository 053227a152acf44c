"""What the kernel has to know of users, roles and keys; see `kernel/authority.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fogstead.kernel.authority import Authority, KeyFacts, LastUse, ProviderFacts, RoleFacts
from fogstead.kernel.identity import Principal, root_of
from fogstead.kernel.standing import Standing
from fogstead.services.iam.access_keys import find_access_key
from fogstead.services.iam.last_uses import note_uses
from fogstead.services.iam.mfa_devices import shows_code
from fogstead.services.iam.names import by_id, named
from fogstead.services.iam.standings import provider_facts, role_facts, standing_of
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction


class AccountAuthority:
    """The users, roles and keys of an account as IAM keeps them."""

    def access_key(self, tx: Transaction, access_key: str) -> KeyFacts | None:
        """See `Authority`."""
        key = find_access_key(tx, access_key)
        if key is None or key.status != "Active":
            return None
        if key.owner == tx.home.account:
            return KeyFacts(key.secret(tx), root_of(tx.home.account))
        user = by_id(tx, key.owner)
        assert user is not None, "a user's keys are deleted before it"
        principal = Principal("user", tx.home.account, user.arn, user.unique_id, name=user.name, access_key=access_key)
        return KeyFacts(key.secret(tx), principal)

    def standing(self, tx: Transaction, principal: Principal) -> Standing | None:
        """See `Authority`."""
        return standing_of(tx, principal)

    def role(self, tx: Transaction, name: str) -> RoleFacts | None:
        """See `Authority`."""
        return role_facts(tx, name)

    def provider(self, tx: Transaction, arn: str) -> ProviderFacts | None:
        """See `Authority`."""
        return provider_facts(tx, arn)

    def check_mfa(self, tx: Transaction, user_name: str, serial: str, code: str) -> bool:
        """See `Authority`; roots have no devices here."""
        user = named(tx, User, user_name)
        return user is not None and shows_code(tx, user, serial, code)

    def note_use(self, tx: Transaction, used: Mapping[str, LastUse]) -> None:
        """See `Authority`."""
        note_uses(tx, used)


AUTHORITY: Final[Authority] = AccountAuthority()
