"""Stores of both kinds, and events of the user hub, for the tests of the record."""

from __future__ import annotations

from decimal import Decimal

from fastorder.realtime.events import Event
from fastorder.store.schema import TABLES

ACCOUNT = 12345678
MNQ = "CON.F.US.MNQ.Z26"
MONDAY = "2026-11-30T15:30:{:02d}.{:07d}+00:00"
"""A trading Monday, with seven digits as the hub writes them."""


def stamp(second=0, ticks=0):
    return MONDAY.format(second % 60, ticks)


def event(name, row, action=1):
    return Event(f"GatewayUser{name}", [{"action": action, "data": row}], 1)


def trade_row(number=1, **other):
    row = {
        "id": number,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": stamp(number, 4061289),
        "price": Decimal("29423.25"),
        "fees": Decimal("0.36"),
        "side": 0,
        "size": 1,
        "voided": False,
        "orderId": 100 + number,
    }
    return {name: value for name, value in (row | other).items() if value is not None}


def order_row(number=101, status=1, **other):
    row = {
        "id": number,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "symbolId": "F.US.MNQ",
        "creationTimestamp": stamp(1),
        "updateTimestamp": stamp(2 + status),
        "status": status,
        "type": 1,
        "side": 0,
        "size": 2,
        "fillVolume": 2 if status == 2 else 0,
        "limitPrice": Decimal("29423.25"),
        "customTag": f"tag-{number}",
    }
    return {name: value for name, value in (row | other).items() if value is not None}


def position_row(size=1, **other):
    return {
        "id": 7,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "contractDisplayName": "MNQZ6",
        "creationTimestamp": stamp(1),
        "type": 1 if size else 0,
        "size": size,
        "averagePrice": Decimal("29423.25"),
    } | other


def account_row(balance="50000", **other):
    return {
        "id": ACCOUNT,
        "name": "PRAC-V2-1",
        "balance": Decimal(balance),
        "canTrade": True,
        "isVisible": True,
        "simulated": True,
    } | other


def contents(store):
    """Every row of every table, in an order of their own."""
    return {
        table.name: sorted(
            store.rows(f"SELECT {', '.join(table.names)} FROM {table.name}"), key=repr
        )
        for table in TABLES
    }
