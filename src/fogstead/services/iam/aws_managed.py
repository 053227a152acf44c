"""AWS's own managed policies: read only, the same for every account, kept in an archive beside this file.

The archive says where its documents come from (`SOURCE`) and is made by `tools/pack_aws_policies.py`. Of each policy it
has the default version alone. AWS's ids and descriptions of them are not in the source: ids here follow from ARNs.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

ARN_PREFIX = "arn:aws:iam::aws:policy"
_DOCUMENTS_REMEMBERED = 256


class AwsPolicy(NamedTuple):
    """A policy of AWS's. Times are milliseconds."""

    name: str
    path: str
    version: str
    created_at: int
    updated_at: int

    @property
    def arn(self) -> str:
        """By which it is attached."""
        return f"{ARN_PREFIX}{self.path}{self.name}"

    @property
    def unique_id(self) -> str:
        """Not the one that AWS has, which the source does not tell."""
        return "ANPA" + base64.b32encode(hashlib.sha256(self.arn.encode()).digest()).decode("ascii")[:17]

    @property
    def document(self) -> str:
        """Its text, laid out as AWS's are."""
        return _document(self.name)


def find(arn: str) -> AwsPolicy | None:
    """The policy that an ARN names exactly, path and all."""
    policy = every().get(arn.rpartition("/")[2])
    return policy if policy is not None and policy.arn == arn else None


@lru_cache(maxsize=1)
def every() -> Mapping[str, AwsPolicy]:
    """All of them by name, in the order of names."""
    index = json.loads(_archive().read("index.json"))
    return {name: AwsPolicy(name, *facts) for name, facts in sorted(index.items())}


@lru_cache(maxsize=_DOCUMENTS_REMEMBERED)
def _document(name: str) -> str:
    return json.dumps(json.loads(_archive().read(f"{name}.json")), indent=4)


@lru_cache(maxsize=1)
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(files(__package__).joinpath("aws_managed.zip").read_bytes()))
