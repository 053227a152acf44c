"""What S3 tells browsers about pages of other origins, for preflights and for the requests behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fogstead.kernel.endpoints import Headers, OriginQuestion
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import cors, cors_rules
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.cors_rules import CorsRule
from fogstead.services.s3.service import MethodNotAllowed, NoSuchBucket

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud


async def origin_rules(cloud: Cloud, question: OriginQuestion) -> Headers | None:
    """The headers by the rules of the bucket that is asked for; see `kernel.endpoints.OriginRules`.

    Of a preflight: BadRequest, AccessForbidden, NoSuchBucket, and MethodNotAllowed where no bucket is named.
    """
    name, _, key = question.path[1:].partition("/")
    if question.method != "OPTIONS":
        rules = (await _read(cloud, name))[1] if name else None
        return list(cors_rules.for_answer(rules, question.headers, question.method).items()) or None
    if not name:
        raise MethodNotAllowed(Method="OPTIONS", ResourceType="SERVICE")
    exists, rules = await _read(cloud, name)
    if not exists:
        raise NoSuchBucket(BucketName=name)
    return list(cors_rules.preflight(rules, question.headers, "OBJECT" if key else "BUCKET").items())


async def _read(cloud: Cloud, name: str) -> tuple[bool, Sequence[CorsRule] | None]:
    return await cloud.transact(home_of("", ""), _rules_in, name, read_only=True)


def _rules_in(tx: Transaction, name: str) -> tuple[bool, Sequence[CorsRule] | None]:
    bucket = tx.find(Bucket, name)
    return bucket is not None, cors.rules_of(bucket) if bucket is not None else None


ORIGIN_RULES = origin_rules
