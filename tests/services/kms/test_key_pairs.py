"""Key pairs alone: of every spec, in KMS's own forms."""

from __future__ import annotations

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from fogstead.services.kms import key_pairs, signatures, wrapping
from fogstead.services.kms.key_pairs import NotThisKind
from fogstead.services.kms.signatures import oaep
from fogstead.services.kms.specs import ENCRYPT, SIGN, SPECS, Spec, takes_secret

# RSA pairs take long to make, and all sizes are made alike.
PAIRS = [spec for spec in SPECS.values() if spec.is_pair and spec.name not in ("RSA_3072", "RSA_4096")]
SIGNING = [(spec, algorithm) for spec in PAIRS for algorithm in spec.usages.get(SIGN, ())]


@pytest.fixture(scope="module")
def pairs() -> dict[str, bytes]:
    """A private key of each spec."""
    return {spec.name: key_pairs.generate(spec) for spec in PAIRS}


@pytest.mark.parametrize("spec", PAIRS, ids=lambda spec: spec.name)
def test_a_pair_is_read_again_as_what_it_is(spec: Spec, pairs: dict[str, bytes]) -> None:
    private = key_pairs.load_private(pairs[spec.name])
    public = key_pairs.load_public(key_pairs.public_der(private))
    assert key_pairs.spec_name_of(private) == key_pairs.spec_name_of(public) == spec.name
    assert key_pairs.checked_private(pairs[spec.name], spec) == pairs[spec.name]


@pytest.mark.parametrize(("spec", "algorithm"), SIGNING, ids=lambda one: getattr(one, "name", one))
def test_a_signature_is_good_for_its_message_alone(spec: Spec, algorithm: str, pairs: dict[str, bytes]) -> None:
    private = key_pairs.load_private(pairs[spec.name])
    public = key_pairs.load_public(key_pairs.public_der(private))
    made = signatures.sign(private, spec, algorithm, b"message", "RAW")
    assert signatures.is_signature(public, spec, algorithm, b"message", "RAW", made)
    assert not signatures.is_signature(public, spec, algorithm, b"massage", "RAW", made)
    assert not signatures.is_signature(public, spec, algorithm, b"message", "RAW", bytes([made[0] ^ 1]) + made[1:])


@pytest.mark.parametrize("algorithm", ["RSASSA_PSS_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512"])
def test_a_digest_signed_is_the_message_signed(algorithm: str, pairs: dict[str, bytes]) -> None:
    spec = SPECS["RSA_2048"]
    private = key_pairs.load_private(pairs[spec.name])
    public = key_pairs.load_public(key_pairs.public_der(private))
    digest = hashlib.new(f"sha{algorithm[-3:]}", b"message").digest()
    made = signatures.sign(private, spec, algorithm, digest, "DIGEST")
    assert signatures.is_signature(public, spec, algorithm, b"message", "RAW", made)


def test_mu_signed_is_the_message_signed(pairs: dict[str, bytes]) -> None:
    """Source: FIPS 204, section 6.2: mu is SHAKE256 of the public key's hash, two zero bytes, and the message."""
    spec = SPECS["ML_DSA_65"]
    private = key_pairs.load_private(pairs[spec.name])
    public = private.public_key()
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\x00\x00" + b"message").digest(64)
    made = signatures.sign(private, spec, "ML_DSA_SHAKE_256", mu, "EXTERNAL_MU")
    assert signatures.is_signature(public, spec, "ML_DSA_SHAKE_256", b"message", "RAW", made)
    assert signatures.is_signature(public, spec, "ML_DSA_SHAKE_256", mu, "EXTERNAL_MU", made)


def test_keys_of_other_kinds_are_not_taken(pairs: dict[str, bytes]) -> None:
    for der in (
        b"",
        b"\x30\x03\x02\x01\x00",
        pairs["ECC_NIST_P384"],
        pairs["ECC_SECG_P256K1"],
        key_pairs.private_der(ec.generate_private_key(ec.BrainpoolP256R1())),
        key_pairs.private_der(ed448.Ed448PrivateKey.generate()),
    ):
        with pytest.raises(NotThisKind):
            key_pairs.checked_private(der, SPECS["ECC_NIST_P256"])
    with pytest.raises(NotThisKind):
        key_pairs.checked_private(key_pairs.private_der(rsa.generate_private_key(3, 2048)), SPECS["RSA_2048"])


@pytest.mark.parametrize("algorithm", SPECS["RSA_2048"].usages[ENCRYPT])
def test_rsa_encrypts_as_much_as_it_says(algorithm: str, pairs: dict[str, bytes]) -> None:
    private = key_pairs.load_private(pairs["RSA_2048"])
    most = signatures.plain_bytes_max(SPECS["RSA_2048"], algorithm)
    plain = os.urandom(most)
    assert private.decrypt(private.public_key().encrypt(plain, oaep(algorithm)), oaep(algorithm)) == plain
    assert most == {"RSAES_OAEP_SHA_1": 214, "RSAES_OAEP_SHA_256": 190}[algorithm]


@pytest.mark.parametrize("raw", [b"", b"x" * 256, b"x" * 300])
@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"])
def test_bytes_that_nobody_wrapped_are_refused(algorithm: str, raw: bytes, pairs: dict[str, bytes]) -> None:
    with pytest.raises(wrapping.NotWrapped):
        wrapping.unwrap(key_pairs.load_private(pairs["RSA_2048"]), algorithm, raw)


def test_secrets_have_the_sizes_that_their_specs_take() -> None:
    assert [size for size in range(130) if takes_secret(SPECS["SYMMETRIC_DEFAULT"], size)] == [32]
    assert [size for size in range(130) if takes_secret(SPECS["HMAC_384"], size)] == list(range(48, 129))
