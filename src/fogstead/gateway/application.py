"""From an exchange to a call and back: guard, route, authenticate, decode, run the pipeline, encode."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fogstead.gateway import signature
from fogstead.gateway.admin import Admin
from fogstead.gateway.authentication import UNSIGNED, Authenticator, Signed, claim_or_none, signed_facts, signed_form
from fogstead.gateway.digests import check_body
from fogstead.gateway.exchanges import Disconnected, Exchange, Headers
from fogstead.gateway.forms import Form
from fogstead.gateway.hosts import OwnNames, bare, same_origin
from fogstead.gateway.http1 import Head
from fogstead.gateway.payloads import incoming_of, until_gone, without_aws_chunked
from fogstead.gateway.protocols.registry import PROTOCOLS, Codecs
from fogstead.gateway.protocols.wire import Encode, WireReply, WireRequest
from fogstead.gateway.raw import RawHttp
from fogstead.gateway.routing import Route, Router
from fogstead.kernel.bodies import Incoming
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.endpoints import OriginQuestion, RawEndpoint
from fogstead.kernel.errors import InternalFailure, ServiceError
from fogstead.kernel.identities import Unread
from fogstead.kernel.identity import DEFAULT_ACCOUNT, Principal
from fogstead.kernel.invocation import Invocation, Origin, host_id
from fogstead.kernel.resource import home_of
from fogstead.kernel.service import DeclaredOperation
from fogstead.model.loader import Models
from fogstead.primitives.blobs import BlobError
from fogstead.primitives.tasks import Tasks

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 16 * 1024 * 1024
GATHERED_BYTES_MAX = 64 * 1024
"""Streamed bodies up to here are gathered all the same: that costs less than a stream."""

DEFAULT_REGION = "us-east-1"
_OWN_PATHS = ("/_fogstead/", "/_localstack/")


@dataclass(slots=True)
class Asked:
    """A request on its way to a call: what is known of it so far, and what its answer has to carry."""

    exchange: Exchange
    request_id: str
    bucket: str = ""
    route: Route | None = None
    signed: Signed = UNSIGNED
    headers: Headers = field(default_factory=list)


class ApiApplication:
    """What stands behind the front: AWS calls, the cloud's own endpoints, and the services' raw ones."""

    def __init__(self, cloud: Cloud, models: Models, *, names: OwnNames, admin: Admin) -> None:
        self._cloud = cloud
        self._names = names
        self._admin = admin
        self._router = Router(models)
        self._codecs = Codecs()
        self._authenticator = Authenticator(cloud)
        self._endpoints: Sequence[RawEndpoint] = cloud.catalog.endpoints()
        self._endpoint_paths = tuple({endpoint.path_prefix for endpoint in self._endpoints})
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
        raw = self._raw_endpoint(exchange) is not None
        if _is_foreign(head) and (raw or not self._has_origin_rules(head)):
            _refuse_origin(exchange)
            return 0
        if head.method == "CONNECT":
            _plain(exchange, 501, "CONNECT is not implemented.\n")
            return 0
        if raw or self._streams(head):
            return None
        return BODY_BYTES_MAX

    def _has_origin_rules(self, head: Head) -> bool:
        """Whether pages of other origins may be let in: only where a resource says so itself."""
        return not head.path.startswith(_OWN_PATHS) and self._router.is_default(head)

    def _streams(self, head: Head) -> bool:
        """Whether the body is too long to be gathered, and its operation takes it as it comes."""
        if head.content_length <= GATHERED_BYTES_MAX and not head.chunked and not _is_form(head):
            return False
        if "x-amz-target" in head.headers or head.method not in {"PUT", "POST"}:
            return False
        try:
            return self._route(head, b"").operation.streams_input
        except ServiceError:
            return False

    def _route(self, head: Head, body: bytes) -> Route:
        return self._router.route(head, body, None, self._names.bucket_in(head.headers.get("host", "")))

    def handle(self, exchange: Exchange) -> None:
        """Answer, now or after the commit."""
        head = exchange.head
        endpoint = self._raw_endpoint(exchange)
        if endpoint is not None:
            self._tasks.start(self._serve_raw(endpoint, exchange))
        elif head.path.startswith(_OWN_PATHS):
            self._tasks.start(self._admin.serve(exchange, trusted=self._authenticator.trusts(exchange)))
        else:
            bucket = self._names.bucket_in(head.headers.get("host", ""))
            asked = Asked(exchange, self._cloud.ids.uuid(), bucket)
            if "origin" in head.headers or head.method == "OPTIONS":
                self._tasks.start(self._handle_by_origin(asked))
            elif _is_form(head) and exchange.stream is not None:
                self._tasks.start(self._handle_form(asked))
            else:
                self._handle_call(asked)

    def _raw_endpoint(self, exchange: Exchange) -> RawEndpoint | None:
        head = exchange.head
        if not head.path.startswith(self._endpoint_paths) or (head.path == "/" and head.method == "POST"):
            return None
        host = bare(head.headers.get("host", "")).lower()
        return next((endpoint for endpoint in self._endpoints if endpoint.matches(host, head.path)), None)

    async def _serve_raw(self, endpoint: RawEndpoint, exchange: Exchange) -> None:
        claim = claim_or_none(exchange.head)
        region = claim.scope.region if claim is not None else DEFAULT_REGION
        raw = RawHttp(exchange, trusted=self._authenticator.trusts(exchange), region=region)
        try:
            await endpoint.serve(self._cloud, raw)
        except Disconnected:
            log.debug("%s: the other side went away", endpoint.name)
        except Exception:
            log.exception("%s failed", endpoint.name)
            raw.fail()
        else:
            raw.finish()

    # ------------------------------------------------------------- pages of other origins
    async def _handle_by_origin(self, asked: Asked) -> None:
        """Ask the resource which origins it lets in; its rules' headers go with the answer."""
        head = asked.exchange.head
        try:
            rules = self._cloud.catalog.origin_rules(self._router.model_of(head).name)
            question = OriginQuestion(
                f"/{asked.bucket}{head.path}" if asked.bucket else head.path, head.method, head.headers
            )
            verdict = await rules(self._cloud, question) if rules is not None else None
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._answer_error(asked, error)
            return
        if head.method == "OPTIONS":
            self._answer(asked, WireReply(200, verdict or []))
            return
        if verdict is not None:
            asked.headers += verdict
        elif _is_foreign(head) and not self._authenticator.takes_as_anonymous(head):
            _refuse_origin(asked.exchange)
            return
        if _is_form(head) and asked.exchange.stream is not None:
            await self._handle_form(asked)
        else:
            self._handle_call(asked)

    # ------------------------------------------------------------- API calls
    def _handle_call(self, asked: Asked) -> None:
        exchange, head = asked.exchange, asked.exchange.head
        try:
            claim = signature.read_claim(head)
            service = claim.scope.service if claim is not None else None
            route = asked.route = self._router.route(head, exchange.body, service, asked.bucket)
            signer = self._authenticator.authenticate(exchange, claim, route, asked.bucket)
            declared = self._cloud.catalog.operation(route.model.name, route.operation.name)
            decode, encode = self._codecs.of(route.protocol, route.operation)
            if route.operation.streams_input:
                without_aws_chunked(head.headers)
            else:
                check_body(route.operation, head.headers, exchange.body)
            given = decode(_as_wire(exchange, route))
            if route.operation.streams_input:
                key = self._authenticator.chunk_key(signer, claim)
                given[declared.model.input.payload] = incoming_of(exchange, claim, key)  # type: ignore[union-attr]
        except Unread as unread:
            self._tasks.start(self._handle_known(asked, unread))
            return
        except ServiceError as error:
            self._count_refusal(asked, error)
            self._answer_error(asked, error)
            return
        except Exception as error:
            log.exception("%s: the request could not be taken", asked.request_id)
            self._answer_error(asked, error)
            return
        asked.signed = signed_facts(head, claim)
        self._invoke(asked, declared, given, encode, signer.principal, claim.scope.region if claim else DEFAULT_REGION)

    def _count_refusal(self, asked: Asked, error: ServiceError) -> None:
        """What never becomes a call leaves no record, but is counted: under its operation, where that is known."""
        route = asked.route
        service, operation = (route.model.name, route.operation.name) if route is not None else ("", "")
        self._cloud.counts.add(service, operation, error.code)

    async def _handle_known(self, asked: Asked, unread: Unread) -> None:
        """Look up whose key it is, and take the call again."""
        try:
            await self._cloud.identities.load(unread.access_key, unread.token)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            self._answer_error(asked, error)
        else:
            self._handle_call(asked)

    async def _handle_form(self, asked: Asked) -> None:
        """A browser's upload: who sends it stands in fields before the file."""
        exchange, head = asked.exchange, asked.exchange.head
        try:
            assert exchange.stream is not None
            route = asked.route = self._route(head, b"")
            form = Form(exchange.stream, head.headers["content-type"])
            await form.read_fields()
            caller, region = await self._authenticator.authenticate_form(form.fields)
            asked.signed = signed_form(form.fields)
            declared = self._cloud.catalog.operation(route.model.name, route.operation.name)
            decode, encode = self._codecs.of(route.protocol, route.operation)
            given = decode(_as_wire(exchange, route))
            given.update(Fields=form.fields, FileName=form.file_name, FileType=form.file_type)
            given[declared.model.input.payload] = Incoming(stream=until_gone(form.file()))  # type: ignore[union-attr]
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            if isinstance(error, ServiceError):
                self._count_refusal(asked, error)
            self._answer_error(asked, error)
            return
        self._invoke(asked, declared, given, encode, caller, region)

    def _invoke(
        self,
        asked: Asked,
        declared: DeclaredOperation,
        given: dict[str, Any],
        encode: Encode,
        caller: Principal,
        region: str,
    ) -> None:
        exchange, head, request_id = asked.exchange, asked.exchange.head, asked.request_id

        def finished(result: Any, error: Exception | None) -> None:
            exchange.on_gone = None
            if error is not None:
                self._answer_error(asked, error)
                return
            try:
                reply = encode(result, request_id)
            except Exception as failure:
                log.exception("%s: the answer of %s could not be written", request_id, declared.name)
                self._answer_error(asked, failure)
                return
            self._answer(asked, reply)

        origin = Origin(
            request_id,
            f"{'https' if exchange.secure else 'http'}://{head.headers.get('host', 'localhost')}",
            exchange.peer,
            exchange.secure,
            head.headers.get("user-agent", ""),
            head.headers.get("referer", ""),
            *asked.signed,
        )
        home = home_of(caller.account or DEFAULT_ACCOUNT, region)
        invocation = Invocation(declared, given, caller, home, origin, finished, self._cloud.clock.true_now())

        def gone() -> None:
            invocation.cancelled = True

        exchange.on_gone = gone
        self._cloud.pipeline.start(invocation)

    # ------------------------------------------------------------- answers
    def _answer_error(self, asked: Asked, error: Exception) -> None:
        if not isinstance(error, ServiceError):
            if not isinstance(error, Disconnected):
                log.error("%s failed", asked.request_id, exc_info=error)
            error = InternalFailure()
        route, head = asked.route, asked.exchange.head
        model = route.model if route is not None else self._router.model_of(head)
        protocol = PROTOCOLS[route.protocol if route is not None else _spoken(head, model.protocols)]
        self._answer(asked, protocol.error(model, error, asked.request_id))

    def _answer(self, asked: Asked, reply: WireReply) -> None:
        exchange = asked.exchange
        headers = [*request_ids(asked.request_id, asked.route), *asked.headers, *reply.headers]
        if isinstance(reply.body, bytes):
            exchange.answer(reply.status, headers, reply.body)
        else:
            self._tasks.start(_stream(exchange, reply.status, headers, reply.body))

    async def close(self) -> None:
        """Let what is under way finish."""
        await self._tasks.finish()


