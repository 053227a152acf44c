"""What the laws do not ask, and what is known to break them. Both lists are short, and each line says why."""

from __future__ import annotations

# (law, service, operation) -> the source that says AWS itself does otherwise, or why the law has no meaning here.
EXEMPT: dict[tuple[str, str, str], str] = {
    ("a restart changes nothing", "sqs", "StartMessageMoveTask"): "the task goes on moving by the clock",
    ("a restart changes nothing", "sqs", "CancelMessageMoveTask"): "the task goes on moving by the clock",
}

# (law, service, operation) -> what is wrong. The test must fail; one that passes has to leave this list.
BROKEN: dict[tuple[str, str, str], str] = {}

# Services that tell a stranger that something does not exist, with AWS's own word for it; the others must not.
MAY_TELL: dict[str, str] = {
    # AWS's SQS does: AWS.SimpleQueueService.NonExistentQueue for a missing queue of any account, AccessDenied only for
    # one that exists (SQS API reference, errors of every action on a queue). Ours denies both alike, so "sqs":
    # "QueueDoesNotExist" would stand here only if a client were found that needs it.
}

# Operations that botocore cannot ask a bare address for, or not with made-up input.
UNASKABLE: dict[tuple[str, str], str] = {
    ("machinelearning", "Predict"): "goes to the endpoint that another call hands out",
    ("cloudfront-keyvaluestore", "*"): "botocore derives the endpoint from an ARN it checks",
    ("signin", "*"): "botocore goes to an address of its own, whatever it is told",
    ("s3control", "*"): "botocore puts the account before the address, which a bare IP does not take",
    ("codeartifact", "PublishPackageVersion"): "its checksum member is the signature's own payload hash",
}

# Services of which an operation is not answered with 501 under its name, and why. One that is has to leave this list.
UNANSWERED: dict[str, str] = {
    "cloudsearchdomain": "told apart from cloudsearch by the host alone, which a bare address does not have",
    "lex-models": "StartImport is the same request as ListImports of lexv2-models, under the same signing name",
    "s3": "deprecated operations are the same requests as those that took their place",
}
