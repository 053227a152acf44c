"""What the trial service declares."""

from __future__ import annotations

from fogstead.kernel.service import Service

mediastore_data = Service("mediastore-data")

ObjectNotFound = mediastore_data.error("ObjectNotFoundException", "Could not perform an operation on an object.")
RangeNotSatisfiable = mediastore_data.error("RequestedRangeNotSatisfiableException", "The range is not satisfiable.")
InternalServerError = mediastore_data.error("InternalServerError", "The service is temporarily unavailable.")
