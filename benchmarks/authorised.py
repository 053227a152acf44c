"""SQS SendMessage by callers whose policies have to be read: what the queue says, what users and roles are allowed.

Each user and role has an account of its own. All its policies speak of sending, half of them of queues in full and
half by wildcards, and the last one allows it. The first answer must be a yes for one queue and a no for another.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.replay import Load
from benchmarks.rows import Row, Work, WrongAnswer, new_queue, sends
from benchmarks.servers import Server
from benchmarks.signing import DEFAULT_ACCOUNT, Signer
from benchmarks.wire import Connection, Reply

OTHER_ACCOUNT = "111111111111"
POLICIES_OF_ONE_MAX = 10
"""IAM's own limit for a user, a group or a role; more come through groups."""
_accounts = itertools.count(300_000_000_000)


# --------------------------------------------------------------------------- what a queue says
def policy_of(statements: int, url: str, principal: str) -> str:
    """A queue policy whose last statement allows `principal` to send; the ones before it name somebody else."""
    queue = url.rpartition("/")[2]
    arn = f"arn:aws:sqs:us-east-1:{DEFAULT_ACCOUNT}:{queue}"
    made = [
        {
            "Sid": f"S{number}",
            "Effect": "Allow",
            "Principal": {"AWS": principal if number == statements else f"{222222222222 + number}"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        }
        for number in range(1, statements + 1)
    ]
    return _document(made)


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _with_policy(statements: int, caller: str) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        url = new_queue(server)
        policy = policy_of(statements, url, OTHER_ACCOUNT)
        change = server.signer.sqs("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy})
        Connection(server.port).call(change)
        return sends(server, url, server.signing(access_key=caller))

    return prepare


# --------------------------------------------------------------------------- what users are allowed
def identity_policies(count: int, account: str, queue: str, *, in_front: bool = False) -> list[str]:
    """Policies that speak of sending, by names in full and by wildcards in turns; the last one is of this queue.

    Wildcards stand behind a name, as people have them, or in front of it, where a name's beginning rules nothing out.
    """
    made = []
    for number in range(1, count + 1):
        name = queue if number == count else f"other-{number}"
        if number % 2:
            allowed = {"Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{account}:{name}"}
        elif in_front:
            allowed = {"Action": "sqs:Send*", "Resource": f"arn:aws:sqs:*:{account}:*{name}"}
        else:
            allowed = {"Action": "sqs:Send*", "Resource": f"arn:aws:sqs:us-east-1:{account}:{name}*"}
        made.append(_document([{"Effect": "Allow", **allowed}]))
    return made


class _Account:
    """A fresh account, with a queue that policies will allow and one that they will not."""

    def __init__(self, server: Server) -> None:
        self.number = str(next(_accounts))
        self._server = server
        self._connection = Connection(server.port)
        self._root = server.signing(access_key=self.number, secret="test")
        self._open, self._closed = (new_queue(server, signer=self._root) for _ in range(2))

    def user(self) -> Signer:
        """A fresh user, with a key to sign with."""
        self._iam("CreateUser", UserName="bench")
        made = self._iam("CreateAccessKey", UserName="bench")
        return self._server.signing(_text(made, "AccessKeyId"), _text(made, "SecretAccessKey"))

    def allow_user(self, count: int, *, in_front: bool) -> None:
        """Attach policies to the user; many of them to groups that it is in."""
        policies = self._policies(count, in_front=in_front)
        if count <= POLICIES_OF_ONE_MAX:
            for arn in policies:
                self._iam("AttachUserPolicy", UserName="bench", PolicyArn=arn)
            return
        for number in range(0, count, POLICIES_OF_ONE_MAX):
            group = f"group-{number}"
            self._iam("CreateGroup", GroupName=group)
            self._iam("AddUserToGroup", GroupName=group, UserName="bench")
            for arn in policies[number : number + POLICIES_OF_ONE_MAX]:
                self._iam("AttachGroupPolicy", GroupName=group, PolicyArn=arn)

    def session(self, user: Signer, count: int) -> Signer:
        """A session of a role with that many policies, which the user takes."""
        trust = _document(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{self.number}:user/bench"},
                    "Action": "sts:AssumeRole",
                }
            ]
        )
        role = _text(self._iam("CreateRole", RoleName="bench", AssumeRolePolicyDocument=trust), "Arn")
        for arn in self._policies(count):
            self._iam("AttachRolePolicy", RoleName="bench", PolicyArn=arn)
        taken = self._connection.call(user.sts("AssumeRole", RoleArn=role, RoleSessionName="bench"))
        key, secret, token = (_text(taken, tag) for tag in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        return self._server.signing(key, secret, token)

    def _policies(self, count: int, *, in_front: bool = False) -> list[str]:
        queue = self._open.rpartition("/")[2]
        documents = identity_policies(count, self.number, queue, in_front=in_front)
        made = [
            self._iam("CreatePolicy", PolicyName=f"p-{number}", PolicyDocument=document)
            for number, document in enumerate(documents)
        ]
        return [_text(reply, "Arn") for reply in made]

    def _iam(self, action: str, **given: str) -> Reply:
        return self._connection.call(self._root.iam(action, **given))

    def sending(self, caller: Signer) -> Work:
        """To the queue that is allowed, once it is proved that the other one is not."""
        work = sends(self._server, self._open, caller)

        def first() -> None:
            work.first()
            reply = self._connection.ask(caller.sqs("SendMessage", QueueUrl=self._closed, MessageBody="no"))
            if reply.status != 403:
                raise WrongAnswer(f"what no policy allows was answered with {reply.status}")

        return Work(work.run, first)


def _text(reply: Reply, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]+)</{tag}>".encode(), reply.body)
    if found is None:
        raise WrongAnswer(f"there is no {tag} in {reply.body[:200]!r}")
    return found[1].decode()


def _as_user(count: int, *, in_front: bool = False) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        account = _Account(server)
        user = account.user()
        account.allow_user(count, in_front=in_front)
        return account.sending(user)

    return prepare


def _as_session(count: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        account = _Account(server)
        return account.sending(account.session(account.user(), count))

    return prepare


def _root_alone(server: Server, _load: Load) -> Work:
    return sends(server, new_queue(server))


AUTHORISED: Sequence[Row] = (
    Row("auth-none", "the account's root, no policy", _root_alone),
    Row("auth-root", "the account's root, policy of 1 statement", _with_policy(1, DEFAULT_ACCOUNT)),
    Row("auth-1", "another account, policy of 1 statement", _with_policy(1, OTHER_ACCOUNT)),
    Row("auth-20", "another account, policy of 20 statements", _with_policy(20, OTHER_ACCOUNT)),
    Row("auth-user-1", "a user with 1 policy", _as_user(1)),
    Row("auth-user-10", "a user with 10 policies", _as_user(10)),
    Row("auth-user-100", "a user with 100 policies, through 10 groups", _as_user(100)),
    Row("auth-user-front", "the same, wildcards in front of names", _as_user(100, in_front=True)),
    Row("auth-session-1", "a session of a role with 1 policy", _as_session(1)),
    Row("auth-session-10", "a session of a role with 10 policies", _as_session(10)),
)
