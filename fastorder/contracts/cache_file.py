"""The gateway's contracts on disk: one small file, written beside and renamed."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder._core.codec.field_checks import contract_id_from
from fastorder.contracts.kept import Kept, Remembered
from fastorder.contracts.names import month_of
from fastorder.errors import (
    ConfigurationError,
    FastOrderError,
    looks_like_secret,
    may_hold_secret,
    was,
)
from fastorder.models import Contract
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = 2
OLDER = 1
"""The format that had no ``followed``."""

FORMATS = (OLDER, FORMAT)

LARGEST = 4 << 20
"""Bytes; the gateway's 51 contracts take ten thousand."""

TEXTS = ("id", "name", "description", "symbol_id")
EXACT = ("tick_size", "tick_value")

DAMAGED = (
    ArithmeticError,
    AttributeError,
    FastOrderError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What is raised where a file is not made as ours are."""


class CacheFile:
    """One gateway's contracts in a file; what is wrong with it is logged, not raised.

    Args:
        path: of the file; its folder is made once it is written.
        gateway: whose contracts they are: those of another are not taken.
        whose: the trader whose symbols they are; the gateway's list is everybody's.

    Raises:
        ConfigurationError: the path looks like a token or a key.
    """

    def __init__(
        self, path: str | os.PathLike[str], gateway: str, whose: str = ""
    ) -> None:
        if looks_like_secret(os.fspath(path)):
            rule = "path must name a file for contracts"
            raise ConfigurationError(f"{rule}, {was(os.fspath(path))}")
        self.path = Path(path)
        self._shown = from_outside(str(self.path))
        self._gateway = gateway
        self._whose = whose

    def read(self) -> Remembered:
        """What it holds; nothing where it is not there, or another gateway's."""
        document = self._document()
        if document is None:
            return Remembered(None, {})
        return Remembered(self._kept(document), self._followed(document))

    def write(self, kept: Kept | None, followed: Mapping[str, Contract]) -> None:
        """Keep a list, and what symbols stand for; whole or not at all.

        What other traders' symbols stand for stays in it.
        """
        import orjson  # loaded with the executor

        rows = {symbol: _row(contract) for symbol, contract in followed.items()}
        listed = Kept((), 0.0) if kept is None else kept
        document = {
            "format": FORMAT,
            "gateway": self._gateway,
            "asked_s": listed.asked_s,
            "contracts": [_row(contract) for contract in listed.contracts],
            "followed": self._with_others(rows),
        }
        try:
            self._replace(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        except OSError as error:
            why = from_outside(str(error))
            log().warning("contracts were not kept in %s: %s", self._shown, why)

    # ------------------------------------------------------------ its parts

    def _document(self, *, quiet: bool = False) -> dict[str, Any] | None:
        """The whole of it; None where it is not there, damaged, or another's."""
        import orjson  # loaded with the executor

        try:
            if not self.path.is_file():  # a pipe would be waited for
                return None
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            if not quiet:
                why = from_outside(str(error))
                log().warning("contracts of %s were not read: %s", self._shown, why)
            return None
        try:
            document: dict[str, Any] = orjson.loads(content)
            is_ours = document["gateway"] == self._gateway
            return document if is_ours and document["format"] in FORMATS else None
        except DAMAGED:
            if not quiet:
                self._say_damaged(f"the file {self._shown}")
            return None

    def _kept(self, document: dict[str, Any]) -> Kept | None:
        try:
            contracts = tuple(_contract(row) for row in document["contracts"])
            return Kept(contracts, float(document["asked_s"]))
        except DAMAGED:
            self._say_damaged(f"the file {self._shown}")
            return None

    def _followed(self, document: dict[str, Any]) -> dict[str, Contract]:
        """What this trader's symbols stood for.

        Of a symbol that this trader has not followed yet, the earliest month that
        another one had: the same account may have been called by another name.
        """
        if document["format"] == OLDER:
            return {}
        mine: dict[str, Contract] = {}
        others: dict[str, Contract] = {}
        for whose, symbol, contract in self._symbols(document):
            if whose == self._whose:
                mine[symbol] = contract
            elif symbol not in others or _is_earlier(contract, others[symbol]):
                others[symbol] = contract
        return others | mine

    def _symbols(self, document: dict[str, Any]) -> Iterator[tuple[str, str, Contract]]:
        """Each symbol that can be read: whose, its name, and what it stood for."""
        traders = document.get("followed")
        if not isinstance(traders, dict):
            self._say_damaged(f"what symbols stood for, in {self._shown},")
            return
        for whose, rows in traders.items():
            try:
                each = list(rows.items())
            except DAMAGED:
                self._say_damaged(f"what {_named(whose)} followed, in {self._shown},")
                continue
            for symbol, row in each:
                try:
                    yield whose, symbol, _contract(row)
                except DAMAGED:
                    self._say_damaged(
                        f"what {_named(symbol)} stood for, in {self._shown},"
                    )

    def _with_others(self, rows: dict[str, Any]) -> dict[str, Any]:
        """The rows of each trader in the file, and these in the place of this one's."""
        document = self._document(quiet=True) or {}
        traders = document.get("followed")
        kept = {} if not isinstance(traders, dict) else dict(traders)
        mine = kept.get(self._whose)
        return kept | {self._whose: (mine if isinstance(mine, dict) else {}) | rows}

    @staticmethod
    def _say_damaged(what: str) -> None:
        log().warning("%s is damaged, and is passed over", what)

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


def _named(name: str) -> str:
    """A name in the file, unless it may be a secret."""
    return "a name that may be a secret" if may_hold_secret(name) else _quoted(name)


def _quoted(name: str) -> str:
    return repr(from_outside(name))


def _is_earlier(contract: Contract, other: Contract) -> bool:
    latest = (9999, 12)
    return (month_of(contract) or latest) < (month_of(other) or latest)


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
