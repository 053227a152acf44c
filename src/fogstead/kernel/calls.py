"""What an `async def` may do: run transactions one after another, and call other services under a named identity."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from fogstead.kernel import bodies
from fogstead.kernel.authority import RoleFacts
from fogstead.kernel.bodies import Hashes, Incoming, Received, Seal
from fogstead.kernel.errors import AccessDenied, CallTooDeep, ServiceError
from fogstead.kernel.identity import Principal, service_principal
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.trust import require_trust
from fogstead.primitives.store import Home

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

T = TypeVar("T")
Caller = Principal | Callable[[], Awaitable[Principal]]
DEPTH_MAX = 16


class Call:
    """The context of an operation, job or reaction that waits."""

    def __init__(
        self,
        cloud: Cloud,
        home: Home,
        origin: Origin,
        service: str,
        invocation: Invocation | None = None,
    ) -> None:
        self.cloud = cloud
        self.home = home
        self.origin = origin
        self.caller = invocation.caller if invocation is not None else None
        self.resource: Any = invocation.resource if invocation is not None else None
        """As it was when the call was authorised; `transact` reads it again."""
        self._invocation = invocation
        self._service = service

    async def transact(self, work: Callable[..., T], *arguments: Any, home: Home | None = None) -> T:
        """Run `work(tx, *arguments)` in one transaction of this call's home, or of another.

        In the call's own home `tx.resource` is its resource as it is now; its `missing` error when it is gone.
        """
        invocation = self._invocation

        def run(tx: Transaction) -> T:
            if invocation is not None and home is None and invocation.operation.on is not None:
                assert invocation.located is not None
                tx.resource = tx.at(invocation.located)
                if tx.resource is None:
                    raise invocation.operation.on.not_found(invocation.located)
            return work(tx, *arguments)

        return await self.cloud.transact(home or self.home, run, origin=self.origin, invocation=invocation, call=self)

    async def require_trust(
        self, caller: Principal, actions: tuple[str, ...], role_arn: str, keys: Mapping[str, str | list[str]]
    ) -> RoleFacts:
        """The role at an ARN, if its trust policy and `caller`'s own let it; AccessDenied otherwise."""
        assert self._invocation is not None, "only operations take roles for somebody"
        return await require_trust(self.cloud, self._invocation, caller, actions, role_arn, keys)

    @contextlib.asynccontextmanager
    async def receive(self, incoming: Incoming, hashes: Hashes, seal: Seal | None = None) -> AsyncIterator[Received]:
        """Keep a body; what goes on inside has to refer to it. When that fails, its bytes go again."""
        received = await bodies.receive(self.cloud, incoming, hashes, seal)
        try:
            yield received
        except ServiceError:
            if received.blob:
                await self.cloud.sweeper.discard(received.blob)
            raise
        finally:
            # After any other failure nobody knows what was kept: the sweep will.
            self.cloud.sweeper.settled(received.blob)

    @property
    def as_caller(self) -> Services:
        """Other services, called for the original caller."""
        return self.as_caller_in(self.home.region)

    def as_caller_in(self, region: str, account: str = "") -> Services:
        """Other services of another Region, or asked from another account's home, called for the original caller.

        A caller that is a service still acts for what it acted for.
        """
        if self.caller is None:
            raise AccessDenied("Nobody is calling: jobs and reactions call as a service or as a role.")
        origin = self._deeper(
            called_via=(*self.origin.called_via, self._principal),
            source_arn=self.origin.source_arn,
            source_account=self.origin.source_account,
        )
        return Services(self, self.caller, origin, home_of(account or self.home.account, region))

    def as_service(self, *, source: str, account: str = "", region: str = "") -> Services:
        """Other services, called by this service on behalf of a resource, by its ARN.

        Where the ARN does not say whose it is, `account` does. The call is made from there, and from `region`.
        """
        stated = source.split(":")[4] if source.count(":") >= 5 else ""
        origin = self._deeper(source_arn=source, source_account=account or stated or self.home.account)
        home = home_of(account or self.home.account, region or self.home.region)
        return Services(self, service_principal(self._principal), origin, home)

    def as_role(self, role_arn: str, *, source: str, session_name: str = "") -> Services:
        """Other services, called under a role that this service may assume on behalf of a resource, by its ARN.

        The role is assumed at the first call; AccessDenied there, when its trust policy does not let this service.
        """
        name = session_name or self._service

        async def assume() -> Principal:
            sts = self.as_service(source=source).sts
            return await self.cloud.identities.role_session(role_arn, name, source, sts.assume_role)

        return Services(self, assume, self._deeper())

    @property
    def _principal(self) -> str:
        return self.cloud.catalog.service(self._service).principal

    def _deeper(self, *, called_via: tuple[str, ...] = (), source_arn: str = "", source_account: str = "") -> Origin:
        origin = self.origin
        if origin.depth + 1 > DEPTH_MAX:
            raise CallTooDeep
        return Origin(
            request_id=self.cloud.ids.uuid(),
            base_url=origin.base_url,
            source_ip=origin.source_ip,
            secure=True,
            user_agent=self._service,
            depth=origin.depth + 1,
            called_via=called_via,
            source_arn=source_arn,
            source_account=source_account,
        )


class Services:
    """`services.sqs.send_message(...)`: attributes are services, their attributes operations in snake case."""

    def __init__(self, call: Call, caller: Caller, origin: Origin, home: Home | None = None) -> None:
        self._call = call
        self._caller = caller
        self._origin = origin
        self._home = home or call.home

    def __getattr__(self, folder: str) -> Client:
        if not self._call.cloud.catalog.has(folder):
            raise AttributeError(f"this cloud has no service {folder}")
        return Client(self._call, self._caller, self._origin, self._home, folder)


class Client:
    """One service, seen by another."""

    def __init__(self, call: Call, caller: Caller, origin: Origin, home: Home, folder: str) -> None:
        self._call = call
        self._caller = caller
        self._origin = origin
        self._home = home
        self._service = call.cloud.catalog.service(folder.rstrip("_").replace("_", "-"))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = self._service.operation_names.get(name)
        if operation is None:
            raise AttributeError(f"{self._service.name} has no operation {name}")

        async def call(**given: Any) -> Any:
            caller = self._caller if isinstance(self._caller, Principal) else await self._caller()
            return await invoke(
                self._call.cloud, self._service.name, operation, given, caller, self._home, self._origin
            )

        return call


async def invoke(
    cloud: Cloud, service: str, operation: str, given: Mapping[str, Any], caller: Principal, home: Home, origin: Origin
) -> Any:
    """Enter the pipeline below the wire; the answer, or the error, as the other service gives it."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def finished(result: Any, error: Exception | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    declared = cloud.catalog.operation(service, operation)
    invocation = Invocation(declared, given, caller, home, origin, finished, cloud.clock.true_now())
    cloud.pipeline.start(invocation)
    try:
        return await future
    except asyncio.CancelledError:
        invocation.cancelled = True
        raise


__all__ = ["Call", "Services", "Transaction"]
