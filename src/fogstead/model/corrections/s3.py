"""What botocore's model of S3 leaves out, and what clients other than botocore look for on the wire.

Sources: S3 API reference, the sections "Response syntax" (names of the documents' roots), "Error responses" (headers of
errors), GetObject (206 for a part of an object), "POST Object", and "GetBucketLocation", whose answer has no root;
S3 User Guide, "Canned ACL", for the lists that the model leaves out of a bucket's. The names of filter rules come in
any case: the service itself answers with capitals where its model has none. A version may be of any storage class an
object has, though the model knows STANDARD alone: github.com/aws/aws-sdk-java-v2/issues/6822.
"""

from __future__ import annotations

from typing import Any

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# RFC 9110, 13.1.3 and 13.1.4: a condition whose date is none is no condition.
_LENIENT = (
    "IfModifiedSince",
    "IfUnmodifiedSince",
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
)
_ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}

_TEXT = {"shape": "HeaderText"}
_VERSION = {**_TEXT, "location": "header", "locationName": "x-amz-version-id"}
_MARKER = {**_TEXT, "location": "header", "locationName": "x-amz-delete-marker"}
_ERROR_HEADERS = {
    "NoSuchKey": {"DeleteMarker": _MARKER, "VersionId": _VERSION},
    "MethodNotAllowed": {
        "DeleteMarker": _MARKER,
        "VersionId": _VERSION,
        "LastModified": {"shape": "LastModified", "location": "header", "locationName": "Last-Modified"},
        "Allow": {**_TEXT, "location": "header", "locationName": "Allow"},
    },
    "NotModified": {
        "ETag": {**_TEXT, "location": "header", "locationName": "ETag"},
        "LastModified": {"shape": "LastModified", "location": "header", "locationName": "Last-Modified"},
        "VersionId": _VERSION,
    },
    "AccessDenied": {"BucketRegion": {**_TEXT, "location": "header", "locationName": "x-amz-bucket-region"}},
    "InvalidRange": {"ContentRange": {**_TEXT, "location": "header", "locationName": "Content-Range"}},
}
_MORE_BUCKET_LISTS = ("aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write")
_STATUSES = {"AccessDenied": 403, "NoSuchKey": 404, "MethodNotAllowed": 405, "NotModified": 304, "InvalidRange": 416}


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with the names, headers, statuses and the form upload that it lacks."""
    metadata = {
        **data["metadata"],
        "anonymous": True,
        "routesWhole": True,
        "strictRoots": True,
        "xmlNamespace": _NAMESPACE,
        "documentTimestamps": "iso8601Millis",
    }
    operations = {name: _with_root(name, operation) for name, operation in data["operations"].items()}
    operations["PostObject"] = _POST_OBJECT
    operations["DeleteObjects"] = {**operations["DeleteObjects"], "digestRequired": True}
    shapes = {**data["shapes"], **_FORM_SHAPES}
    for output in ("GetObjectOutput", "HeadObjectOutput"):
        shapes[output] = _with_status(shapes[output])
    shapes["GetBucketLocationOutput"] = {**shapes["GetBucketLocationOutput"], "unwrapped": True}
    shapes["ObjectVersionStorageClass"] = shapes["ObjectStorageClass"]
    shapes["BucketCannedACL"] = {
        **shapes["BucketCannedACL"],
        "enum": [*shapes["BucketCannedACL"]["enum"], *_MORE_BUCKET_LISTS],
    }
    shapes["FilterRuleName"] = {"type": "string"}
    versions = shapes["ListObjectVersionsOutput"]
    shapes["ListObjectVersionsOutput"] = {**versions, "members": _with_one_list(versions["members"])}
    shapes.update(_ONE_LIST_SHAPES)
    for output in ("ListObjectsOutput", "ListObjectsV2Output"):
        region = {**_TEXT, "location": "header", "locationName": "x-amz-bucket-region"}
        shapes[output] = {**shapes[output], "members": {**shapes[output]["members"], "BucketRegion": region}}
    shapes["ObjectVersionStorageClass"] = {"type": "string"}  # the model knows of one class only
    shapes["ChecksumMode"] = {"type": "string"}  # AWS takes it in any case, and its own clients send it so
    shapes["CopySource"] = {"type": "string"}  # the model's pattern is of the decoded value
    for name in _LENIENT:
        shapes[name] = {**shapes[name], "ignoredWhenUnreadable": True}
    shapes["HeaderText"] = {"type": "string"}
    shapes["Status"] = {"type": "integer"}
    for name, members in _ERROR_HEADERS.items():
        known = shapes.get(name, {"type": "structure", "members": {}, "exception": True})
        error = {**known.get("error", {}), "httpStatusCode": _STATUSES[name]}
        shapes[name] = {**known, "error": error, "members": {**known["members"], **members}}
    return {**data, "metadata": metadata, "operations": operations, "shapes": shapes}


def _with_one_list(members: dict[str, Any]) -> dict[str, Any]:
    """Versions and delete markers stand in one order on the wire; the model has a list of each."""
    listed = {name: member for name, member in members.items() if name not in {"Versions", "DeleteMarkers"}}
    return {**listed, "Entries": {"shape": "VersionEntries"}}


_ONE_LIST_SHAPES: dict[str, Any] = {
    "VersionEntries": {"type": "list", "member": {"shape": "VersionEntry"}, "flattened": True, "transparent": True},
    "VersionEntry": {
        "type": "structure",
        "members": {"Version": {"shape": "ObjectVersion"}, "DeleteMarker": {"shape": "DeleteMarkerEntry"}},
    },
}


def _with_root(name: str, operation: dict[str, Any]) -> dict[str, Any]:
    root = _ROOTS.get(name)
    return {**operation, "output": {**operation["output"], "locationName": root}} if root else operation


def _with_status(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "members": {**shape["members"], "StatusCode": {"shape": "Status", "location": "statusCode"}}}


_POST_OBJECT: dict[str, Any] = {
    "name": "PostObject",
    "http": {"method": "POST", "requestUri": "/{Bucket}"},
    "input": {"shape": "PostObjectRequest"},
    "output": {"shape": "PostObjectOutput"},
}
_FORM_SHAPES: dict[str, Any] = {
    "PostObjectRequest": {
        "type": "structure",
        "required": ["Bucket", "Body"],
        "members": {
            "Bucket": {"shape": "BucketName", "location": "uri", "locationName": "Bucket"},
            "Fields": {"shape": "FormFields"},
            "FileName": {"shape": "HeaderText"},
            "FileType": {"shape": "HeaderText"},
            "Body": {"shape": "Body", "streaming": True},
        },
        "payload": "Body",
    },
    "FormFields": {"type": "map", "key": {"shape": "HeaderText"}, "value": {"shape": "HeaderText"}},
    "PostObjectOutput": {
        "type": "structure",
        "members": {
            "StatusCode": {"shape": "Status", "location": "statusCode"},
            "ETag": {"shape": "HeaderText", "location": "header", "locationName": "ETag"},
            "Location": {"shape": "HeaderText", "location": "header", "locationName": "Location"},
            "VersionId": {"shape": "HeaderText", "location": "header", "locationName": "x-amz-version-id"},
            "ServerSideEncryption": {
                "shape": "HeaderText",
                "location": "header",
                "locationName": "x-amz-server-side-encryption",
            },
            "SSEKMSKeyId": {
                "shape": "SSEKMSKeyId",
                "location": "header",
                "locationName": "x-amz-server-side-encryption-aws-kms-key-id",
            },
            "SSECustomerAlgorithm": {
                "shape": "SSECustomerAlgorithm",
                "location": "header",
                "locationName": "x-amz-server-side-encryption-customer-algorithm",
            },
            "SSECustomerKeyMD5": {
                "shape": "SSECustomerKeyMD5",
                "location": "header",
                "locationName": "x-amz-server-side-encryption-customer-key-MD5",
            },
            "PostResponse": {"shape": "PostResponse"},
        },
        "payload": "PostResponse",
    },
    "PostResponse": {
        "type": "structure",
        "members": {
            "Location": {"shape": "HeaderText"},
            "Bucket": {"shape": "HeaderText"},
            "Key": {"shape": "HeaderText"},
            "ETag": {"shape": "HeaderText"},
        },
    },
}
