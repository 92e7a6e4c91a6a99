"""What can be subscribed at each hub; arguments are checked before anything is sent."""

from __future__ import annotations

from fastorder._core.codec.field_checks import account_id_from
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.events import Subscription


def accounts() -> Subscription:
    """The balances of all accounts."""
    return Subscription("SubscribeAccounts")


def of_account(what: str, account_id: int) -> Subscription:
    """Orders, Positions or Trades of an account."""
    return Subscription(f"Subscribe{what}", (account_id_from(account_id),))


def of_contract(what: str, contract_id: str) -> Subscription:
    """Quotes, Trades or MarketDepth of a contract."""
    if type(contract_id) is not str:
        raise WrongFieldType("contract_id", "must be text", contract_id)
    if not contract_id or not contract_id.isascii() or not contract_id.isprintable():
        raise InvalidField("contract_id", "must be printable ASCII", contract_id)
    if len(contract_id) > 100:
        raise InvalidField("contract_id", "must be at most 100 letters", contract_id)
    return Subscription(f"SubscribeContract{what}", (contract_id,))
