"""Cost Explorer: declarations.

What there is to read is what the meter counted, at the prices of the book. Every tag is a cost allocation tag here; AWS
has them activated first.
"""

from __future__ import annotations

from fogstead.kernel.service import Service

ce = Service("ce", scope="account")

BillExpiration = ce.error(
    "BillExpirationException", "The requested report expired. Update the date interval and try again."
)
InvalidNextToken = ce.error("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
RequestChanged = ce.error(
    "RequestChangedException", "Your request parameters changed between pages. Try again with the old parameters."
)
