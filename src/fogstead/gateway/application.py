"""From an exchange to a call and back: guard, route, authenticate, decode, run the pipeline, encode."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fogstead.gateway import signature
from fogstead.gateway.admin import Admin
from fogstead.gateway.exchanges import Disconnected, Exchange, Headers
from fogstead.gateway.hosts import OwnNames, bare, is_loopback, same_origin
from fogstead.gateway.protocols.registry import PROTOCOLS, Codecs
from fogstead.gateway.protocols.wire import Encode, WireReply, WireRequest
from fogstead.gateway.raw import RawHttp
from fogstead.gateway.routing import Route, Router
from fogstead.gateway.signature import Claim, Verifier
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.endpoints import RawEndpoint
from fogstead.kernel.errors import InternalFailure, ServiceError
from fogstead.kernel.identity import ANONYMOUS, DEFAULT_ACCOUNT, Principal, is_account, root_of
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of
from fogstead.kernel.service import DeclaredOperation
from fogstead.model.loader import Models
from fogstead.primitives.tasks import Tasks

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 16 * 1024 * 1024
DEFAULT_REGION = "us-east-1"
_OWN_PATHS = ("/_fogstead/", "/_localstack/")


class ApiApplication:
    """What stands behind the front: AWS calls, the cloud's own endpoints, and the services' raw ones."""

    def __init__(self, cloud: Cloud, models: Models, *, names: OwnNames, admin: Admin) -> None:
        self._cloud = cloud
        self._names = names
        self._admin = admin
        self._router = Router(models)
        self._codecs = Codecs()
        self._verifier = Verifier()
        self._endpoints: Sequence[RawEndpoint] = cloud.catalog.endpoints()
        self._tasks = Tasks()

    # ------------------------------------------------------------- the front's side
    def plan(self, exchange: Exchange) -> int | None:
        """Refuse what is not for us before its body; say how the body is wanted."""
        head = exchange.head
        if not head.target.startswith("/") and "://" in head.target[:8]:
            _take_absolute_target(head)
        host = head.headers.get("host", "localhost")
        if not self._names.has(host):
            _plain(exchange, 403, f"This cloud does not answer to the name {host[:100]!r}; see --host-name.\n")
            return 0
        origin = head.headers.get("origin")
        if origin is not None and not same_origin(origin, host):
            _plain(exchange, 403, "Web pages of other origins may not talk to this cloud.\n")
            return 0
        if head.method == "CONNECT":
            _plain(exchange, 501, "CONNECT is not implemented.\n")
            return 0
        return None if self._raw_endpoint(exchange) is not None else BODY_BYTES_MAX

    def handle(self, exchange: Exchange) -> None:
        """Answer, now or after the commit."""
        head = exchange.head
        endpoint = self._raw_endpoint(exchange)
        if endpoint is not None:
            self._tasks.start(self._serve_raw(endpoint, exchange))
        elif head.path.startswith(_OWN_PATHS):
            self._tasks.start(self._admin.serve(exchange, trusted=self._trusted(exchange)))
        else:
            self._handle_call(exchange)

    def _raw_endpoint(self, exchange: Exchange) -> RawEndpoint | None:
        head = exchange.head
        if not self._endpoints or (head.path == "/" and head.method == "POST"):
            return None
        host = bare(head.headers.get("host", "")).lower()
        return next((endpoint for endpoint in self._endpoints if endpoint.matches(host, head.path)), None)

    async def _serve_raw(self, endpoint: RawEndpoint, exchange: Exchange) -> None:
        claim = _claim_or_none(exchange)
        region = claim.scope.region if claim is not None else DEFAULT_REGION
        raw = RawHttp(exchange, trusted=self._trusted(exchange), region=region)
        try:
            await endpoint.serve(self._cloud, raw)
        except Disconnected:
            log.debug("%s: the other side went away", endpoint.name)
        except Exception:
            log.exception("%s failed", endpoint.name)
            raw.fail()
        else:
            raw.finish()

    # ------------------------------------------------------------- API calls
    def _handle_call(self, exchange: Exchange) -> None:
        request_id = self._cloud.ids.uuid()
        head = exchange.head
        route: Route | None = None
        try:
            claim = signature.read_claim(head)
            route = self._router.route(head, exchange.body, claim.scope.service if claim is not None else None)
            caller = self._authenticate(exchange, claim, route)
            declared = self._cloud.catalog.operation(route.model.name, route.operation.name)
            decode, encode = self._codecs.of(route.protocol, route.operation)
            given = decode(_as_wire(exchange, route))
        except ServiceError as error:
            self._answer_error(exchange, route, error, request_id)
            return
        except Exception:
            log.exception("%s: the request could not be taken", request_id)
            self._answer_error(exchange, route, InternalFailure(), request_id)
            return
        self._invoke(exchange, route, declared, given, encode, caller, claim, request_id)

    def _invoke(
        self,
        exchange: Exchange,
        route: Route,
        declared: DeclaredOperation,
        given: dict[str, Any],
        encode: Encode,
        caller: Principal,
        claim: Claim | None,
        request_id: str,
    ) -> None:
        head = exchange.head
        scheme = "https" if exchange.secure else "http"
        origin = Origin(
            request_id,
            f"{scheme}://{head.headers.get('host', 'localhost')}",
            exchange.peer,
            exchange.secure,
            head.headers.get("user-agent", ""),
        )
        region = claim.scope.region if claim is not None else DEFAULT_REGION

        def finished(result: Any, error: Exception | None) -> None:
            exchange.on_gone = None
            if error is not None:
                self._answer_error(exchange, route, error, request_id)
                return
            try:
                reply = encode(result, request_id)
            except Exception:
                log.exception("%s: the answer of %s could not be written", request_id, declared.name)
                self._answer_error(exchange, route, InternalFailure(), request_id)
                return
            self._answer(exchange, reply, request_id)

        home = home_of(caller.account or DEFAULT_ACCOUNT, region)
        now = self._cloud.clock.true_now()
        invocation = Invocation(declared, given, caller, home, origin, finished, now)

        def gone() -> None:
            invocation.cancelled = True

        exchange.on_gone = gone
        self._cloud.pipeline.start(invocation)

    # ------------------------------------------------------------- who is calling
    def _authenticate(self, exchange: Exchange, claim: Claim | None, route: Route) -> Principal:
        """The principal whose secret signed the request; in mode `off` whoever it says it is."""
        cloud = self._cloud
        if cloud.auth == "off":
            return _claimed(claim)
        if claim is None:
            if _anonymous_allowed(route):
                return ANONYMOUS
            raise signature.MissingToken
        credential = cloud.credentials.find(claim.scope.access_key)
        if credential is None or credential.session_token != claim.session_token:
            raise signature.UnknownKey
        signature.check_time(claim, cloud.clock.true_now())
        self._refuse_expired(claim)
        s3 = route.model.signing_name == "s3"
        if _body_unsigned(exchange, route):
            payload_hash = signature.UNSIGNED
        else:
            payload_hash = signature.payload_hash_of(exchange.head, claim, exchange.body, s3=s3)
        self._verifier.verify(exchange.head, claim, credential.secret, payload_hash, s3_paths=s3)
        if claim.scope.service != route.model.signing_name:
            raise signature.SignatureMismatch(
                f"Credential should be scoped to correct service: '{route.model.signing_name}'."
            )
        return credential.principal

    def _refuse_expired(self, claim: Claim) -> None:
        """Expiry is shown in true time and checked in cloud time, so moving the clock expires links."""
        if claim.expires_seconds is None:
            return
        clock = self._cloud.clock
        ends = clock.cloud_time_of(claim.signed_at) + claim.expires_seconds * 1000
        if clock.now() > ends:
            raise signature.SignatureMismatch("Signature expired: the presigned request is no longer good.")

    def _trusted(self, exchange: Exchange) -> bool:
        """A root key signed it, or a program on this machine sent it (a browser would say its Origin)."""
        head = exchange.head
        claim = _claim_or_none(exchange)
        if claim is None:
            browser = "origin" in head.headers or head.headers.get("sec-fetch-site", "none") != "none"
            return is_loopback(exchange.peer) and not browser
        credential = self._cloud.credentials.find(claim.scope.access_key)
        if credential is None or not credential.principal.is_root:
            return False
        try:
            signature.check_time(claim, self._cloud.clock.true_now())
            self._refuse_expired(claim)
            payload_hash = signature.payload_hash_of(head, claim, exchange.body, s3=False)
            self._verifier.verify(head, claim, credential.secret, payload_hash)
        except ServiceError:
            return False
        return True

    # ------------------------------------------------------------- answers
    def _answer_error(self, exchange: Exchange, route: Route | None, error: Exception, request_id: str) -> None:
        refusal = error if isinstance(error, ServiceError) else InternalFailure()
        model = route.model if route is not None else self._router.model_of(exchange.head)
        protocol = PROTOCOLS[route.protocol if route is not None else _spoken(exchange, model.protocols)]
        self._answer(exchange, protocol.error(model, refusal, request_id), request_id)

    def _answer(self, exchange: Exchange, reply: WireReply, request_id: str) -> None:
        headers: Headers = [("x-amzn-requestid", request_id), *reply.headers]
        if isinstance(reply.body, bytes):
            exchange.answer(reply.status, headers, reply.body)
        else:
            self._tasks.start(_stream(exchange, reply.status, headers, reply.body))

    async def close(self) -> None:
        """Let what is under way finish."""
        await self._tasks.finish()


async def _stream(exchange: Exchange, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
    try:
        await exchange.answer_stream(status, headers, body)
    except Disconnected:
        log.debug("the client went away before its answer was whole")


def _as_wire(exchange: Exchange, route: Route) -> WireRequest:
    head = exchange.head
    return WireRequest(head.method, head.path, head.query, head.headers, exchange.body, exchange.stream, route.labels)


def _claimed(claim: Claim | None) -> Principal:
    """In mode `off` an access key of twelve digits still says whose account it is."""
    key = claim.scope.access_key if claim is not None else ""
    return root_of(key if is_account(key) else DEFAULT_ACCOUNT)


def _anonymous_allowed(route: Route) -> bool:
    """Operations the model marks as needing no signature, and those whose resources may be open to everyone."""
    return route.operation.data.get("authtype") == "none" or route.model.metadata.get("anonymous", False)


def _body_unsigned(exchange: Exchange, route: Route) -> bool:
    """Some operations' bodies need no hash over TLS; the model says which."""
    data = route.operation.data
    allowed = data.get("authtype") == "v4-unsigned-body" or data.get("unsignedPayload")
    return bool(allowed) and exchange.head.headers.get("x-amz-content-sha256") == signature.UNSIGNED


def _claim_or_none(exchange: Exchange) -> Claim | None:
    try:
        return signature.read_claim(exchange.head)
    except ServiceError:
        return None


def _spoken(exchange: Exchange, protocols: Sequence[str]) -> str:
    if len(protocols) > 1 and "query" in protocols and "x-amz-target" not in exchange.head.headers:
        form = exchange.head.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        if form or "Action=" in exchange.head.query:
            return "query"
    return protocols[0]


def _take_absolute_target(head: Any) -> None:
    """`GET http://host/path`, as clients write it to a proxy: the host named there counts."""
    _, _, rest = head.target.partition("://")
    host, slash, path = rest.partition("/")
    head.headers["host"] = host
    head.path, _, head.query = (slash + path or "/").partition("?")


def _plain(exchange: Exchange, status: int, text: str) -> None:
    exchange.answer(status, [("content-type", "text/plain; charset=utf-8")], text.encode("utf-8"))
