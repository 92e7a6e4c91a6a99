"""Placeholder until the journal's own branch lands."""
from __future__ import annotations
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Intent:
    tag: str
    key: str | None
    account_id: int
    contract_id: str
    body: bytes
    valid_until_s: float | None
    created_s: float


Entry = Any
Journal = Any
