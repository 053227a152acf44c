"""Roles that services take on behalf of resources, and denials that they hand out encoded: below the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from fogstead.kernel.calls import Call, invoke
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.encoded_denials import encode_denial
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.identity import Principal, root_of
from fogstead.kernel.invocation import Origin
from fogstead.kernel.resource import home_of
from fogstead.primitives.store.memory import MemoryStore

from .helpers import allow, policy, trust

ACCOUNT, OTHER = "111111111111", "222222222222"
SOURCE = f"arn:aws:s3:us-east-1:{ACCOUNT}:thing/one"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"


class Inside:
    """A cloud in this process, asked by roots and by services."""

    def __init__(self) -> None:
        self.cloud = Cloud(MemoryStore(), checks_outputs=True)

    async def ask(self, service: str, operation: str, caller: Principal | None = None, **given: Any) -> Any:
        """A call of the account's root, or of somebody else."""
        asking = caller or root_of(ACCOUNT)
        origin, home = Origin(self.cloud.ids.uuid()), home_of(asking.account, "us-east-1")
        return await invoke(self.cloud, service, operation, given, asking, home, origin)

    def as_role(self, service: str, source: str = SOURCE) -> Any:
        """Other services as `service` calls them under the role, on behalf of a resource."""
        call = Call(self.cloud, home_of(ACCOUNT, "us-east-1"), Origin(self.cloud.ids.uuid()), service)
        return call.as_role(ROLE, source=source)

    async def role(self, *statements: Mapping[str, Any]) -> None:
        """The role, with this trust policy."""
        document = policy(*(dict(one) for one in statements))
        await self.ask("iam", "CreateRole", RoleName="delivery", AssumeRolePolicyDocument=document)
        may = policy(allow("sqs:CreateQueue"), allow("sts:*"))
        await self.ask("iam", "PutRolePolicy", RoleName="delivery", PolicyName="may", PolicyDocument=may)


def inside(work: Callable[[Inside], Awaitable[None]]) -> None:
    async def run() -> None:
        made = Inside()
        await made.cloud.start()
        await work(made)
        await made.cloud.close()
        await made.cloud.store.close()

    asyncio.run(run())


def test_a_service_takes_a_role_that_trusts_it() -> None:
    async def work(here: Inside) -> None:
        await here.role(trust({"Service": "s3.amazonaws.com"}))
        services = here.as_role("s3")
        assert (await services.sqs.create_queue(QueueName="q"))["QueueUrl"]
        who = await services.sts.get_caller_identity()
        assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/delivery/s3"
        with pytest.raises(AccessDenied, match="sqs:ListQueues"):
            await services.sqs.list_queues()

    inside(work)


def test_a_service_takes_no_role_that_trusts_another() -> None:
    async def work(here: Inside) -> None:
        await here.role(trust({"Service": "sqs.amazonaws.com"}), trust({"AWS": "*"}))
        with pytest.raises(AccessDenied, match="sts:AssumeRole on resource"):
            await here.as_role("s3").sqs.create_queue(QueueName="q")

    inside(work)


def test_a_trust_policy_may_say_for_which_resource_a_service_acts() -> None:
    condition = {"ArnLike": {"aws:SourceArn": SOURCE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}

    async def work(here: Inside) -> None:
        await here.role(trust({"Service": "s3.amazonaws.com"}, **condition))
        await here.as_role("s3").sqs.create_queue(QueueName="q")
        for source in (SOURCE.replace("one", "two"), SOURCE.replace(ACCOUNT, OTHER)):
            with pytest.raises(AccessDenied):
                await here.as_role("s3", source).sqs.create_queue(QueueName="q")

    inside(work)


def test_a_role_that_trusts_a_service_no_more_is_not_taken_again() -> None:
    async def work(here: Inside) -> None:
        await here.role(trust({"Service": "s3.amazonaws.com"}))
        await here.as_role("s3").sqs.create_queue(QueueName="q")
        closed = policy(trust({"Service": "ec2.amazonaws.com"}))
        await here.ask("iam", "UpdateAssumeRolePolicy", RoleName="delivery", PolicyDocument=closed)
        with pytest.raises(AccessDenied):
            await here.as_role("s3").sqs.create_queue(QueueName="q")

    inside(work)


def test_a_denial_that_was_encoded_is_decoded_for_its_own_account() -> None:
    async def work(here: Inside) -> None:
        bob = (await here.ask("iam", "CreateUser", UserName="bob"))["User"]
        principal = Principal("user", ACCOUNT, bob["Arn"], bob["UserId"], name="bob")
        origin, home = Origin("a-request"), home_of(ACCOUNT, "us-east-1")
        with pytest.raises(AccessDenied):
            await invoke(here.cloud, "sqs", "CreateQueue", {"QueueName": "q"}, principal, home, origin)
        explanation = here.cloud.denials.find("a-request")
        assert explanation is not None
        encoded = encode_denial(here.cloud.vault, principal, explanation)
        told = await here.ask("sts", "DecodeAuthorizationMessage", EncodedMessage=encoded)
        decoded = json.loads(told["DecodedMessage"])
        assert (decoded["allowed"], decoded["explicitDeny"]) == (False, False)
        assert decoded["context"]["principal"] == {"id": bob["UserId"], "arn": bob["Arn"]}
        assert decoded["context"]["action"] == "sqs:CreateQueue"
        with pytest.raises(ServiceError, match="Message is not valid"):
            await here.ask("sts", "DecodeAuthorizationMessage", root_of(OTHER), EncodedMessage=encoded)

    inside(work)
