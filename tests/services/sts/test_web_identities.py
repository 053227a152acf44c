"""Roles taken with tokens of an OpenID Connect provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud import CloudProcess
from tls_server import TlsServer, identity

from .helpers import allow, client_of, key_in, policy, refused, trust
from .identity_provider import Provider, SigningKey, encoded

Make = Callable[..., Any]
AUTHORITY = identity("An authority", authority=True)
SERVER = identity("server", signed_by=AUTHORITY)
WEB = "sts:AssumeRoleWithWebIdentity"
TAGS = "https://aws.amazon.com/tags"
UNVERIFIED = "Couldn't retrieve verification key from your identity provider"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    with TlsServer(tmp_path, SERVER, AUTHORITY) as running:
        yield running


@pytest.fixture
def provider(server: TlsServer, iam: Any) -> Provider:
    """Known to the test's account, with the client `app`."""
    made = Provider(server)
    known(iam, made)
    return made


def known(iam: Any, provider: Provider, thumbprint: str = AUTHORITY.thumbprint) -> str:
    """Make a provider known to an account; gives its ARN."""
    arn: str = iam.create_open_id_connect_provider(
        Url=provider.url, ClientIDList=["app", "other-app"], ThumbprintList=[thumbprint]
    )["OpenIDConnectProviderArn"]
    return arn


@pytest.fixture
def arn(role: Make, provider: Provider, account: str) -> str:
    """A role that trusts the provider with all that it vouches for."""
    return str(role("web", of(provider, account)))


def of(provider: Provider, account: str, **condition: Any) -> dict[str, Any]:
    """A trust policy's statement that lets a provider's identities in."""
    federated = {"Federated": f"arn:aws:iam::{account}:oidc-provider/{provider.name}"}
    return trust(federated, WEB, "sts:TagSession", "sts:SetSourceIdentity", **condition)


@pytest.fixture
def take(signed: Make, arn: str) -> Make:
    """Takes the role with a token, signing nothing."""
    anonymous = signed("sts", {})

    def call(token: str, **more: Any) -> Any:
        given = {"RoleArn": arn, "RoleSessionName": "session", "WebIdentityToken": token, **more}
        return anonymous.assume_role_with_web_identity(**given)

    return call


def test_a_token_is_turned_into_credentials(take: Make, provider: Provider, signed: Make, account: str) -> None:
    answer = take(provider.token())
    told = {name: answer[name] for name in ("Provider", "Audience", "SubjectFromWebIdentityToken")}
    named = f"arn:aws:iam::{account}:oidc-provider/{provider.name}"
    assert told == {"Provider": named, "Audience": "app", "SubjectFromWebIdentityToken": "user-4711"}
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/web/session"
    assert signed("sqs", key_in(answer)).create_queue(QueueName="q")["QueueUrl"]
    assert signed("sts", key_in(answer)).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
def test_every_algorithm_that_aws_takes_is_taken(take: Make, provider: Provider, algorithm: str) -> None:
    provider.keys = [SigningKey(algorithm)]
    provider.publish()
    assert take(provider.token())["Credentials"]


def test_conditions_see_the_claims(role: Make, provider: Provider, take: Make, account: str) -> None:
    def asks(name: str, **condition: Any) -> str:
        return str(role(name, of(provider, account, **condition)))

    by_subject = asks("a", StringEquals={f"{provider.name}:sub": "user-4711", f"{provider.name}:aud": "app"})
    by_method = asks("b", **{"ForAnyValue:StringEquals": {f"{provider.name}:amr": "mfa"}})
    by_session = asks("c", StringEquals={"sts:RoleSessionName": "session"})
    by_claim = asks("d", StringEquals={f"{provider.name}:email": "a@example.com"})
    for named, lets, refuses in (
        (by_subject, {}, {"sub": "user-4712"}),
        (by_subject, {}, {"aud": "other-app"}),
        (by_method, {"amr": ["pwd", "mfa"]}, {"amr": ["pwd"]}),
        (by_session, {}, None),
        (by_claim, None, {"email": "a@example.com"}),
    ):
        if lets is not None:
            take(provider.token(**lets), RoleArn=named)
        if refuses is not None:
            with refused("AccessDenied", f"Not authorized to perform {WEB}"):
                take(provider.token(**refuses), RoleArn=named)


def test_a_role_that_is_not_there_is_refused_like_one_that_does_not_trust_the_provider(
    role: Make, provider: Provider, take: Make, account: str
) -> None:
    role("closed", trust({"AWS": "*"}, WEB.replace("WithWebIdentity", "")))
    for name in ("closed", "absent"):
        with refused("AccessDenied", f"Not authorized to perform {WEB}"):
            take(provider.token(), RoleArn=f"arn:aws:iam::{account}:role/{name}")


@pytest.mark.parametrize("text", ["aaaa", "a.b.c", "....", "e30.e30.e30", "é" * 9])
def test_what_is_no_token_is_refused(take: Make, text: str) -> None:
    sentence = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    with refused("InvalidIdentityToken", sentence, status=400):
        take(text)


