"""What the gateway lists, as rows of the command line's shapes."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.cli import shapes
from fastorder.cli.today import bounds_of
from fastorder.enums import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastorder import (
        Account,
        ActReport,
        ActStep,
        Contract,
        ContractReport,
        Order,
        OrderResult,
        Position,
        Trade,
    )
    from fastorder.cli.comparing import Change
    from fastorder.journal import Entry
    from fastorder.marketdata import Bars
    from fastorder.risk.trading_day import TradingDay


def account_row(account: Account) -> dict[str, Any]:
    """An account."""
    return shapes.ACCOUNTS.row(
        id=account.id,
        name=account.name,
        balance=account.balance,
        can_trade=account.can_trade,
    )


def contract_row(found: Contract) -> dict[str, Any]:
    """A contract."""
    names = [column.name for column in shapes.CONTRACTS.columns]
    return {name: getattr(found, name) for name in names}


def order_row(order: Order) -> dict[str, Any]:
    """An order as the gateway lists it."""
    return shapes.ORDERS.row(
        id=order.id,
        account_id=order.account_id,
        contract_id=order.contract_id,
        side=str(order.side),
        size=order.size,
        filled=order.fill_volume,
        type=str(order.type),
        status=str(order.status),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        parent_id=order.parent_id,
        tag=order.custom_tag,
        at=order.updated or order.created,
    )


def position_row(position: Position) -> dict[str, Any]:
    """An open position."""
    return shapes.POSITIONS.row(
        contract_id=position.contract_id,
        account_id=position.account_id,
        net=position.net,
        average_price=position.average_price,
        at=position.created,
    )


def trade_row(trade: Trade) -> dict[str, Any]:
    """A fill."""
    return shapes.TRADES.row(
        id=trade.id,
        account_id=trade.account_id,
        contract_id=trade.contract_id,
        order_id=trade.order_id,
        side=str(trade.side),
        size=trade.size,
        price=trade.price,
        profit_and_loss=trade.profit_and_loss,
        fees=trade.fees,
        commissions=trade.commissions,
        voided=trade.voided,
        at=trade.created,
    )


def pnl_row(account_id: int, day: TradingDay, found: list[Trade]) -> dict[str, Any]:
    """What the fills of a trading day come to."""
    since, end = bounds_of(day)
    counted = [each for each in found if not each.voided and _is_before(each, end)]
    gross = _total(trade.profit_and_loss for trade in counted)
    fees = _total(trade.fees for trade in counted)
    commissions = _total(trade.commissions for trade in counted)
    return shapes.PNL.row(
        account_id=account_id,
        day=str(day.date),
        since=since,
        trades=len(counted),
        gross=gross,
        fees=fees,
        commissions=commissions,
        net=gross - fees - commissions,
        without_commissions=sum(trade.commissions is None for trade in counted),
    )


def _is_before(trade: Trade, end: datetime) -> bool:
    """Whether a trade is of a day that ends then; the next one begins there."""
    return trade.created is None or trade.created < end


def _total(amounts: Any) -> Decimal:
    """Of those that are told."""
    return sum((each for each in amounts if each is not None), Decimal(0))


def bar_rows(found: Bars) -> list[dict[str, Any]]:
    """Bars, a row each."""
    prices = {name: getattr(found, name) for name in ("open", "high", "low", "close")}
    return [
        shapes.BARS.row(
            at=datetime.fromtimestamp(time_ns / 10**9, timezone.utc),
            **{name: Decimal(str(column[n])) for name, column in prices.items()},
            volume=found.volume[n],
        )
        for n, time_ns in enumerate(found.time_ns)
    ]


def outcome_row(
    result: OrderResult, changes: Sequence[Change] | None = None
) -> dict[str, Any]:
    """What became of a request, and what it was to change."""
    return shapes.OUTCOME.row(
        action=result.action,
        outcome=str(result.outcome),
        changes=None if changes is None else [change.row for change in changes],
        order_id=result.order_id,
        tag=result.tag,
        message=result.message,
        error_code=result.error_code,
        attempts=result.attempts,
    )


def act_row(report: ActReport) -> dict[str, Any]:
    """What an act has done."""
    return shapes.ACT.row(
        act=report.act,
        account_id=report.account_id,
        verified=report.verified,
        why=report.why,
        took_s=f"{report.took_s:.2f}",
        contracts=[
            {
                "contract_id": each.contract_id,
                "verified": each.verified,
                "position": each.position,
                "why": each.why,
                "steps": [_step(step, each) for step in each.steps],
            }
            for each in report.contracts
        ],
    )


def has_done(report: ActReport) -> bool:
    """Whether a request of an act found something to end, or something is held."""
    found = any(step.result.outcome is not Outcome.REJECTED for step in report.steps)
    return found or any(each.position for each in report.contracts)


def _step(step: ActStep, of: ContractReport) -> str:
    """A step in words; where all is proved to be gone, a refused close says that."""
    is_refused = step.result.outcome is Outcome.REJECTED
    if of.verified and is_refused and step.result.action == "close":
        return "close: nothing was open"
    return repr(step)


def entry_row(entry: Entry) -> dict[str, Any]:
    """An order as a journal holds it."""
    intent = entry.intent
    verdict = entry.verdicts[-1] if entry.verdicts else None
    return shapes.JOURNAL.row(
        tag=intent.tag,
        account_id=intent.account_id,
        contract_id=intent.contract_id,
        outcome=entry.outcome,
        order_id=None if verdict is None else verdict.order_id,
        attempts=entry.sends,
        at=datetime.fromtimestamp(intent.created_s, timezone.utc),
    )
