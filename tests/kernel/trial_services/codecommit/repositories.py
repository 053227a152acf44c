"""Repositories, and an operation that calls the secrets' service in the way its first trigger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.calls import Call
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Resource
from fogstead.kernel.tags import Tags, checked, tag_operations
from fogstead.kernel.transaction import Transaction
from trial_services.codecommit.service import InvalidTagsMap, RepositoryDoesNotExist, codecommit

if TYPE_CHECKING:
    from fogstead.shapes.codecommit import (
        CreateRepositoryInput,
        CreateRepositoryOutput,
        ListRepositoriesInput,
        TestRepositoryTriggersInput,
        TestRepositoryTriggersOutput,
    )


class Repository(Resource, service=codecommit, arn="{name}", missing=RepositoryDoesNotExist):
    """A name with tags."""

    name: str
    tags: Tags = {}


@codecommit.operation(creates=Repository, at="repositoryName")
def create_repository(tx: Transaction, req: CreateRepositoryInput) -> CreateRepositoryOutput:
    """Once."""
    tags = checked(req.get("tags", {}), InvalidTagsMap)
    repository = tx.create(Repository(name=req["repositoryName"], tags=tags))
    return {"repositoryMetadata": {"repositoryName": repository.name, "Arn": repository.arn}}


@codecommit.operation(lists=Repository)
def list_repositories(tx: Transaction, req: ListRepositoriesInput) -> Page:
    """The model gives it no limit, so pages have the service's own size."""
    return tx.page(Repository, show=lambda repository: {"repositoryName": repository.name}, size_default=3)


@codecommit.operation(on=Repository, at="repositoryName")
async def test_repository_triggers(call: Call, req: TestRepositoryTriggersInput) -> TestRepositoryTriggersOutput:
    """`caller` or `service`: under whose name it describes the secret that the custom data names."""
    trigger = req["triggers"][0]
    named = trigger["name"] == "caller"
    services = call.as_caller if named else call.as_service(source=call.resource.arn)
    secret = await services.secretsmanager.describe_secret(SecretId=trigger["customData"])
    return {"successfulExecutions": [secret["Name"]]}


tag_operations(
    codecommit,
    Repository,
    at="resourceArn",
    tag="TagResource",
    untag="UntagResource",
    listing="ListTagsForResource",
    error=InvalidTagsMap,
)
