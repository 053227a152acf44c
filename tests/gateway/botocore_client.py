"""botocore as the other side of the wire: its serialisers write requests, its parsers read answers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from botocore.awsrequest import HeadersDict, prepare_request_dict
from botocore.model import OperationModel
from botocore.model import ServiceModel as BotocoreServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from fogstead.gateway.protocols.wire import WireReply, WireRequest
from fogstead.model import Operation, ServiceModel

REQUEST_ID = "b25f48e8-84fd-11e6-80d9-574e0c4664cb"


def labels_of(template: str, path: str) -> dict[str, str] | None:
    """The labels of a request's path under an operation's template, or None when it does not fit."""
    wanted, given = template.partition("?")[0][1:].split("/"), path[1:].split("/")
    labels: dict[str, str] = {}
    for at, part in enumerate(wanted):
        if part.startswith("{") and part.endswith("+}"):
            after = len(wanted) - at - 1
            end = len(given) - after
            labels[part[1:-2]] = unquote("/".join(given[at:end]))
            given[at:end] = ["+"]
        elif at >= len(given):
            return None
        elif part.startswith("{") and part.endswith("}"):
            labels[part[1:-1]] = unquote(given[at])
        elif part != given[at]:
            return None
    return labels if len(given) == len(wanted) else None


def botocore_model(model: ServiceModel, protocol: str) -> BotocoreServiceModel:
    """botocore's view of the same model. For Query it knows no other name than locationName."""
    operations = {name: model.operation(name).data for name in model.operation_names}
    data = {"metadata": model.metadata, "shapes": model.shapes, "operations": operations}
    return BotocoreServiceModel(_named_for_forms(data) if protocol == "query" else data, model.name)


def _named_for_forms(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    renamed = {key: _named_for_forms(inner) for key, inner in value.items()}
    return {**renamed, "locationName": value["queryName"]} if isinstance(value.get("queryName"), str) else renamed


def write_request(protocol: str, model: OperationModel, operation: Operation, parameters: Any) -> WireRequest:
    """The request botocore sends for these parameters."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, model)
    prepare_request_dict(serialized, "https://host.test", {})
    url, body = urlsplit(serialized["url"]), serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    return WireRequest(
        serialized["method"],
        url.path,
        url.query,
        {name.lower(): header_text(value) for name, value in serialized["headers"].items()},
        body.encode("utf-8") if isinstance(body, str) else bytes(body or b""),
        labels=labels_of(operation.uri, url.path) or {},
    )


def header_text(value: Any) -> str:
    """A header as http.client hands it over: botocore leaves numbers as they are."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def read_reply(protocol: str, reply: WireReply, shape: Any) -> dict[str, Any]:
    """What botocore reads from an answer."""
    headers = HeadersDict()
    for name, value in reply.headers:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    response = {"status_code": reply.status, "headers": headers, "body": reply.body, "context": {}}
    return create_parser(protocol).parse(response, shape)  # type: ignore[no-any-return]