def request_ids(request_id: str, route: Route | None) -> Headers:
    """The headers that name a request; S3 has its own, and answers what nothing else does."""
    if route is None or route.model.name == "s3":
        return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]
    return [("x-amzn-requestid", request_id)]


async def _stream(exchange: Exchange, status: int, headers: Headers, body: AsyncIterable[bytes]) -> None:
    try:
        await exchange.answer_stream(status, headers, aiter(body))
    except Disconnected:
        log.debug("the client went away before its answer was whole")
    except BlobError:
        log.exception("an answer was cut short, for its bytes could not be read")
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()


def _as_wire(exchange: Exchange, route: Route) -> WireRequest:
    head = exchange.head
    return WireRequest(head.method, head.path, head.query, head.headers, exchange.body, exchange.stream, route.labels)


def _is_form(head: Head) -> bool:
    return head.method == "POST" and head.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _is_foreign(head: Head) -> bool:
    """Whether a web page of another origin sends it."""
    origin = head.headers.get("origin")
    return origin is not None and not same_origin(origin, head.headers.get("host", "localhost"))


def _spoken(head: Head, protocols: Sequence[str]) -> str:
    if len(protocols) > 1 and "query" in protocols and "x-amz-target" not in head.headers:
        form = head.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        if form or "Action=" in head.query:
            return "query"
    return protocols[0]


def _take_absolute_target(head: Head) -> None:
    """`GET http://host/path`, as clients write it to a proxy: the host named there counts."""
    _, _, rest = head.target.partition("://")
    host, slash, path = rest.partition("/")
    head.headers["host"] = host
    head.path, _, head.query = (slash + path or "/").partition("?")


def _refuse_origin(exchange: Exchange) -> None:
    _plain(exchange, 403, "Web pages of other origins may not talk to this cloud.\n")


def _plain(exchange: Exchange, status: int, text: str) -> None:
    exchange.answer(status, [("content-type", "text/plain; charset=utf-8")], text.encode("utf-8"))