def test_an_issuer_that_the_account_does_not_know_is_refused(take: Make, provider: Provider) -> None:
    stranger = "https://token.example.com"
    sentence = f"No OpenIDConnect provider found in your account for {stranger}"
    with refused("InvalidIdentityToken", sentence, status=400):
        take(provider.token(iss=stranger))
    with refused("InvalidIdentityToken", "No OpenIDConnect provider", status=400):
        take(provider.token(iss=provider.name))


@pytest.mark.parametrize("claim", ["iss", "sub", "iat", "exp"])
def test_a_token_without_a_claim_that_must_be_there_is_refused(take: Make, provider: Provider, claim: str) -> None:
    with refused("InvalidIdentityToken", f"Missing a required claim: {claim}", status=400):
        take(provider.token(**{claim: None}))


@pytest.mark.parametrize("claims", [{"aud": None}, {"aud": "strangers"}, {"aud": []}, {"azp": "strangers"}, {"aud": 7}])
def test_a_token_for_another_client_is_refused(take: Make, provider: Provider, claims: dict[str, Any]) -> None:
    with refused("InvalidIdentityToken", "Incorrect token audience", status=400):
        take(provider.token(**claims))


def test_the_authorised_party_comes_before_the_audience(take: Make, provider: Provider) -> None:
    assert take(provider.token(aud=["api", "app"]))["Audience"] == "app"
    assert take(provider.token(aud="api", azp="other-app"))["Audience"] == "other-app"


def test_a_token_is_refused_when_its_time_is_over_or_has_not_come(take: Make, provider: Provider) -> None:
    now = int(time.time())
    with refused("ExpiredTokenException", "must be before the expiration date/time", status=400):
        take(provider.token(iat=now - 700, exp=now - 100))
    for early in ({"nbf": now + 3000}, {"iat": now + 3000, "exp": now + 4000}):
        with refused("InvalidIdentityToken", "not good yet", status=400):
            take(provider.token(**early))


# --------------------------------------------------------------------------- signatures
def test_a_token_that_another_key_signed_is_refused(take: Make, provider: Provider) -> None:
    provider.keys = [SigningKey("ES256")]
    provider.publish()
    take(provider.token())
    with refused("InvalidIdentityToken", "signature", status=400):
        take(SigningKey("ES256").token(provider.claims()))
    for unknown in (SigningKey("ES256", "two"), SigningKey("ES384"), SigningKey("RS256")):
        with refused("InvalidIdentityToken", UNVERIFIED, status=400):
            take(unknown.token(provider.claims()))


def test_a_changed_token_is_refused(take: Make, provider: Provider) -> None:
    head, _, signature = provider.token().split(".")
    with refused("InvalidIdentityToken", "signature", status=400):
        take(f"{head}.{encoded(provider.claims(sub='administrator'))}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "PS256"])
def test_no_token_chooses_how_it_is_verified(take: Make, provider: Provider, algorithm: str) -> None:
    with refused("InvalidIdentityToken", "not a valid JWT", status=400):
        take(provider.keys[0].token(provider.claims(), alg=algorithm))


def test_keys_are_fetched_once(take: Make, provider: Provider) -> None:
    for _ in range(3):
        take(provider.token())
    assert provider.server.asked == ["/.well-known/openid-configuration", "/keys"]


# --------------------------------------------------------------------------- the provider
def test_a_provider_that_shows_an_unknown_certificate_is_not_believed(
    server: TlsServer, iam: Any, role: Make, take: Make, account: str, provider: Provider
) -> None:
    arn = f"arn:aws:iam::{account}:oidc-provider/{provider.name}"
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["0" * 40])
    sentence = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
    with refused("InvalidIdentityToken", sentence, status=400):
        take(provider.token())
    assert server.asked == []


def test_a_provider_that_cannot_be_reached_is_said_to_be(
    tmp_path: Path, iam: Any, role: Make, signed: Make, account: str
) -> None:
    with TlsServer(tmp_path, SERVER, AUTHORITY) as gone:
        provider = Provider(gone)
    known(iam, provider)
    arn = role("web", of(provider, account))
    with refused("IDPCommunicationError", "could not be reached", status=400):
        signed("sts", {}).assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="session", WebIdentityToken=provider.token()
        )


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/.well-known/openid-configuration", b"{}"),
        ("/.well-known/openid-configuration", b"[" * 100_000),
        ("/.well-known/openid-configuration", b'{"issuer":"https://other.example.com","jwks_uri":"https://x/"}'),
        ("/.well-known/openid-configuration", b'{"issuer":"URL","jwks_uri":"http://127.0.0.1/keys"}'),
        ("/.well-known/openid-configuration", b'{"issuer":"URL","jwks_uri":7}'),
        ("/keys", b"no JSON"),
        ("/keys", b'{"keys":[7,{"kty":"RSA","kid":"one"}]}'),
        ("/keys", b'{"keys":{}}'),
        ("/keys", (302, {"Location": "/elsewhere"}, b"")),
    ],
)
def test_a_provider_that_does_not_say_its_keys_is_not_believed(
    take: Make, provider: Provider, path: str, page: Any
) -> None:
    provider.server.pages[path] = page.replace(b"URL", provider.url.encode()) if isinstance(page, bytes) else page
    with refused("InvalidIdentityToken", status=400):
        take(provider.token())
    assert "/elsewhere" not in provider.server.asked


