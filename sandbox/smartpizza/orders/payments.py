"""The payment of an order, with the refunds and chargebacks that arrive later."""

from collections.abc import Callable
from typing import Any

from sandbox.smartpizza.orders.schedule import CANCELLED, CHARGED_BACK, REFUNDED
from sandbox.smartpizza.paging import Record

_REASONS = ("late", "wrong_item", "cold", "missing_item")


def payment_record(order: dict[str, Any], money: Callable[[int], Any]) -> Record:
    """One payment over the whole total; a cancelled order's is refunded at once."""
    happened, when = order["happened"], order["at"]
    payment, total = f"{order['payment']:016x}", order["total"]
    refunds: list[Record] = []
    status = "captured"
    if happened[CANCELLED]:
        refunds.append(_refund(payment, money(total), "cancelled", when[CANCELLED]))
        status = "refunded"
    elif happened[REFUNDED]:
        full = order["full_refund"]
        amount = total if full else total * order["refund_percent"] // 100
        refunds.append(_refund(payment, money(amount), _REASONS[order["reason"]], when[REFUNDED]))
        status = "refunded" if full else "partially_refunded"
    chargebacks = []
    if happened[CHARGED_BACK]:
        chargebacks.append(
            {"chargeback_id": f"cbk_{payment}", "amount": money(total), "opened_at": when[CHARGED_BACK]}
        )
        status = "charged_back"
    return {
        "payment_id": f"pay_{payment}",
        "method": _method(order),
        "amount": money(total),
        "status": status,
        "captured_at": order["captured"],
        "refunds": refunds,
        "chargebacks": chargebacks,
    }


def _refund(payment: str, amount: Any, reason: str, at: str) -> Record:
    return {"refund_id": f"ref_{payment}", "amount": amount, "reason": reason, "refunded_at": at}


def _method(order: dict[str, Any]) -> str:
    """App and web orders (channels 0 and 1) are paid online, so only they can be charged back."""
    if order["channel"] < 2:
        return "wallet" if order["method"] < 0.3 else "card"
    return "cash" if order["method"] < 0.55 else "card"
