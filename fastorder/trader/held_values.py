"""What a tick is worth of contracts that are held, and that nobody has loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import FastOrderError
from fastorder.runtime.log import log
from fastorder.verbs.contracts import ContractVerbs

if TYPE_CHECKING:
    from fastorder.risk.control import Risk
    from fastorder.session.ticket_group import Steps


def values_read(executor: Any, risk: Risk, account_id: int) -> Steps[None]:
    """Read the contracts of an account's positions that its limits on losses lack.

    The loss is not known without them: a position of before, or of another program,
    would be lost from sight. The loss is to be looked at after it.

    Args:
        executor: reads; it may be another one than that of the limits.
    """
    if not risk.limits._has_loss:
        return
    for contract_id in risk._losses.unvalued(account_id):
        try:
            contract = yield ContractVerbs.contract.ticket(executor, contract_id)
        except FastOrderError as error:
            log().warning(
                "the loss of account %s is not known: what a tick of %s is worth could "
                "not be read: %s", account_id, contract_id, error,
            )  # fmt: skip
            continue
        risk._losses.contract_seen(contract)
