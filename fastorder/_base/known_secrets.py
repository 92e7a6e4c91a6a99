"""The tokens and keys of this process, so that no text shows one of them.

A gateway, or a proxy before it, may repeat what a request held: in a message, in a
page of HTML, in a row. What it repeats may be a part of it, or coded. So a secret is
looked for as it is, as a URL, JSON and base64 write it, and by its pieces: whatever
run of ``RUN`` characters a text shares with one of these is hidden.
"""

from __future__ import annotations

from base64 import b64encode
from threading import Lock
from typing import TypeAlias
from weakref import WeakValueDictionary

from fastorder._base.kept_here import KeptHere

MASK = "***"

LEAST = 8
"""A shorter secret is not hidden: ordinary words would have it in them."""

PIECE = 8
RUN = 2 * PIECE - 1
"""Each run of so many characters has a whole piece of the secret in it."""

KEPT = 64
"""How many secrets of one owner are known, the newest ones."""

LOWER = str.maketrans({upper: upper + 32 for upper in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
"""A letter keeps its place by it; ``lower`` makes two of some."""

Pieces: TypeAlias = "dict[str, list[tuple[str, int]]]"
"""By a piece: in which texts it is, and where in them."""


class KnownSecrets(KeptHere):
    """Secrets of one owner; any text of the process is searched for them.

    Safe from any thread. They are forgotten with this object.
    """

    __slots__ = ("__weakref__", "_kept", "_lock", "_made")

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: tuple[str, ...] = ()
        self._made: tuple[tuple[str, ...], Pieces] = ((), {})
        _holders[id(self)] = self

    def __repr__(self) -> str:
        return f"<KnownSecrets: {len(self._kept)}>"

    def add(self, secret: str) -> None:
        """Hide it from now on, and those before it too; a very old one no longer."""
        if len(secret) < LEAST:
            return
        with self._lock:
            others = [kept for kept in self._kept if kept != secret]
            self._kept = (*others[1 - KEPT :], secret)

    def include(self, others: KnownSecrets) -> None:
        """Hide those too, once their own object is gone."""
        for secret in others._kept:
            self.add(secret)

    def pieces(self) -> Pieces:
        """Every piece of every form of them; made when a text has to be searched."""
        secrets, pieces = self._made
        if secrets is not self._kept:
            secrets, pieces = self._kept, {}
            for form in {form for secret in secrets for form in forms_of(secret)}:
                for at in range(0, len(form) - PIECE + 1, PIECE):
                    pieces.setdefault(form[at : at + PIECE], []).append((form, at))
            self._made = secrets, pieces
        return pieces


_holders: WeakValueDictionary[int, KnownSecrets] = WeakValueDictionary()


def without_secrets(text: str) -> str:
    """The text, with a mask in each place of a secret."""
    lowered = text.translate(LOWER)
    spans: list[tuple[int, int]] = []
    for reference in _holders.valuerefs():  # a copy: another thread may add one
        holder = reference()
        if holder is not None:
            spans += _spans(lowered, holder.pieces())
    shown: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start > done or not shown:
            shown += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*shown, text[done:]]) if shown else text


def forms_of(secret: str) -> set[str]:
    """A secret in small letters, as it is and as others write it."""
    written = secret.encode()
    in_url = _escaped(written.decode("latin-1"), "-._~", "%{:02x}")
    in_json = _escaped(secret, "", "\\u{:04x}")
    forms = {secret, in_url, in_json, *_in_base64(written)}
    return {form.translate(LOWER) for form in forms}


def _escaped(secret: str, others: str, escape: str) -> str:
    """Letters, digits and the others stay."""
    return "".join(
        letter
        if (letter.isascii() and letter.isalnum()) or letter in others
        else escape.format(ord(letter))
        for letter in secret
    )


def _in_base64(secret: bytes) -> list[str]:
    """The part of its code that does not depend on what stands around it."""
    forms = []
    for before in range(3):
        coded = b64encode(bytes(before) + secret).decode("ascii").rstrip("=")
        whole = coded[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]
        forms += [whole, whole.replace("+", "-").replace("/", "_")]
    return forms


def _spans(lowered: str, pieces: Pieces) -> list[tuple[int, int]]:
    """Where runs that it shares with a secret begin and end, in their order."""
    spans: list[tuple[int, int]] = []
    places = range(len(lowered) - PIECE + 1)
    for at in [at for at in places if lowered[at : at + PIECE] in pieces]:
        if spans and at < spans[-1][1]:
            continue  # in a run that is known already
        for form, place in pieces[lowered[at : at + PIECE]]:
            start, end = _run(lowered, at, form, place)
            if end - start >= min(RUN, len(form)):
                spans.append((start, end))
    return spans


def _run(lowered: str, at: int, form: str, place: int) -> tuple[int, int]:
    """The run around a piece that both have."""
    start, end = at, at + PIECE
    ahead = place + PIECE
    while start and place and lowered[start - 1] == form[place - 1]:
        start, place = start - 1, place - 1
    while end < len(lowered) and ahead < len(form) and lowered[end] == form[ahead]:
        end, ahead = end + 1, ahead + 1
    return start, end
