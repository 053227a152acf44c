"""Server certificates: what does not fit together is refused, and the key is told to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess

from .certificate_files import ENDS, pair
from .helpers import all_pages, refused


def upload(iam: Any, name: str, **more: Any) -> Any:
    own = pair("shop.example", "ca.example")
    given = {"CertificateBody": own.body, "PrivateKey": own.private_key, **more}
    return iam.upload_server_certificate(ServerCertificateName=name, **given)


def test_a_certificate_is_shown_with_its_chain_and_without_its_key(iam: Any, account: str) -> None:
    chain = pair("ca.example").body
    tags = [{"Key": "k", "Value": "v"}]
    made = upload(iam, "Shop", Path="/cloudfront/", CertificateChain=chain, Tags=tags)
    told = made["ServerCertificateMetadata"]
    assert told["Arn"] == f"arn:aws:iam::{account}:server-certificate/cloudfront/Shop"
    assert told["ServerCertificateId"].startswith("ASCA")
    assert (told["Expiration"], made["Tags"]) == (ENDS, tags)
    shown = iam.get_server_certificate(ServerCertificateName="shop")["ServerCertificate"]
    assert shown == {
        "ServerCertificateMetadata": told,
        "CertificateBody": pair("shop.example", "ca.example").body,
        "CertificateChain": chain,
        "Tags": tags,
    }
    with refused("EntityAlreadyExists", "The Server Certificate with name SHOP already exists.", status=409):
        upload(iam, "SHOP")


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        ({"CertificateBody": "no PEM"}, "MalformedCertificate", "Please ensure the certificate is in PEM format."),
        ({"PrivateKey": "no PEM"}, "MalformedCertificate", "Please ensure the private key is in PEM format."),
        ({"PrivateKey": pair("ca.example").private_key}, "KeyPairMismatch", ""),
        ({"CertificateChain": pair("other.example").body}, "MalformedCertificate", "invalid certificate is: 0"),
        ({"CertificateChain": "text"}, "MalformedCertificate", "Unable to validate certificate chain."),
    ],
)
def test_what_does_not_fit_together_is_refused(iam: Any, wrong: dict[str, str], code: str, text: str) -> None:
    with refused(code, text, status=400):
        upload(iam, "shop", **wrong)
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []


def test_certificates_are_listed_renamed_tagged_and_deleted(iam: Any) -> None:
    for name, path in (("a", "/x/"), ("b", "/y/"), ("c", "/x/z/")):
        upload(iam, name, Path=path)
    listed = iam.list_server_certificates(PathPrefix="/x/")["ServerCertificateMetadataList"]
    assert [one["ServerCertificateName"] for one in listed] == ["a", "c"]
    assert len(all_pages(iam, "list_server_certificates", "ServerCertificateMetadataList")) == 3
    iam.update_server_certificate(ServerCertificateName="a", NewServerCertificateName="d", NewPath="/")
    with refused("NoSuchEntity", "The Server Certificate with name a cannot be found.", status=404):
        iam.get_server_certificate(ServerCertificateName="a")
    iam.tag_server_certificate(ServerCertificateName="d", Tags=[{"Key": "k", "Value": "v"}])
    assert iam.list_server_certificate_tags(ServerCertificateName="d")["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.untag_server_certificate(ServerCertificateName="d", TagKeys=["k"])
    assert "Tags" not in iam.get_server_certificate(ServerCertificateName="d")["ServerCertificate"]
    iam.delete_server_certificate(ServerCertificateName="d")
    assert len(iam.list_server_certificates()["ServerCertificateMetadataList"]) == 2


def test_an_account_has_twenty_at_most(iam: Any) -> None:
    for number in range(20):
        upload(iam, f"c{number}")
    with refused("LimitExceeded", "Cannot exceed quota for ServerCertificatesPerAccount: 20", status=409):
        upload(iam, "one-more")


def test_no_private_key_lies_readable_on_the_disk(own_cloud: CloudProcess) -> None:
    upload(own_cloud.client("iam"), "shop")
    own_cloud.stop()
    files = [file.read_bytes() for file in own_cloud.data_dir.rglob("*") if file.is_file()]
    assert any(pair("shop.example", "ca.example").body.encode() in content for content in files)
    assert not any(b"PRIVATE KEY" in content for content in files)
