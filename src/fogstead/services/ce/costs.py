"""Costs and usage over time, in total or by group.

Nothing here is reserved, discounted or shared between accounts, so all kinds of cost are the same sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel import bills
from fogstead.kernel.bills import Item
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import NotImplementedHere, ValidationError
from fogstead.services.ce import expressions, paging, periods
from fogstead.services.ce.expressions import Reader, Told
from fogstead.services.ce.periods import Span
from fogstead.services.ce.service import ce

if TYPE_CHECKING:
    from fogstead.shapes.ce import GetCostAndUsageRequest, GetCostAndUsageResponse

GROUPED_BY_MAX: Final = 2
GROUPS_MAX: Final = 2_000
COSTS: Final = frozenset({"AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost"})
METRICS: Final = COSTS | {"NormalizedUsageAmount", "UsageQuantity"}
MIXED: Final = "N/A"
"""The unit of quantities that are not of one kind."""

Groups = dict[tuple[str, ...], list[Item]]


@ce.operation(refuses=("BillingViewArn",))
async def get_cost_and_usage(call: Call, req: GetCostAndUsageRequest) -> GetCostAndUsageResponse:
    """Up to this moment; the month that is under way is an estimate."""
    now = call.cloud.clock.now()
    span = periods.span_of(req["TimePeriod"], now)
    pieces = periods.pieces_of(span, req["Granularity"])
    metrics = _checked_metrics(req["Metrics"])
    account = call.home.account
    reader = Reader(account, call.cloud.prices)
    grouped, told = req.get("GroupBy") or [], _told(req.get("GroupBy") or [], reader)
    chosen = reader.choose(req.get("Filter"))
    items = [item for item in await bills.bill(call.cloud, account, span.months) if chosen(item)]
    rows = [row for piece, groups in _cut(items, pieces, told) for row in _rows(piece, groups, bool(told))]
    page, following = paging.page(rows, req, GROUPS_MAX)
    results = [_result(piece, groups, metrics, told, now) for piece, groups in _joined(page)]
    answer: Any = {"ResultsByTime": results, "DimensionValueAttributes": [], **following}
    if grouped:
        answer["GroupDefinitions"] = grouped
    done: GetCostAndUsageResponse = answer
    return done


def _checked_metrics(asked: Sequence[str]) -> Sequence[str]:
    if not asked:
        raise ValidationError("At least one metric is required.")
    for metric in asked:
        if metric not in METRICS:
            raise ValidationError(f"The metric {metric} is invalid. Valid metrics are {', '.join(sorted(METRICS))}.")
    return asked


def _told(grouped: Sequence[Mapping[str, Any]], reader: Reader) -> list[Told]:
    """What each part of a group's key is read by; values of tags come with their key."""
    if len(grouped) > GROUPED_BY_MAX:
        raise ValidationError(f"Costs can be grouped by {GROUPED_BY_MAX} keys at most.")
    return [_group_key(group.get("Type"), group.get("Key"), reader) for group in grouped]


def _group_key(kind: str | None, key: str | None, reader: Reader) -> Told:
    if not kind or not key:
        raise ValidationError("A group needs a Type and a Key.")
    if kind == "DIMENSION":
        return reader.dimension(key)
    if kind != "TAG":
        raise NotImplementedHere(f"Groups of the type {kind} are not implemented by this cloud.")
    told = expressions.tag(key)
    return lambda item: f"{key}${told(item)}"


# --------------------------------------------------------------------------- cutting
def _cut(items: Iterable[Item], pieces: Sequence[Span], told: Sequence[Told]) -> list[tuple[Span, Groups]]:
    """The items of each piece, by group."""
    at = {day: number for number, piece in enumerate(pieces) for day in range(piece.start, piece.end)}
    found: list[Groups] = [defaultdict(list) for _ in pieces]
    for item in items:
        number = at.get(item.day)
        if number is not None:
            found[number][tuple(read(item) for read in told)].append(item)
    return list(zip(pieces, found, strict=True))


def _rows(piece: Span, groups: Groups, grouped: bool) -> list[tuple[Span, tuple[str, ...] | None, list[Item]]]:
    """What pages count: groups, and pieces in which there are none."""
    if not grouped:
        return [(piece, None, groups.get((), []))]
    return [(piece, key, groups[key]) for key in sorted(groups)] or [(piece, None, [])]


def _joined(
    rows: Iterable[tuple[Span, tuple[str, ...] | None, list[Item]]],
) -> list[tuple[Span, list[tuple[tuple[str, ...] | None, list[Item]]]]]:
    """A page's rows, back in their pieces."""
    pieces: dict[Span, list[tuple[tuple[str, ...] | None, list[Item]]]] = {}
    for piece, key, items in rows:
        pieces.setdefault(piece, []).append((key, items))
    return list(pieces.items())


# --------------------------------------------------------------------------- showing
def _result(
    piece: Span,
    groups: Sequence[tuple[tuple[str, ...] | None, list[Item]]],
    metrics: Sequence[str],
    told: Sequence[Told],
    now: int,
) -> dict[str, Any]:
    out: dict[str, Any] = {"TimePeriod": piece.shown, "Total": {}, "Groups": []}
    if told:
        out["Groups"] = [
            {"Keys": list(key), "Metrics": _measured(items, metrics)} for key, items in groups if key is not None
        ]
    else:
        out["Total"] = _measured(groups[0][1], metrics)
    out["Estimated"] = periods.is_estimated(piece, now)
    return out


def _measured(items: Sequence[Item], metrics: Sequence[str]) -> dict[str, dict[str, str]]:
    return {metric: _measure(items, metric) for metric in metrics}


def _measure(items: Sequence[Item], metric: str) -> dict[str, str]:
    if metric in COSTS:
        return {"Amount": bills.shown(sum((item.cost for item in items), Fraction(0))), "Unit": "USD"}
    if metric == "NormalizedUsageAmount":
        return {"Amount": "0", "Unit": MIXED}  # it is for sizes of instances, and nothing here has one
    units = {item.unit for item in items}
    total = sum((item.quantity for item in items), Fraction(0))
    return {"Amount": bills.shown(total), "Unit": units.pop() if len(units) == 1 else MIXED}
