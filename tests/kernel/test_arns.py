"""ARNs, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.arns import Arn, partition_of

PART = st.text(st.characters(codec="utf-8", exclude_characters=":"))
FILLED = PART.filter(bool)


@given(FILLED, FILLED, PART, PART, st.text(st.characters(codec="utf-8"), min_size=1))
def test_parsing_what_was_formatted_gives_the_same_arn(
    partition: str, service: str, region: str, account: str, resource: str
) -> None:
    arn = Arn(partition, service, region, account, resource)
    assert Arn.parse(str(arn)) == arn


def test_a_resource_may_hold_colons_and_slashes() -> None:
    arn = Arn.parse("arn:aws:logs:us-east-1:111111111111:log-group:/a/b:log-stream:c")
    assert arn == Arn("aws", "logs", "us-east-1", "111111111111", "log-group:/a/b:log-stream:c")


@pytest.mark.parametrize(
    "text",
    ["", "arn", "arn:aws:s3:::", "arn::s3:::b", "arn:aws::::b", "urn:aws:s3:::b", "arn:aws:s3:us-east-1:b", "::::: "],
)
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not an ARN: "):
        Arn.parse(text)


def test_the_refusal_of_a_long_text_is_short() -> None:
    with pytest.raises(ValueError) as caught:
        Arn.parse("x" * 100_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("us-iso-west-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_region_lies_in_its_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition
