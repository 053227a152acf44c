"""Names of trails and of what is delivered, as CloudTrail writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from fogstead.primitives.clock import Millis
from fogstead.services.cloudtrail.service import InvalidS3BucketName, InvalidS3Prefix, InvalidTrailName

NAME_MIN: Final = 3
NAME_MAX: Final = 128
PREFIX_MAX: Final = 200
_ALLOWED = re.compile(r"[A-Za-z0-9._-]+\Z")
_ADJACENT = re.compile(r"[._-]{2}")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}\Z")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")


def check_trail_name(name: str) -> None:
    """InvalidTrailNameException unless it is one. Source: CloudTrail API reference, CreateTrail."""
    if len(name) < NAME_MIN:
        raise InvalidTrailName(
            f"Trail name too short. Minimum allowed length: {NAME_MIN} characters. "
            f"Specified name length: {len(name)} characters."
        )
    if len(name) > NAME_MAX:
        raise InvalidTrailName(
            f"Trail name too long. Maximum allowed length: {NAME_MAX} characters. "
            f"Specified name length: {len(name)} characters."
        )
    if _ALLOWED.match(name) is None:
        raise InvalidTrailName(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    if not name[0].isalnum():
        raise InvalidTrailName("Trail name must starts with a letter or number.")
    if not name[-1].isalnum():
        raise InvalidTrailName("Trail name must ends with a letter or number.")
    if _ADJACENT.search(name):
        raise InvalidTrailName("Trail name cannot have adjacent periods, underscores or hyphens.")
    if _ADDRESS.match(name):
        raise InvalidTrailName("Trail name must not be in IP address format.")


def check_bucket(bucket: str, prefix: str) -> None:
    """Where log files go; InvalidS3BucketNameException, InvalidS3PrefixException."""
    if _BUCKET.match(bucket) is None:
        raise InvalidS3BucketName(f"S3 bucket name {bucket} is not valid.")
    if len(prefix) > PREFIX_MAX:
        raise InvalidS3Prefix


def below(prefix: str, account: str, kind: str) -> str:
    """The folder of an account's log files (`CloudTrail`) or digest files (`CloudTrail-Digest`)."""
    return f"{prefix}/AWSLogs/{account}/{kind}/" if prefix else f"AWSLogs/{account}/{kind}/"


def log_file(prefix: str, account: str, region: str, at: Millis, unique: str) -> str:
    """The key of a log file, of the minute in which it was delivered; `unique` is 16 letters and digits."""
    moment = _moment(at)
    return (
        f"{below(prefix, account, 'CloudTrail')}{region}/{moment:%Y/%m/%d}/"
        f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
    )


def digest_file(prefix: str, account: str, region: str, trail: str, home_region: str, at: Millis) -> str:
    """The key of a digest file, by the second at which its time ends."""
    moment = _moment(at)
    return (
        f"{below(prefix, account, 'CloudTrail-Digest')}{region}/{moment:%Y/%m/%d}/"
        f"{account}_CloudTrail-Digest_{region}_{trail}_{home_region}_{moment:%Y%m%dT%H%M%SZ}.json.gz"
    )


def iso(at: Millis) -> str:
    """`2026-11-22T04:38:00Z`."""
    return f"{_moment(at):%Y-%m-%dT%H:%M:%SZ}"


def _moment(at: Millis) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC)
