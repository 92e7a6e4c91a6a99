"""The gateway's contracts on disk: one small file, written beside and renamed."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastorder._core.codec.field_checks import contract_id_from
from fastorder.contracts.kept import Kept
from fastorder.errors import FastOrderError
from fastorder.models import Contract
from fastorder.runtime.log import log

FORMAT = 1
LARGEST = 4 << 20
"""Bytes; the gateway's 51 contracts take ten thousand."""

TEXTS = ("id", "name", "description", "symbol_id")
EXACT = ("tick_size", "tick_value")


class CacheFile:
    """One gateway's contracts in a file; what is wrong with it is logged, not raised.

    Args:
        path: of the file; its folder is made once it is written.
        gateway: whose contracts they are: those of another are not taken.
    """

    def __init__(self, path: str | os.PathLike[str], gateway: str) -> None:
        self.path = Path(path)
        self._gateway = gateway

    def read(self) -> Kept | None:
        """What it holds; None where it is not there, damaged, or another gateway's."""
        import orjson  # loaded with the executor

        try:
            if not self.path.is_file():  # a pipe would be waited for
                return None
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            log().warning("contracts of %s were not read: %s", self.path, error)
            return None
        try:
            document = orjson.loads(content)
            if document["gateway"] != self._gateway or document["format"] != FORMAT:
                return None
            contracts = tuple(_contract(row) for row in document["contracts"])
            return Kept(contracts, float(document["asked_s"]))
        except (
            ArithmeticError,
            AttributeError,
            FastOrderError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ):
            log().warning("the file %s is damaged, and is passed over", self.path)
            return None

    def write(self, kept: Kept) -> None:
        """Keep a list, whole or not at all."""
        import orjson  # loaded with the executor

        document = {
            "format": FORMAT,
            "gateway": self._gateway,
            "asked_s": kept.asked_s,
            "contracts": [_row(contract) for contract in kept.contracts],
        }
        try:
            self._replace(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        except OSError as error:
            log().warning("contracts were not kept in %s: %s", self.path, error)

    def _replace(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        number, beside = tempfile.mkstemp(
            dir=self.path.parent, prefix=f".{self.path.name}."
        )
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            os.replace(beside, self.path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise


def _row(contract: Contract) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(contract, name) for name in TEXTS}
    row |= {name: str(getattr(contract, name)) for name in EXACT}
    return row | {"active": contract.active}


def _contract(row: Any) -> Contract:
    """A contract of a row; anything that a row of ours cannot be is refused."""
    texts: dict[str, Any] = {name: row[name] for name in TEXTS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise TypeError("a text was expected")
    if not isinstance(row["active"], bool):
        raise TypeError("true or false was expected")
    exact: dict[str, Any] = {name: Decimal(row[name]) for name in EXACT}
    contract_id_from(texts["id"])
    contract = Contract(**texts, **exact, active=row["active"])
    contract.ticks(0)  # its tick is positive and finite
    if not exact["tick_value"].is_finite() or exact["tick_value"] <= 0:
        raise ValueError("a positive value of a tick was expected")
    return contract
