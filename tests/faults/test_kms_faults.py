"""Keys outlive kill -9: what was answered is there, and what was sealed opens."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cloud import CloudProcess
from services.kms.test_imports import imported

ROUNDS = 4


def test_a_key_that_was_answered_opens_what_it_sealed_after_any_kill(own_cloud: CloudProcess) -> None:
    sealed: list[tuple[bytes, bytes]] = []
    keys: list[str] = []
    for number in range(ROUNDS):
        stop = threading.Event()

        def work(number: int = number, stop: threading.Event = stop) -> None:
            kms = own_cloud.client("kms")
            while not stop.is_set():
                try:
                    key = kms.create_key(MultiRegion=number % 2 == 0)["KeyMetadata"]["KeyId"]
                    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
                    kms.rotate_key_on_demand(KeyId=key)
                except (BotoCoreError, ClientError):
                    return
                keys.append(key)
                sealed.append((made["CiphertextBlob"], made["Plaintext"]))

        worker = threading.Thread(target=work)
        worker.start()
        while len(keys) < 5 * (number + 1) and worker.is_alive():
            stop.wait(0.01)
        own_cloud.kill()
        stop.set()
        worker.join()
        own_cloud.start()
        kms = own_cloud.client("kms")
        assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob, _ in sealed] == [plain for _, plain in sealed]
        listed = {one["KeyId"] for page in kms.get_paginator("list_keys").paginate() for one in page["Keys"]}
        assert set(keys) <= listed
    assert len(sealed) >= 5 * ROUNDS


def test_a_replica_that_a_kill_cut_short_is_made_after_all(own_cloud: CloudProcess) -> None:
    for _ in range(ROUNDS):
        kms = own_cloud.client("kms")
        key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

        def replicate(kms: Any = kms, key: str = key) -> None:
            try:
                kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
            except (BotoCoreError, ClientError):
                return

        worker = threading.Thread(target=replicate)
        worker.start()
        own_cloud.kill()
        worker.join()
        own_cloud.start()
        own_cloud.advance(60)
        shown = own_cloud.client("kms").describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
        there = own_cloud.client("kms", region="eu-west-1")
        if shown["ReplicaKeys"]:
            assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        else:
            assert there.list_keys()["Keys"] == [] or key not in str(there.list_keys()["Keys"])


def test_no_secret_lies_on_the_disk_in_the_plain(own_cloud: CloudProcess) -> None:
    """Imported, so that the secret is known."""
    secret = bytes(range(100, 132))
    kms = own_cloud.client("kms")
    key = imported(kms, secret)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 64)["CiphertextBlob"]
    assert own_cloud.stop() == 0
    files = [file for file in Path(own_cloud.data_dir).rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        assert secret not in content, file
        assert secret.hex().encode() not in content, file
    own_cloud.start()
    assert own_cloud.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 64


def test_with_another_root_key_nothing_starts(own_cloud: CloudProcess) -> None:
    kms = own_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert own_cloud.stop() == 0
    root = next(Path(own_cloud.data_dir).rglob("root.key"))
    kept = root.read_bytes()
    root.write_bytes(bytes(32))
    with pytest.raises(AssertionError, match="root key"):
        own_cloud.start()
    own_cloud.kill()
    root.write_bytes(kept)
    own_cloud.start()
    assert own_cloud.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
