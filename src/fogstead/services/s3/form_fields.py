"""The fields of a browser's form, as the input of the PutObject that they stand for.

Source: S3 API reference, "POST Object" and "Creating an HTML form". A field is called as the header that it stands for,
but for `key`, `acl` and `tagging`; the conditions of policies look at it as if it were that header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from fogstead.services.s3 import names
from fogstead.services.s3.service import InvalidArgument, MalformedXML, UserKeyMustBeSpecified, s3

_FILE_NAME: Final = "${filename}"
_METADATA: Final = "x-amz-meta-"
# Of the headers of a PutObject, those that have another field or belong to a request and not to an object.
_NO_FIELDS: Final = frozenset(
    {"ACL", "Tagging", "ContentLength", "ChecksumAlgorithm", "IfMatch", "IfNoneMatch", "WriteOffsetBytes"}
)
_LAST_OF_PATH = re.compile(r"[^/\\]*\Z")


def filled(given: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a PostObject, with the file's name in the place of `${filename}`; of a path its last part."""
    match = _LAST_OF_PATH.search(given.get("FileName") or "")
    name = match[0] if match is not None else ""
    return {field: value.replace(_FILE_NAME, name) for field, value in given["Fields"].items()}


def as_put(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input of a PutObject that does what a PostObject asks for; what is no PostObject stays as it is.

    UserKeyMustBeSpecified and InvalidArgument without a key, MalformedXML and the errors of tags for `tagging`.
    """
    if given.get("Fields") is None:
        return given
    fields = filled(given)
    put: dict[str, Any] = {"Bucket": given["Bucket"], "Key": _key(fields)}
    members = _members()
    put.update({members[field]: value for field, value in fields.items() if field in members})
    metadata = {field[len(_METADATA) :]: value for field, value in fields.items() if field.startswith(_METADATA)}
    if metadata:
        put["Metadata"] = metadata
    if "acl" in fields:
        put["ACL"] = fields["acl"]
    if "tagging" in fields:
        put["Tagging"] = _tagging(fields["tagging"])
    return put


def must_have(fields: Mapping[str, str], name: str) -> None:
    """InvalidArgument when a field is not there, or came after the file."""
    if name.lower() not in fields:
        raise InvalidArgument(_missing(name), ArgumentName=name, ArgumentValue="")


def _missing(name: str) -> str:
    return (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    )


def _key(fields: Mapping[str, str]) -> str:
    key = fields.get("key")
    if key is None:
        raise UserKeyMustBeSpecified(_missing("key"))
    if not key:
        raise InvalidArgument("User key must have a length greater than 0.", ArgumentName="key", ArgumentValue="")
    return key


@cache
def _members() -> dict[str, str]:
    """The members of PutObject by the fields that stand for them."""
    shape = s3.model.operation("PutObject").input
    assert shape is not None
    return {
        member.wire_name.lower(): name
        for name, member in shape.members.items()
        if member.location == "header" and name not in _NO_FIELDS
    }


# --------------------------------------------------------------------------- tags
def _tagging(document: str) -> str:
    """The tags of a Tagging document as the header has them."""
    from lxml import etree  # noqa: PLC0415 - few forms have tags, and it takes its time to load

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(document.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MalformedXML from None
    if root.getroottree().docinfo.doctype or etree.QName(root).localname != "Tagging":
        raise MalformedXML
    sets = _children(root, "TagSet")
    if len(sets) != 1:
        raise MalformedXML
    tag_set = [{part: _text(tag, part) for part in ("Key", "Value")} for tag in _children(sets[0], "Tag")]
    return urlencode(names.object_tags(tag_set))


def _children(element: Any, name: str) -> list[Any]:
    """By their names without a namespace, which forms leave away."""
    return [child for child in element if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name]


def _text(element: Any, name: str) -> str | None:
    found = _children(element, name)
    return None if len(found) != 1 else found[0].text or ""
