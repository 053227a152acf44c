"""Taking the cloud away in the middle of work, and bringing it back."""

from __future__ import annotations

import time

from benchmarks.servers import Server
from demo.screen import Screen


def kill(server: Server, outages: list[float], wanted: int, screen: Screen) -> None:
    """kill -9 the server and start it again; how long nobody answered is added to `outages`."""
    at = time.monotonic()
    pid = server.pid
    server.kill()
    server.start()
    outages.append(time.monotonic() - at)
    screen.event(f"kill -9 {pid}, kill {len(outages)} of {wanted}; it answers again after {outages[-1]:.2f} s")
