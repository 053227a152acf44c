"""The price list: declarations."""

from __future__ import annotations

from fogstead.kernel.service import Service

pricing = Service("pricing", scope="account")

InvalidNextToken = pricing.error("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
InvalidParameter = pricing.error("InvalidParameterException", "One or more parameters had an invalid value.")
NotFound = pricing.error("NotFoundException", "The requested resource can't be found.")

pricing.page_token_error = InvalidNextToken
