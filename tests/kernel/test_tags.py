"""Tags, once for all services."""

from __future__ import annotations

import pytest
from trial import Trial
from trial_services.codecommit.service import InvalidTagsMap, RepositoryDoesNotExist

from fogstead.kernel.errors import InvalidParameterValue
from fogstead.kernel.resource import Resource
from fogstead.kernel.service import Service
from fogstead.kernel.tags import Tags, checked, tag_operations
from fogstead.kernel.transaction import Transaction

ARN = "arn:aws:codecommit:us-east-1:111111111111:"


async def tags_of(trial: Trial, name: str = "a") -> dict[str, str]:
    answer = await trial.ask("codecommit", "ListTagsForResource", resourceArn=ARN + name)
    return dict(answer["tags"])


async def test_tags_set_are_tags_listed(trial: Trial) -> None:
    await trial.ask("codecommit", "CreateRepository", repositoryName="a", tags={"one": "1"})
    await trial.ask("codecommit", "TagResource", resourceArn=ARN + "a", tags={"two": "2", "one": "first"})
    assert await tags_of(trial) == {"one": "first", "two": "2"}

    await trial.ask("codecommit", "UntagResource", resourceArn=ARN + "a", tagKeys=["one", "never there"])
    assert await tags_of(trial) == {"two": "2"}


async def test_tags_of_what_is_not_there_are_refused_as_missing(trial: Trial) -> None:
    with pytest.raises(RepositoryDoesNotExist):
        await tags_of(trial)


async def test_tags_above_the_limit_are_refused_and_none_of_them_kept(trial: Trial) -> None:
    await trial.ask("codecommit", "CreateRepository", repositoryName="a")
    await trial.ask("codecommit", "TagResource", resourceArn=ARN + "a", tags={f"k{n}": "" for n in range(49)})
    with pytest.raises(InvalidTagsMap, match=r"Too many tags added: a resource can have 50\."):
        await trial.ask("codecommit", "TagResource", resourceArn=ARN + "a", tags={"x": "", "y": ""})
    assert len(await tags_of(trial)) == 49

    await trial.ask("codecommit", "TagResource", resourceArn=ARN + "a", tags={"x": ""})
    assert len(await tags_of(trial)) == 50


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ({"": "v"}, "Tag keys are 1 to 128 characters long."),
        ({"k" * 129: "v"}, "Tag keys are 1 to 128 characters long."),
        ({"k": "v" * 257}, "Tag values are at most 256 characters long."),
        ({"aws:k": "v"}, "Tag keys that start with aws: are reserved."),
        ({"AWS:k": "v"}, "Tag keys that start with aws: are reserved."),
        ({f"k{n}": "" for n in range(51)}, "Too many tags added: a resource can have 50."),
    ],
)
def test_tags_that_aws_would_not_take_are_refused(tags: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        checked(tags)
    assert caught.value.message == sentence
    with pytest.raises(InvalidTagsMap):
        checked(tags, InvalidTagsMap)


def test_tags_at_the_limits_are_taken() -> None:
    tags = {"k" * 128: "v" * 256, "my-aws:": "", **{f"k{n}": "" for n in range(48)}}
    assert checked(tags) == tags


def test_tags_in_a_list_of_pairs_go_in_and_out_as_pairs() -> None:
    buses = Service("events")
    missing = buses.error("ResourceNotFoundException", "No.")

    class Rule(Resource, service=buses, arn="rule/{name}", missing=missing):
        name: str
        tags: Tags = {}

    tag_operations(
        buses, Rule, at="ResourceARN", tag="TagResource", untag="UntagResource", listing="ListTagsForResource"
    )
    kept = [Rule(name="a")]

    class FakeTransaction:
        resource = kept[0]

        def replace(self, rule: Rule, tags: Tags) -> None:
            type(self).resource = Rule(name=rule.name, tags=tags)

    tx: Transaction = FakeTransaction()  # type: ignore[assignment]
    run = {name: operation.run for name, operation in buses.operations.items()}
    run["TagResource"](tx, {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]})
    run["UntagResource"](tx, {"TagKeys": ["a"]})
    assert run["ListTagsForResource"](tx, {}) == {"Tags": [{"Key": "b", "Value": "2"}]}
