"""STS: declarations."""

from __future__ import annotations

from fogstead.kernel.service import Service

sts = Service("sts")
