"""The credential report: one line for the root and each user, put together by a job some users at a time.

Source: IAM User Guide, "Generate credential reports for your AWS account" (columns, values, four hours).
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.iam.access_keys import AccessKey
from fogstead.services.iam.belongings import Belonging, belongings
from fogstead.services.iam.last_uses import last_use
from fogstead.services.iam.login_profiles import LoginProfile
from fogstead.services.iam.password_policies import password_rules
from fogstead.services.iam.service import (
    CredentialReportExpired,
    CredentialReportNotPresent,
    CredentialReportNotReady,
    iam,
)
from fogstead.services.iam.signing_certificates import SigningCertificate
from fogstead.services.iam.users import ACCOUNTS_BEGIN, User

if TYPE_CHECKING:
    from fogstead.shapes.iam import GenerateCredentialReportResponse, GetCredentialReportResponse, NoInput

GOOD_FOR_MILLIS: Final = 4 * 3_600_000
_DAY_MILLIS: Final = 86_400_000
_USERS_A_STEP: Final = 200
_PARTS_MAX: Final = 1_000
_JOB: Final = "iam.credential_report"
_REPORT: Final = pack("iam-report")
_PARTS: Final = pack("iam-report-part")
_KEY_COLUMNS: Final = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS: Final = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")),
)


class Report(msgspec.Struct, frozen=True, array_like=True):
    """`generated_at` is 0 while it is being put together; the parts of its text are rows."""

    generated_at: Millis = 0
    parts: int = 0


_codec: RecordCodec[Report] = RecordCodec(Report)


@iam.operation()
def generate_credential_report(tx: Transaction, req: NoInput) -> GenerateCredentialReportResponse:  # noqa: ARG001
    """A report that is less than four hours old is good still."""
    report = _report(tx)
    if report is not None and report.generated_at and not _is_old(tx, report):
        return {"State": "COMPLETE"}
    if report is not None and not report.generated_at:
        return {"State": "INPROGRESS"}
    tx.keys.put(tx.home.prefix + _REPORT, _codec.encode(Report()))
    tx.schedule(_JOB, {"after": b""}, at=tx.now, name="one")
    described = "No report exists. Starting a new report generation task"
    return {"State": "STARTED", "Description": described}


@iam.operation()
def get_credential_report(tx: Transaction, req: NoInput) -> GetCredentialReportResponse:  # noqa: ARG001
    """The report as it was when it was generated."""
    report = _report(tx)
    if report is None:
        raise CredentialReportNotPresent
    if not report.generated_at:
        raise CredentialReportNotReady
    if _is_old(tx, report):
        raise CredentialReportExpired
    prefix = tx.home.prefix + _PARTS
    parts = tx.keys.scan(prefix, end_of(prefix), limit=_PARTS_MAX)
    content = b"".join(part for _, part in parts)
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": report.generated_at}


@job(_JOB)
def report_on_users(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Some more lines of the report, and the next step of it."""
    report = _report(tx) or Report()
    after_key: Key = arguments["after"]
    users = []
    for user in tx.all(User, after_key=after_key or None):
        users.append(user)
        if len(users) == _USERS_A_STEP:
            break
    if not after_key:
        _forget_parts(tx)
    lines = [_line_of(tx, user) for user in users]
    text = _as_csv(lines if after_key else [list(COLUMNS), _line_of_root(tx), *lines])
    tx.keys.put(_part(tx, report.parts), text)
    done = len(users) < _USERS_A_STEP
    tx.keys.put(
        tx.home.prefix + _REPORT, _codec.encode(Report(generated_at=tx.now if done else 0, parts=report.parts + 1))
    )
    if not done:
        tx.schedule(_JOB, {"after": users[-1].locator.packed}, at=tx.now, name="one")


def _report(tx: Transaction) -> Report | None:
    row = tx.keys.get(tx.home.prefix + _REPORT)
    return None if row is None else _codec.decode(row)


def _is_old(tx: Transaction, report: Report) -> bool:
    return tx.now - report.generated_at >= GOOD_FOR_MILLIS


def _part(tx: Transaction, number: int) -> Key:
    return tx.home.prefix + _PARTS + pack_int(number)


def _forget_parts(tx: Transaction) -> None:
    prefix = tx.home.prefix + _PARTS
    tx.keys.delete_range(prefix, end_of(prefix), limit=_PARTS_MAX)


def _line_of(tx: Transaction, user: User) -> list[str]:
    return [
        *(user.name, user.arn, _date(user.created_at)),
        *_password(tx, user),
        _truth(bool(user.devices)),
        *_keys_and_certificates(tx, user.unique_id),
    ]


def _line_of_root(tx: Transaction) -> list[str]:
    account = tx.home.account
    return [
        *("<root_account>", f"arn:aws:iam::{account}:root", _date(ACCOUNTS_BEGIN)),
        *("not_supported", "no_information", "not_supported", "not_supported", "false"),
        *_keys_and_certificates(tx, account),
    ]


def _password(tx: Transaction, user: User) -> list[str]:
    profile = tx.find(LoginProfile, user.unique_id)
    if profile is None:
        return ["false", "N/A", "N/A", "N/A"]
    rules = password_rules(tx)
    days = rules.age_max_days if rules is not None else 0
    used = _date(user.last_password_use) if user.last_password_use else "no_information"
    rotated = _date(profile.changed_at + days * _DAY_MILLIS) if days else "N/A"
    return ["true", used, _date(profile.changed_at), rotated]


def _keys_and_certificates(tx: Transaction, owner: str) -> list[str]:
    keys: list[AccessKey | None] = [*belongings(tx, AccessKey, owner)[:2]]
    certificates: list[SigningCertificate | None] = [*belongings(tx, SigningCertificate, owner)[:2]]
    return [
        *(value for key in _two(keys) for value in _key(tx, key)),
        *(value for one in _two(certificates) for value in _state(one)),
    ]


def _two(some: list[Any]) -> list[Any]:
    return [*some, None, None][:2]


def _key(tx: Transaction, key: AccessKey | None) -> list[str]:
    use = last_use(tx, key.id) if key is not None else None
    if use is None:
        return [*_state(key), "N/A", "N/A", "N/A"]
    return [*_state(key), _date(use.at), use.region, use.service]


def _state(one: Belonging | None) -> list[str]:
    return ["false", "N/A"] if one is None else [_truth(one.status == "Active"), _date(one.created_at)]


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _date(millis: Millis) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).isoformat()


def _as_csv(lines: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode()
