"""Whether a bucket policy is public, as Block Public Access understands it.

Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fogstead.kernel import public_policies
from fogstead.kernel.public_policies import IsFixed, is_fixed

_ACCESS_POINT_ARN = re.compile(r"arn:[^:]*:s3:[^:]*:[0-9]{12}:accesspoint/.*", re.DOTALL)


def is_public(policy_text: str) -> bool:
    """Whether the policy grants anything to the public; a text that is no policy is taken for public."""
    return public_policies.is_public(policy_text, _OWN_KEYS)


def _is_in_fixed_account(value: Any) -> bool:
    """The ARN of access points may leave their names open, if it names the account."""
    return is_fixed(value) or (
        isinstance(value, str) and "${" not in value and bool(_ACCESS_POINT_ARN.fullmatch(value))
    )


_OWN_KEYS: Mapping[str, IsFixed] = {
    "s3:x-amz-server-side-encryption-aws-kms-key-id": is_fixed,
    "s3:dataaccesspointaccount": is_fixed,
    "s3:dataaccesspointarn": _is_in_fixed_account,
}
