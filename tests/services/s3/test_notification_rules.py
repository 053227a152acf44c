"""What notification configurations may say, without a cloud."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import NotImplementedHere
from fogstead.services.s3.notification_rules import shown, targets_of
from fogstead.services.s3.service import InvalidArgument

ARN = "arn:aws:sqs:eu-west-1:111111111111:q"
KEYS = ["".join(signs) for length in range(6) for signs in itertools.product("ab", repeat=length)]


def queue(*events: str, prefix: str | None = None, suffix: str | None = None, **more: Any) -> dict[str, Any]:
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": ARN, "Events": list(events) or ["s3:ObjectCreated:*"], **filtered, **more}


def read(*queues: dict[str, Any], **others: Any) -> list[Any]:
    numbers = itertools.count(1)
    return targets_of({"QueueConfigurations": list(queues), **others}, "eu-west-1", lambda: f"id-{next(numbers)}")


def filtered(*rules: tuple[str, str]) -> dict[str, Any]:
    return queue(Filter={"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}})


def test_what_is_kept_is_shown_as_it_was_given() -> None:
    wanted = queue("s3:ObjectCreated:Put", "s3:ObjectRemoved:*", prefix="in/", suffix=".png", Id="pictures")
    assert shown(read(wanted)) == {"QueueConfigurations": [wanted]}
    assert shown(read()) == {}


def test_an_id_is_drawn_where_none_was_given() -> None:
    found = read(queue("s3:ObjectCreated:*"), queue("s3:ObjectRemoved:*", Id="mine"))
    assert [one["id"] for one in found] == ["id-1", "mine"]


def test_an_event_that_is_said_twice_counts_once() -> None:
    (found,) = read(queue("s3:ObjectAcl:Put", "s3:ObjectAcl:Put"))
    assert found["events"] == ["s3:ObjectAcl:Put"]


@pytest.mark.parametrize("name", ["prefix", "Prefix", "PREFIX"])
def test_the_names_of_filter_rules_have_no_case(name: str) -> None:
    (found,) = read(filtered((name, "in/")))
    assert (found["prefix"], found["suffix"]) == ("in/", "")


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        (filtered(("middle", "a")), "either prefix or suffix"),
        (filtered(("prefix", "a"), ("Prefix", "b")), "more than one prefix rule"),
        (filtered(("suffix", "a"), ("suffix", "a")), "more than one suffix rule"),
        (filtered(("prefix", "ü" * 513)), "1024 bytes"),
        (queue(Id="x" * 256), "ID"),
        (queue(QueueArn="nonsense"), "well formed"),
        (queue(QueueArn=ARN.replace("sqs", "sns")), "well formed"),
        (queue(QueueArn=ARN.replace("111111111111", "")), "well formed"),
        (queue(QueueArn=ARN.replace("eu-west-1", "us-east-1")), "region is not valid"),
        (queue(QueueArn=f"{ARN}.fifo"), "FIFO"),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(configuration: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidArgument, match=sentence):
        read(configuration)


def test_ids_are_used_once() -> None:
    with pytest.raises(InvalidArgument, match="Same ID"):
        read(queue("s3:ObjectCreated:*", Id="i"), queue("s3:ObjectRemoved:*", Id="i"))


def test_the_number_of_configurations_is_bounded() -> None:
    queues = [queue(prefix=f"{number:03}/") for number in range(101)]
    assert len(read(*queues[:100])) == 100
    with pytest.raises(InvalidArgument, match="100"):
        read(*queues)


@pytest.mark.parametrize("member", ["TopicConfigurations", "LambdaFunctionConfigurations", "EventBridgeConfiguration"])
def test_targets_that_have_not_landed_are_refused_by_name(member: str) -> None:
    with pytest.raises(NotImplementedHere, match=member):
        read(**{member: {} if member.startswith("Event") else [{}]})


def test_a_kind_of_events_has_each_of_them_in_common() -> None:
    with pytest.raises(InvalidArgument, match=r"Configurations overlap\."):
        read(queue("s3:ObjectCreated:*"), queue("s3:ObjectAcl:Put", "s3:ObjectCreated:Copy"))
    with pytest.raises(InvalidArgument, match=r"ambiguously defined"):
        read(queue("s3:ObjectCreated:*", prefix="a"), queue("s3:ObjectCreated:Copy"))
    assert len(read(queue("s3:ObjectCreated:Put"), queue("s3:ObjectCreated:Copy"))) == 2


ends = st.text("ab", max_size=2)


@given(ends, ends, ends, ends)
def test_filters_are_refused_just_when_a_key_could_meet_both(
    prefix: str, suffix: str, other_prefix: str, other_suffix: str
) -> None:
    both = [
        key
        for key in KEYS
        if key.startswith(prefix)
        and key.startswith(other_prefix)
        and key.endswith(suffix)
        and key.endswith(other_suffix)
    ]
    pair = queue(prefix=prefix, suffix=suffix), queue(prefix=other_prefix, suffix=other_suffix)
    if both:
        with pytest.raises(InvalidArgument):
            read(*pair)
    else:
        assert len(read(*pair)) == 2
