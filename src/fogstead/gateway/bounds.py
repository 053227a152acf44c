"""How long and how much a connection may take; what is beyond is ended."""

from __future__ import annotations

from typing import Final

RECEIVE_BYTES: Final = 256 * 1024
HEAD_SECONDS: Final = 30.0
STALL_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 120.0
LINGER_SECONDS: Final = 5.0
PIPELINED_BYTES_MAX: Final = 256 * 1024
UNREAD_BYTES_MAX: Final = 256 * 1024
