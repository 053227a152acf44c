"""Virtual MFA devices: made with a seed that is told once, enabled for a user, brought in step, taken away, deleted.

An authenticator follows the true time, whatever the cloud's clock says, so codes are checked by that.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, cast

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.iam.names import by_id
from fogstead.services.iam.one_time_codes import (
    SEED_BYTES,
    as_base32,
    matching_step,
    second_of_two,
    step_at,
)
from fogstead.services.iam.pages import ITEMS_DEFAULT, page_of
from fogstead.services.iam.service import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidAuthenticationCode,
    NoSuchEntity,
    iam,
    mfa_devices_max,
    room_for_one_more,
    room_in_account,
    virtual_devices_max,
)
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of
from fogstead.services.iam.users import User, shown_user, subject

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreateVirtualMFADeviceRequest,
        CreateVirtualMFADeviceResponse,
        DeactivateMFADeviceRequest,
        DeleteVirtualMFADeviceRequest,
        EnableMFADeviceRequest,
        GetMFADeviceRequest,
        GetMFADeviceResponse,
        ListMFADevicesRequest,
        ListVirtualMFADevicesRequest,
        ResyncMFADeviceRequest,
    )

_PURPOSE: Final = "mfa seed"
_QR_PIXELS_EACH: Final = 4


class VirtualMFADevice(Resource, service=iam, arn="mfa{path}{name}", key=("path", "name"), missing=NoSuchEntity):
    """A seed under seal. `owner` is the id of the user it is enabled for, or empty.

    `steps_off` is how far the device's clock is ahead; `used_step` is the step whose code was used last.
    """

    name: str
    path: str = "/"
    sealed: bytes = b""
    tags: Tags = {}
    owner: str = ""
    enabled_at: int = 0
    steps_off: int = 0
    used_step: int = 0

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:  # noqa: ARG003 - an ARN says where
        """A serial number is an ARN; that of a thing to hold in the hand names no device of this cloud."""
        if not value.startswith("arn:"):
            raise _no_device(value)
        return cls.locate_arn(value)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return _no_device(located.arn)

    def seed(self, tx: Transaction) -> bytes:
        """The seed itself."""
        return tx.cloud.vault.open(_PURPOSE, self.sealed, self.arn.encode())


@iam.operation(
    creates=VirtualMFADevice,
    at="VirtualMFADeviceName",
    locate=lambda given, home: VirtualMFADevice.at(
        VirtualMFADevice.home_for(home), given.get("Path") or "/", given["VirtualMFADeviceName"]
    ),
)
def create_virtual_mfa_device(tx: Transaction, req: CreateVirtualMFADeviceRequest) -> CreateVirtualMFADeviceResponse:
    """The only answer with its seed, in writing and as a picture for an authenticator."""
    name, path, tags = req["VirtualMFADeviceName"], req.get("Path", "/"), tags_of(req.get("Tags", []))
    if tx.find(VirtualMFADevice, path, name) is not None:
        raise EntityAlreadyExists("MFADevice entity at the same path and name already exists.")
    room_in_account(tx, VirtualMFADevice, virtual_devices_max)
    seed = tx.random(SEED_BYTES)
    serial = VirtualMFADevice.at(tx.home, path, name).arn
    sealed = tx.cloud.vault.seal(_PURPOSE, seed, serial.encode())
    tx.create(VirtualMFADevice(name=name, path=path, sealed=sealed, tags=tags))
    shown: Any = {
        "SerialNumber": serial,
        "Base32StringSeed": as_base32(seed).encode("ascii"),
        "QRCodePNG": _picture(f"otpauth://totp/{name}@{tx.home.account}?secret={as_base32(seed)}"),
    }
    if tags:
        shown["Tags"] = shown_tags(tags)
    return {"VirtualMFADevice": shown}


@iam.operation(on=User, at="UserName")
def enable_mfa_device(tx: Transaction, req: EnableMFADeviceRequest) -> None:
    """With two codes that follow one another, which show that the user has it in hand."""
    user: User = tx.resource
    device = _device(tx, req["SerialNumber"])
    if device.owner:
        raise EntityAlreadyExists(f"MFADevice with serial number {device.arn} is already enabled.")
    room_for_one_more(tx, mfa_devices_max, len(user.devices))
    in_step = _in_step(tx, device, req["AuthenticationCode1"], req["AuthenticationCode2"])
    tx.replace(in_step, owner=user.unique_id, enabled_at=tx.now)
    tx.replace(user, devices=[*user.devices, device.arn])


@iam.operation(on=User, at="UserName")
def resync_mfa_device(tx: Transaction, req: ResyncMFADeviceRequest) -> None:
    """Two codes that follow one another tell how far the device's clock is off."""
    device = _device_of(tx, tx.resource, req["SerialNumber"])
    _in_step(tx, device, req["AuthenticationCode1"], req["AuthenticationCode2"])


