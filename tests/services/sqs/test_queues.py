"""Queues: made, found, listed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import arn, attributes, bodies, refused, send


def test_a_queue_is_found_by_its_name(sqs: Any, account: str) -> None:
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url.endswith(f"/{account}/orders")
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url
    assert arn(sqs, url) == f"arn:aws:sqs:us-east-1:{account}:orders"


def test_creating_a_queue_again_with_the_same_attributes_is_harmless(sqs: Any) -> None:
    first = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})
    send(sqs, first["QueueUrl"], "hello", DelaySeconds=0)
    assert sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})["QueueUrl"] == first["QueueUrl"]
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == first["QueueUrl"]
    assert bodies(sqs, first["QueueUrl"]) == ["hello"]


def test_creating_a_queue_again_with_another_attribute_is_refused_and_names_it(sqs: Any, queue: str) -> None:
    with refused("QueueNameExists", "DelaySeconds"):
        sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "7"})


@pytest.mark.parametrize("name", ["", "a b", "x" * 81, "a.fifo", "é", "a/b"])
def test_names_that_sqs_would_not_take_are_refused(sqs: Any, name: str) -> None:
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName=name)


def test_a_fifo_queue_is_named_so_and_no_other_queue_is(sqs: Any) -> None:
    with refused("InvalidParameterValue", ".fifo"):
        sqs.create_queue(QueueName="plain", Attributes={"FifoQueue": "true"})
    with refused("InvalidAttributeValue"):
        sqs.create_queue(QueueName="plain.fifo", Attributes={"FifoQueue": "false"})
    assert sqs.create_queue(QueueName="x" * 75 + ".fifo", Attributes={"FifoQueue": "true"})
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName="x" * 76 + ".fifo", Attributes={"FifoQueue": "true"})


def test_names_are_case_sensitive(sqs: Any) -> None:
    assert sqs.create_queue(QueueName="a")["QueueUrl"] != sqs.create_queue(QueueName="A")["QueueUrl"]
    assert len(sqs.list_queues()["QueueUrls"]) == 2


def test_a_queue_that_is_not_there_is_said_not_to_be(sqs: Any) -> None:
    with refused("QueueDoesNotExist", "does not exist"):
        sqs.get_queue_url(QueueName="none")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for call in (sqs.delete_queue, sqs.purge_queue, sqs.receive_message, sqs.list_queue_tags):
        with refused("QueueDoesNotExist"):
            call(QueueUrl=url.replace("orders", "none"))


def test_another_account_and_another_region_see_nothing(sqs: Any, queue: str, client: Callable[..., Any]) -> None:
    assert "QueueUrls" not in client("sqs", region="eu-west-1").list_queues() or not client(
        "sqs", region="eu-west-1"
    ).list_queues().get("QueueUrls")
    with refused("QueueDoesNotExist"):
        client("sqs", region="eu-west-1").get_queue_url(QueueName="orders")
    assert not client("sqs", account="999999999999").list_queues().get("QueueUrls")


def test_a_queue_is_named_by_its_url_on_any_host(sqs: Any, queue: str, account: str) -> None:
    send(sqs, queue, "hello")
    for url in (
        f"https://sqs.us-east-1.amazonaws.com/{account}/orders",
        f"https://queue.amazonaws.com/{account}/orders",
    ):
        assert bodies(sqs, url, VisibilityTimeout=0) == ["hello"]
    assert attributes(sqs, f"https://us-east-1.queue.amazonaws.com/{account}/orders")


def test_queues_are_listed_by_prefix(sqs: Any) -> None:
    for name in ("a-1", "a-2", "b-1", "A-1"):
        sqs.create_queue(QueueName=name)
    listed = sqs.list_queues(QueueNamePrefix="a-")["QueueUrls"]
    assert [url.rpartition("/")[2] for url in listed] == ["a-1", "a-2"]
    assert len(sqs.list_queues()["QueueUrls"]) == 4
    assert not sqs.list_queues(QueueNamePrefix="c").get("QueueUrls")


def test_all_pages_together_are_the_whole_list(sqs: Any) -> None:
    names = [f"q-{i:02}" for i in range(7)]
    for name in names:
        sqs.create_queue(QueueName=name)
    for size in (1, 2, 3, 7, 1000):
        pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": size}))
        urls = [url for page in pages for url in page.get("QueueUrls", [])]
        assert [url.rpartition("/")[2] for url in urls] == names
    assert "NextToken" not in sqs.list_queues()
    assert "NextToken" not in sqs.list_queues(MaxResults=7)


def test_a_page_is_of_one_to_a_thousand_queues(sqs: Any, queue: str) -> None:
    for size in (0, -1, 1001):
        with refused("InvalidParameterValue", "MaxResults"):
            sqs.list_queues(MaxResults=size)
        with refused("InvalidParameterValue", "MaxResults"):
            sqs.list_dead_letter_source_queues(QueueUrl=queue, MaxResults=size)


def test_a_token_is_good_for_its_own_list_only(sqs: Any, client: Callable[..., Any]) -> None:
    for name in ("a-1", "a-2", "a-3"):
        sqs.create_queue(QueueName=name)
    token = sqs.list_queues(MaxResults=1, QueueNamePrefix="a")["NextToken"]
    assert sqs.list_queues(MaxResults=2, QueueNamePrefix="a", NextToken=token)["QueueUrls"]
    for other in ({"QueueNamePrefix": "a-"}, {"QueueNamePrefix": "a", "NextToken": "garbage"}):
        with refused("InvalidParameterValue"):
            sqs.list_queues(**{"MaxResults": 1, "NextToken": token, **other})
    with refused("InvalidParameterValue"):
        client("sqs", region="eu-west-1").list_queues(MaxResults=1, QueueNamePrefix="a", NextToken=token)


def test_a_deleted_queue_is_gone_with_its_messages(
    timed: Any, timed_queue: str, advance: Callable[[float], Any]
) -> None:
    send(timed, timed_queue, "hello")
    timed.delete_queue(QueueUrl=timed_queue)
    assert not timed.list_queues().get("QueueUrls")
    with refused("QueueDoesNotExist"):
        send(timed, timed_queue, "more")
    advance(60)
    assert timed.create_queue(QueueName="orders")["QueueUrl"] == timed_queue
    assert bodies(timed, timed_queue) == []


def test_a_deleted_queues_name_is_free_after_sixty_seconds(
    timed: Any, timed_queue: str, advance: Callable[[float], Any]
) -> None:
    timed.delete_queue(QueueUrl=timed_queue)
    with refused("QueueDeletedRecently", "60 seconds"):
        timed.create_queue(QueueName="orders")
    advance(50)
    with refused("QueueDeletedRecently"):
        timed.create_queue(QueueName="orders")
    advance(10)
    assert timed.create_queue(QueueName="orders")


def test_a_purged_queue_is_empty_and_works_on(timed: Any, timed_queue: str, advance: Callable[[float], Any]) -> None:
    send(timed, timed_queue, "one", "two")
    handle = timed.receive_message(QueueUrl=timed_queue)["Messages"][0]["ReceiptHandle"]
    timed.purge_queue(QueueUrl=timed_queue)
    assert bodies(timed, timed_queue) == []
    timed.delete_message(QueueUrl=timed_queue, ReceiptHandle=handle)
    send(timed, timed_queue, "three")
    assert bodies(timed, timed_queue) == ["three"]
    with refused("PurgeQueueInProgress", "60 seconds"):
        timed.purge_queue(QueueUrl=timed_queue)
    advance(60)
    timed.purge_queue(QueueUrl=timed_queue)
    advance(31)
    assert bodies(timed, timed_queue) == []
