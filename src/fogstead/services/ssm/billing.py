"""What parameters cost: advanced ones by the month, and what is asked of them. Standard ones are free.

Source: AWS Systems Manager pricing, "Parameter Store"; standard parameters cost by the request only where higher
throughput is switched on, which it never is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.meter import Meter, is_billed, payer_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import ADVANCED, ssm

if TYPE_CHECKING:
    from fogstead.kernel.invocation import Invocation

advanced_held = ssm.price_line("PS-Advanced-Param-Tier1", per="month")
advanced_asked = ssm.price_line("PS-Param-Processed-Tier2", per="request")


def hold(tx: Transaction, before: Parameter | None, parameter: Parameter) -> None:
    """An advanced parameter is there to be paid for, until it is deleted; it never becomes a standard one."""
    if parameter.tier == ADVANCED and (before is None or before.tier != ADVANCED):
        tx.level(advanced_held, 1, of=parameter)


def _bills(meter: Meter, now: Millis, invocation: Invocation, _result: Any, refusal: ServiceError | None) -> None:
    parameter = invocation.resource
    if isinstance(parameter, Parameter) and parameter.tier == ADVANCED and is_billed(invocation, refusal):
        meter.count(now, advanced_asked, 1, payer_of(parameter), invocation.operation.name)


ssm.bill(_bills)
