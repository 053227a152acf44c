"""Which port belongs to which listener, kept so that it is the same after a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from fogstead.primitives.network.listeners import PortTaken
from fogstead.primitives.store import SYSTEM, Keys, Store, end_of, run
from fogstead.primitives.store.packing import pack

_PORTS = SYSTEM.prefix + pack("port")


class PortBook:
    """Gives each name a port of the range, once."""

    def __init__(self, store: Store, ports: Sequence[int]) -> None:
        self._store = store
        self._ports = ports

    async def open(self, name: str, listen: Callable[[int], Awaitable[int]]) -> int:
        """Listen on the name's own port, or on the first free one and remember it.

        PortTaken when its own port belongs to another program now, or the range has none left: clients that know the
        old port must not find somebody else's.
        """
        known, others = await run(self._store, SYSTEM, lambda keys: _look_up(keys, name), read_only=True)
        if known is not None:
            return await listen(known)
        for port in self._ports:
            if port in others:
                continue
            try:
                opened = await listen(port)
            except PortTaken:
                continue
            await run(self._store, SYSTEM, partial(_note, name=name, port=opened))
            return opened
        raise PortTaken(f"no port of {self._ports[0]} to {self._ports[-1]} is free for {name}")


def _note(keys: Keys, name: str, port: int) -> None:
    keys.put(_PORTS + pack(name), port.to_bytes(2, "big"))


def _look_up(keys: Keys, name: str) -> tuple[int | None, set[int]]:
    own = _PORTS + pack(name)
    rows = keys.scan(_PORTS, end_of(_PORTS), limit=10_000)
    given = {key: int.from_bytes(value, "big") for key, value in rows}
    return given.get(own), {port for key, port in given.items() if key != own}