@iam.operation(on=User, at="UserName")
def deactivate_mfa_device(tx: Transaction, req: DeactivateMFADeviceRequest) -> None:
    """The device stays, and may be enabled for another."""
    user = cast("User", subject(tx))
    device = _device_of(tx, user, req["SerialNumber"])
    tx.replace(device, owner="", enabled_at=0)
    tx.replace(user, devices=[serial for serial in user.devices if serial != device.arn])


@iam.operation(on=VirtualMFADevice, at="SerialNumber")
def delete_virtual_mfa_device(tx: Transaction, req: DeleteVirtualMFADeviceRequest) -> None:  # noqa: ARG001
    """Refused while it is enabled for somebody."""
    device: VirtualMFADevice = tx.resource
    if device.owner:
        raise DeleteConflict("Cannot delete an assigned MFA device: deactivate it first.")
    tx.delete(device)


@iam.operation(on=User, at="UserName")
def list_mfa_devices(tx: Transaction, req: ListMFADevicesRequest) -> Page:  # noqa: ARG001
    """Those that are enabled for a user."""
    user = subject(tx)
    devices = [] if user is None else [_device(tx, serial) for serial in user.devices]
    return page_of(tx, devices, key=lambda device: device.arn, show=lambda device: _shown_enabled(tx, device))


@iam.operation(on=User, at="UserName")
def get_mfa_device(tx: Transaction, req: GetMFADeviceRequest) -> GetMFADeviceResponse:
    """Since when a user has it; a root that names nobody sees any device of the account."""
    user = subject(tx)
    device = _device(tx, req["SerialNumber"]) if user is None else _device_of(tx, user, req["SerialNumber"])
    return _shown_enabled(tx, device) if device.owner else {"SerialNumber": device.arn}


@iam.operation(lists=VirtualMFADevice)
def list_virtual_mfa_devices(tx: Transaction, req: ListVirtualMFADevicesRequest) -> Page:
    """All, or those that are or are not enabled for a user."""
    status = req.get("AssignmentStatus", "Any")

    def show(device: VirtualMFADevice) -> Any:
        user = by_id(tx, device.owner) if device.owner else None
        if user is None:
            return {"SerialNumber": device.arn}
        return {"SerialNumber": device.arn, "User": shown_user(cast("User", user)), "EnableDate": device.enabled_at}

    def keep(device: VirtualMFADevice) -> bool:
        return status == "Any" or bool(device.owner) == (status == "Assigned")

    return tx.page(VirtualMFADevice, show=show, keep=keep, size_default=ITEMS_DEFAULT)


tag_operations(VirtualMFADevice, at="SerialNumber", noun="MFADevice")


def shows_code(tx: Transaction, user: User, serial: str, code: str) -> bool:
    """Whether a device of the user shows this code now; a code is good once."""
    if serial not in user.devices:
        return False
    device = _device(tx, serial)
    step = step_at(tx.cloud.clock.true_now()) + device.steps_off
    used = matching_step(device.seed(tx), code, step, device.used_step)
    if used is not None:
        tx.replace(device, used_step=used)
    return used is not None


def _in_step(tx: Transaction, device: VirtualMFADevice, first: str, second: str) -> VirtualMFADevice:
    step = step_at(tx.cloud.clock.true_now())
    shown = second_of_two(device.seed(tx), first, second, step, device.used_step)
    if shown is None:
        raise InvalidAuthenticationCode
    return tx.replace(device, steps_off=shown - step, used_step=shown)


def _device(tx: Transaction, serial: str) -> VirtualMFADevice:
    located = VirtualMFADevice.locate(serial, tx.home)
    device: VirtualMFADevice | None = tx.at(located) if located.home == tx.home else None
    if device is None:
        raise _no_device(serial)
    return device


def _device_of(tx: Transaction, user: User | None, serial: str) -> VirtualMFADevice:
    """A device that is enabled for this user."""
    if user is None or serial not in user.devices:
        raise _no_device(serial)
    return _device(tx, serial)


def _no_device(serial: str) -> ServiceError:
    return NoSuchEntity(f"VirtualMFADevice with serial number {serial} doesn't exist.")


def _shown_enabled(tx: Transaction, device: VirtualMFADevice) -> Any:
    user = by_id(tx, device.owner)
    assert user is not None, "a user's devices are taken away before it is deleted"
    return {"UserName": user.name, "SerialNumber": device.arn, "EnableDate": device.enabled_at}


def _picture(text: str) -> bytes:
    import segno  # noqa: PLC0415 - only ever needed for a new device

    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=_QR_PIXELS_EACH)
    return out.getvalue()