# --------------------------------------------------------------------------- what comes along
@pytest.mark.parametrize(
    "claims",
    [
        {TAGS: {"principal_tags": {"Team": ["blue"]}, "transitive_tag_keys": ["Team"]}},
        {f"{TAGS}/principal_tags/Team": "blue", f"{TAGS}/transitive_tag_keys": ["Team"]},
    ],
)
def test_a_token_may_bring_tags(
    take: Make, provider: Provider, role: Make, signed: Make, account: str, claims: dict[str, Any]
) -> None:
    own = allow("sqs:*", "*", StringEquals={"aws:PrincipalTag/Team": "blue"})
    asked = {"aws:RequestTag/Team": "blue", "sts:TransitiveTagKeys": "Team"}
    arn = role("tagged", of(provider, account, StringEquals=asked), may=own)
    answer = take(provider.token(**claims), RoleArn=arn)
    signed("sqs", key_in(answer)).list_queues()
    assert answer["PackedPolicySize"] > 0
    with refused("AccessDenied", "Not authorized"):
        take(provider.token(), RoleArn=arn)


@pytest.mark.parametrize(
    "tags",
    [
        "Team",
        {"principal_tags": ["Team"]},
        {"principal_tags": {"Team": ["a", "b"]}},
        {"principal_tags": {"Team": 7}},
        {"principal_tags": {"k" * 129: "a"}},
        {"principal_tags": {"Team": "a"}, "transitive_tag_keys": "Team"},
    ],
)
def test_tags_of_another_form_are_refused(take: Make, provider: Provider, tags: Any) -> None:
    with refused("IDPRejectedClaim"):
        take(provider.token(**{TAGS: tags}))


def test_a_token_may_bring_a_source_identity(
    take: Make, provider: Provider, role: Make, signed: Make, account: str
) -> None:
    own = allow("sqs:*", "*", StringEquals={"aws:SourceIdentity": "ada"})
    arn = role("named", of(provider, account, StringEquals={"sts:SourceIdentity": "ada"}), may=own)
    answer = take(provider.token(**{"https://aws.amazon.com/source_identity": "ada"}), RoleArn=arn)
    assert answer["SourceIdentity"] == "ada"
    signed("sqs", key_in(answer)).list_queues()
    with refused("IDPRejectedClaim"):
        take(provider.token(**{"https://aws.amazon.com/source_identity": "no spaces"}))


def test_a_session_knows_its_provider_and_may_be_narrowed(
    take: Make, provider: Provider, iam: Any, signed: Make, account: str
) -> None:
    named = f"arn:aws:iam::{account}:oidc-provider/{provider.name}"
    own = policy(allow("sqs:*", "*", StringEquals={"aws:FederatedProvider": named}))
    iam.put_role_policy(RoleName="web", PolicyName="may", PolicyDocument=own)
    sqs = signed("sqs", key_in(take(provider.token(), Policy=policy(allow("sqs:ListQueues")))))
    sqs.list_queues()
    with refused("AccessDenied", "no session policy"):
        sqs.create_queue(QueueName="q")


def test_bad_input_is_refused(take: Make, provider: Provider) -> None:
    token = provider.token()
    for given, code, sentence in (
        ({"RoleArn": "arn:aws:iam::1234:role/web"}, "ValidationError", "Request ARN is invalid"),
        ({"DurationSeconds": 3601}, "ValidationError", "exceeds the MaxSessionDuration set for this role."),
        ({"Policy": "{"}, "MalformedPolicyDocument", "This policy contains invalid Json"),
        ({"RoleSessionName": "s"}, "ValidationError", "Member must have length greater than or equal to 2"),
    ):
        with refused(code, sentence, status=400):
            take(token, **given)
    with refused("NotImplemented", "ProviderId", status=501):
        take(token, ProviderId="www.amazon.com")


def test_a_token_ends_by_the_clouds_clock(own_cloud: CloudProcess, server: TlsServer) -> None:
    iam, provider = own_cloud.client("iam"), Provider(server)
    known(iam, provider)
    trusted = policy(of(provider, "000000000000"))
    arn = iam.create_role(RoleName="web", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    given = {"RoleArn": arn, "RoleSessionName": "session"}
    sts = client_of(own_cloud, "sts", {})
    old = provider.token(iat=int(time.time()) - 5)
    sts.assume_role_with_web_identity(**given, WebIdentityToken=old)
    own_cloud.advance(3_600)
    with refused("ExpiredTokenException", "Token expired", status=400):
        sts.assume_role_with_web_identity(**given, WebIdentityToken=old)
    sts.assume_role_with_web_identity(**given, WebIdentityToken=provider.token())
    inside = int(time.time()) + 3_600
    sts.assume_role_with_web_identity(**given, WebIdentityToken=provider.token(iat=inside, exp=inside + 600))
