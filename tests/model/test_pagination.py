"""How operations hand out their lists in pages, from the models' paginators."""

import pytest

from fogstead.model.loader import Models
from fogstead.model.service import Pagination

MODELS = Models()


@pytest.mark.parametrize(
    ("service", "operation", "pagination"),
    [
        ("sqs", "ListQueues", Pagination("NextToken", "NextToken", "QueueUrls", "MaxResults")),
        ("iam", "ListUsers", Pagination("Marker", "Marker", "Users", "MaxItems", "IsTruncated")),
        ("ec2", "DescribeInstances", Pagination("NextToken", "NextToken", "Reservations", "MaxResults")),
        ("lambda", "ListFunctions", Pagination("Marker", "NextMarker", "Functions", "MaxItems")),
        ("logs", "DescribeLogGroups", Pagination("nextToken", "nextToken", "logGroups", "limit")),
        (
            "s3",
            "ListObjectsV2",
            Pagination("ContinuationToken", "NextContinuationToken", "Contents", "MaxKeys", "IsTruncated"),
        ),
    ],
)
def test_a_paginated_operation_names_its_tokens_its_list_and_its_limit(
    service: str, operation: str, pagination: Pagination
) -> None:
    assert MODELS.load(service).operation(operation).pagination == pagination


def test_an_operation_that_answers_at_once_has_no_pagination() -> None:
    assert MODELS.load("sqs").operation("SendMessage").pagination is None


def test_several_tokens_at_once_are_left_to_the_service() -> None:
    assert MODELS.load("route53").operation("ListResourceRecordSets").pagination is None


@pytest.mark.parametrize(
    "service", ["sqs", "iam", "ec2", "s3", "lambda", "logs", "cloudwatch", "kinesis", "cloudfront"]
)
def test_every_pagination_speaks_of_members_that_exist(service: str) -> None:
    model = MODELS.load(service)
    for name, pagination in model.paginators.items():
        operation = model.operation(name)
        assert operation.input is not None
        assert operation.output is not None
        assert pagination.input_token in operation.input.members
        assert pagination.limit_key is None or pagination.limit_key in operation.input.members
        assert pagination.output_token.partition(".")[0] in operation.output.members
        assert pagination.result_key.partition(".")[0] in operation.output.members
