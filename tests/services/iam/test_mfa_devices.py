"""Virtual MFA devices: enabled by two codes, brought in step, taken away, deleted."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.iam.one_time_codes import code_of, matching_step, second_of_two

from .helpers import all_pages, refused, shown_codes


@pytest.fixture
def device(iam: Any) -> dict[str, Any]:
    """A device that is enabled for nobody, beside a user bob."""
    iam.create_user(UserName="bob")
    made: dict[str, Any] = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    return made


def enable(iam: Any, device: dict[str, Any], user: str = "bob", steps: int = 0) -> None:
    first, second = shown_codes(device["Base32StringSeed"], steps=steps)
    iam.enable_mfa_device(
        UserName=user,
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=first,
        AuthenticationCode2=second,
    )


def test_a_new_device_tells_its_seed_in_writing_and_as_a_picture(iam: Any, account: str) -> None:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/a/", Tags=[{"Key": "k", "Value": "v"}])
    device = made["VirtualMFADevice"]
    assert device["SerialNumber"] == f"arn:aws:iam::{account}:mfa/a/phone"
    assert len(base64.b32decode(device["Base32StringSeed"])) == 40
    assert device["Tags"] == [{"Key": "k", "Value": "v"}]
    assert_is_png(device["QRCodePNG"])
    with refused("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.", status=409):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/a/")


def test_a_device_is_enabled_by_two_codes_and_listed(iam: Any, device: dict[str, Any]) -> None:
    serial = device["SerialNumber"]
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"] == [
        {"SerialNumber": serial}
    ]
    enable(iam, device)
    [listed] = iam.list_mfa_devices(UserName="bob")["MFADevices"]
    assert (listed["UserName"], listed["SerialNumber"]) == ("bob", serial)
    [virtual] = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert (virtual["User"]["UserName"], virtual["EnableDate"]) == ("bob", listed["EnableDate"])
    assert "Base32StringSeed" not in virtual
    shown = iam.get_mfa_device(SerialNumber=serial)
    assert (shown["UserName"], shown["EnableDate"]) == ("bob", listed["EnableDate"])
    assert iam.get_account_summary()["SummaryMap"]["MFADevicesInUse"] == 1
    with refused("EntityAlreadyExists"):
        enable(iam, device)


def test_codes_that_are_wrong_or_used_are_refused(iam: Any, device: dict[str, Any]) -> None:
    first, second = shown_codes(device["Base32StringSeed"])
    for codes in ((second, first), (first, first), ("000000", second)):
        with refused("InvalidAuthenticationCode", "Authentication code for device is not valid.", status=403):
            iam.enable_mfa_device(
                UserName="bob",
                SerialNumber=device["SerialNumber"],
                AuthenticationCode1=codes[0],
                AuthenticationCode2=codes[1],
            )
    assert iam.list_mfa_devices(UserName="bob")["MFADevices"] == []
    enable(iam, device)
    with refused("InvalidAuthenticationCode"):
        iam.resync_mfa_device(
            UserName="bob",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1=first,
            AuthenticationCode2=second,
        )


def test_a_device_whose_clock_is_off_is_brought_in_step(iam: Any, device: dict[str, Any]) -> None:
    enable(iam, device, steps=-10)
    first, second = shown_codes(device["Base32StringSeed"], steps=10)
    iam.resync_mfa_device(
        UserName="bob",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=first,
        AuthenticationCode2=second,
    )
    far = shown_codes(device["Base32StringSeed"], steps=100)
    with refused("InvalidAuthenticationCode"):
        iam.resync_mfa_device(
            UserName="bob",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1=far[0],
            AuthenticationCode2=far[1],
        )


def test_a_user_with_a_device_is_not_deleted_nor_is_the_device(iam: Any, device: dict[str, Any]) -> None:
    enable(iam, device)
    with refused("DeleteConflict", "Cannot delete entity, must delete MFA device first.", status=409):
        iam.delete_user(UserName="bob")
    with refused("DeleteConflict", status=409):
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=device["SerialNumber"])
    assert iam.list_mfa_devices(UserName="bob")["MFADevices"] == []
    iam.delete_user(UserName="bob")
    iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_a_device_serves_one_user_after_another(iam: Any, device: dict[str, Any]) -> None:
    iam.create_user(UserName="eve")
    enable(iam, device, steps=-2)
    with refused("NoSuchEntity"):
        iam.deactivate_mfa_device(UserName="eve", SerialNumber=device["SerialNumber"])
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=device["SerialNumber"])
    enable(iam, device, "eve")
    assert iam.get_mfa_device(SerialNumber=device["SerialNumber"], UserName="eve")["UserName"] == "eve"
    with refused("NoSuchEntity"):
        iam.get_mfa_device(SerialNumber=device["SerialNumber"], UserName="bob")


def test_devices_that_are_not_there_are_said_not_to_be(iam: Any, account: str) -> None:
    iam.create_user(UserName="bob")
    for serial in (f"arn:aws:iam::{account}:mfa/none", "GAHT12345678"):
        calls: list[Callable[[], Any]] = [
            lambda serial=serial: iam.delete_virtual_mfa_device(SerialNumber=serial),
            lambda serial=serial: iam.deactivate_mfa_device(UserName="bob", SerialNumber=serial),
            lambda serial=serial: iam.get_mfa_device(SerialNumber=serial),
            lambda serial=serial: iam.list_mfa_device_tags(SerialNumber=serial),
        ]
        for call in calls:
            with refused("NoSuchEntity", serial, status=404):
                call()


def test_devices_are_listed_in_pages_and_tagged(iam: Any) -> None:
    serials = [
        iam.create_virtual_mfa_device(VirtualMFADeviceName=f"d{number}")["VirtualMFADevice"]["SerialNumber"]
        for number in range(5)
    ]
    listed = all_pages(iam, "list_virtual_mfa_devices", "VirtualMFADevices")
    assert [device["SerialNumber"] for device in listed] == serials
    iam.tag_mfa_device(SerialNumber=serials[0], Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_mfa_device_tags(SerialNumber=serials[0])["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_mfa_device(SerialNumber=serials[0], TagKeys=["A"])
    assert iam.list_mfa_device_tags(SerialNumber=serials[0])["Tags"] == []


# ------------------------------------------------------------------------------------------------ codes
def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, cut to six digits."""
    seed = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_of(seed, seconds // 30) == code


@given(st.binary(min_size=20, max_size=40), st.integers(30, 10**8))
def test_a_code_is_good_for_one_step_around_and_once(seed: bytes, step: int) -> None:
    code = code_of(seed, step)
    for near in (step - 1, step, step + 1):
        used = matching_step(seed, code, near, after=0)
        assert used is not None
        assert matching_step(seed, code, near, after=step + 2) is None
    assert second_of_two(seed, code_of(seed, step - 1), code, step + 5, after=0) is not None


def assert_is_png(content: bytes) -> None:
    """Chunks with true checksums from a header to an end, and a square picture."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, names = 8, []
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        name, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + data)
        names.append(name)
        if name == b"IHDR":
            width, height = struct.unpack(">II", data[:8])
            assert width == height > 100
        at += 12 + size
    assert (names[0], names[-1]) == (b"IHDR", b"IEND")
