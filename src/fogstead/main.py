"""Starting a cloud: reads the settings, chooses the adapters, puts everything together. The one file that knows all."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from fogstead import __version__
from fogstead.gateway.admin import Admin
from fogstead.gateway.application import ApiApplication
from fogstead.gateway.hosts import OwnNames, is_loopback
from fogstead.gateway.server import Server
from fogstead.kernel.audit_log import AuditLog
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.cloud import AuthMode, Cloud
from fogstead.kernel.endpoints import TcpListener, UdpListener
from fogstead.kernel.identity import NoKeys, RootKeys
from fogstead.kernel.ports import PortBook
from fogstead.kernel.prices import BookRefused, read_book
from fogstead.model.standard import cache_folder, standard_models
from fogstead.primitives.blobs import BlobsRefused
from fogstead.primitives.blobs.directory import DirectoryBlobs
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.certificates import OwnCertificate
from fogstead.primitives.ids import Ids
from fogstead.primitives.network.listeners import PORTS, Listeners, PortTaken
from fogstead.primitives.store.directory import DataDirectory
from fogstead.primitives.store.sqlite import Durability, SqliteStore
from fogstead.primitives.telemetry.directory import DirectorySegments
from fogstead.primitives.vault import Vault

log = logging.getLogger("fogstead")

_M_ARENA_MAX = -8  # of mallopt(3)
_ARENAS = 2

CERTIFIED_NAMES = (
    "localhost",
    "*.localhost",
    "*.s3.localhost",
    "localhost.localstack.cloud",
    "*.localhost.localstack.cloud",
    "*.s3.localhost.localstack.cloud",
    "*.amazonaws.com",
    "*.us-east-1.amazonaws.com",
    "127.0.0.1",
    "::1",
)


SAMPLE_PRICES = Path(__file__).parent / "services" / "pricing" / "prices.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose."""

    data_dir: Path
    port: int = 4566
    host: str = "127.0.0.1"
    auth: AuthMode = "enforce"
    durability: Durability = "process"
    zones: tuple[Path, ...] = ()
    key_dir: Path | None = None
    plain_blobs: bool = False
    host_names: tuple[str, ...] = ()
    root_keys: Literal["loopback", "everywhere"] = "loopback"
    throttles: bool = False
    checks_outputs: bool = False
    price_book: Path | None = None
    packages: tuple[str, ...] = field(default=("fogstead.services",))


class Refused(Exception):
    """These settings cannot be started; the message is one sentence."""


def version() -> str:
    """The version of this program."""
    return __version__


class RunningCloud:
    """A cloud that listens."""

    def __init__(self, settings: Settings) -> None:
        if not is_loopback(settings.host) and settings.auth != "enforce" and settings.root_keys != "everywhere":
            raise Refused(
                f"--auth {settings.auth} beyond loopback ({settings.host}) lets everyone in: "
                "add --root-keys everywhere if that is what you want."
            )
        try:
            prices = read_book(settings.price_book or SAMPLE_PRICES)
        except BookRefused as error:
            raise Refused(str(error)) from None
        self.settings = settings
        self.directory = DataDirectory(settings.data_dir)
        try:
            root = RootKey.open(settings.key_dir or settings.data_dir / "keys")
            self.blobs = _open_blobs(settings, root)
        except BlobsRefused as error:
            self.directory.close()
            raise Refused(str(error)) from None
        self.store = SqliteStore(self.directory.store_file, durability=settings.durability)
        root_keys_good = is_loopback(settings.host) or settings.root_keys == "everywhere"
        self.cloud = Cloud(
            self.store,
            blobs=self.blobs,
            vault=Vault(root.derive),
            catalog=Catalog(settings.packages, cache_folder()),
            audit=AuditLog(DirectorySegments(settings.data_dir / "audit")),
            credentials=RootKeys() if root_keys_good else NoKeys(),
            auth=settings.auth,
            prices=prices,
            throttles=settings.throttles,
            checks_outputs=settings.checks_outputs,
        )
        certificate = OwnCertificate(settings.data_dir / "tls", (*CERTIFIED_NAMES, *settings.host_names))
        self.application = ApiApplication(
            self.cloud,
            standard_models(),
            names=OwnNames((settings.host, *settings.host_names)),
            admin=Admin(self.cloud, version()),
        )
        self.server = Server(self.application, certificate.context)
        self.listeners = Listeners(settings.host)
        self._certificate = certificate

    async def open(self) -> int:
        """Start; gives the port."""
        await self.cloud.start()
        await self._open_listeners()
        return await self.server.listen(self.settings.host, self.settings.port)

    async def _open_listeners(self) -> None:
        book = PortBook(self.store, PORTS)
        for listener in self.cloud.catalog.listeners():
            try:
                port = await book.open(listener.name, partial(self._listen, listener))
            except PortTaken as error:
                log.warning("%s cannot listen: %s", listener.name, error)
            else:
                self.cloud.ports[listener.name] = port

    async def _listen(self, listener: TcpListener | UdpListener, port: int) -> int:
        if isinstance(listener, UdpListener):
            return await self.listeners.open_udp(port, partial(listener.answer, self.cloud))
        tls = self._certificate.context() if listener.tls else None
        return await self.listeners.open_tcp(port, partial(listener.serve, self.cloud), tls)

    async def close(self) -> None:
        """Let answers under way leave, fold the store's log, give the directory free."""
        await self.server.stop()
        await self.listeners.close()
        await self.application.close()
        await self.cloud.close()
        await self.blobs.close()
        await self.store.close()
        self.directory.close()


def _open_blobs(settings: Settings, root: RootKey) -> DirectoryBlobs:
    zones = settings.zones or zone_folders(settings.data_dir, 1)
    return DirectoryBlobs(zones, root, Ids(), durability=settings.durability, plain=settings.plain_blobs)


def zone_folders(data_dir: Path, count: int) -> tuple[Path, ...]:
    """The zones inside a data directory: `zones/a`, `zones/b` and so on."""
    return tuple(data_dir / "zones" / chr(ord("a") + number) for number in range(count))


async def _serve(settings: Settings, ready: Callable[[int], None]) -> None:
    running = RunningCloud(settings)
    try:
        port = await running.open()
    except OSError as error:
        await running.close()
        raise Refused(f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}.") from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # What the start has made stays; a request makes little that only the collector could find.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    ready(port)
    await stop.wait()
    await running.close()


def serve(settings: Settings, ready: Callable[[int], None]) -> None:
    """Run a cloud in the foreground until it is told to stop; Refused or DirectoryRefused when it cannot start."""
    _share_arenas()
    runner = asyncio.Runner(loop_factory=_fast_loop())
    with contextlib.closing(runner):
        runner.run(_serve(settings, ready))


def _share_arenas() -> None:
    """Have threads share glibc's pools of memory: with one for each, every thread keeps what its largest work took."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, _ARENAS)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists, the standard loop elsewhere."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not everywhere

    return uvloop.new_event_loop
