"""Checks of single fields: ids, counts, tags, tokens. Errors name field and rule."""

import re

from cpython.long cimport PyLong_AsLongLongAndOverflow

from fastorder._base.counted import counted
from fastorder._base.hints import object_hint, symbol_meant, token_hint
from fastorder.errors import InvalidField, InvalidToken, WrongFieldType

LARGEST_INT32 = 2147483647
LARGEST_INT64 = 9223372036854775807

cdef enum:
    LONGEST_NAME = 128
    LONGEST_TOKEN = 16384
    LONGEST_KEY = 200
    LONGEST_WAIT_S = 86400

cdef object tag_matches = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII).fullmatch
cdef object digits_match = re.compile(r"[0-9]{1,19}", re.ASCII).fullmatch


cdef long long whole(
    str field, object value, long long least, long long most
) except? -1:
    """A whole number between two bounds."""
    cdef int past = 0
    cdef object exact = value
    if type(value) is not int and (
        type(value) is bool or not hasattr(value, "__index__")
    ):
        raise WrongFieldType(
            field, "must be a whole number", value, object_hint(field, value))
    if type(value) is not int:
        try:
            exact = value.__index__()
        except TypeError:
            raise WrongFieldType(field, "must be a whole number", value) from None
    cdef long long number = PyLong_AsLongLongAndOverflow(exact, &past)
    if past < 0 or (past == 0 and number < least):
        raise InvalidField(field, f"must be at least {least}", value)
    if past > 0 or number > most:
        raise InvalidField(field, f"must be at most {most}", value)
    return number


cdef bint visible(object text, Py_ssize_t most) except -1:
    """Whether a text is 1 to ``most`` printable ASCII characters without blanks."""
    cdef Py_UCS4 letter
    if not 1 <= len(<str>text) <= most:
        return False
    for letter in <str>text:
        if not c'!' <= letter <= c'~':
            return False
    return True


cdef str plain_text(object text):
    """The same characters as a str; a subclass, such as a StrEnum's, is one no more."""
    return text if type(text) is str else str.__str__(text)


def symbol_from(value):
    """A symbol in upper case."""
    check_symbol(value)
    return plain_text(value).upper()


cdef int check_symbol(object symbol) except -1:
    if not isinstance(symbol, str):
        raise WrongFieldType(
            "symbol", "must be text", symbol, object_hint("symbol", symbol))
    if not visible(symbol, LONGEST_NAME):
        meant = symbol_meant(symbol)
        raise InvalidField(
            "symbol", f"must be 1 to {LONGEST_NAME} printable ASCII characters without "
            "blanks", symbol, f"did you mean {meant}?" if meant else "")
    return 0


cdef int check_tag_text(object tag) except -1:
    if not isinstance(tag, str):
        raise WrongFieldType("custom_tag", "must be text", tag)
    if not tag_matches(tag):
        raise InvalidField(
            "custom_tag", "must be 1 to 40 characters of [A-Za-z0-9._-]", tag)
    return 0


cdef int check_key(object key) except -1:
    if not isinstance(key, str):
        raise WrongFieldType("idempotency_key", "must be text", key)
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidField(
            "idempotency_key", f"must be 1 to {LONGEST_KEY} printable characters", key)
    return 0


cdef int check_seconds(str field, object seconds) except -1:
    if type(seconds) is bool or not isinstance(seconds, (int, float)):
        raise WrongFieldType(field, "must be a number of seconds", seconds)
    if not 0 < seconds <= LONGEST_WAIT_S:
        raise InvalidField(
            field, f"must be more than 0 and at most {LONGEST_WAIT_S} seconds", seconds)
    return 0


def order_id_from(value):
    """An order id: a number from 1 to 2**63 - 1, or its decimal text."""
    if isinstance(value, str):
        if not digits_match(value):
            raise InvalidField(
                "order_id", "must be a number, or its decimal text of 1 to 19 digits",
                value, "resolve takes a tag" if tag_matches(value) else "")
        return whole("order_id", int(value), 1, LARGEST_INT64)
    try:
        return whole("order_id", value, 1, LARGEST_INT64)
    except WrongFieldType:
        raise WrongFieldType(
            "order_id", "must be a number or its decimal text", value,
            object_hint("order_id", value)) from None


def account_id_from(value):
    """An account id: a number from 1 to 2**31 - 1."""
    return whole("account_id", value, 1, LARGEST_INT32)


def quantity_from(value):
    """A number of contracts: 1 to 2**31 - 1."""
    return whole("quantity", value, 1, LARGEST_INT32)


def connections_from(value, most):
    """A number of connections, at least 1."""
    return whole("connections", value, 1, most)


def contract_id_from(value):
    """A contract id as it goes on the wire; a number becomes its decimal text."""
    if isinstance(value, str):
        if not visible(value, LONGEST_NAME):
            raise InvalidField(
                "contract_id", f"must be 1 to {LONGEST_NAME} printable ASCII "
                "characters without blanks", value)
        return plain_text(value)
    try:
        return str(whole("contract_id", value, 0, LARGEST_INT64))
    except WrongFieldType:
        raise WrongFieldType(
            "contract_id", "must be text or a whole number", value,
            object_hint("contract_id", value)) from None


def header_token(token):
    """A token's bytes, once they are known to be safe in a header.

    Raises:
        InvalidToken: never with the token in its text.
    """
    if not isinstance(token, str):
        raise InvalidToken(f"a token must be text, was {type(token).__name__}")
    if not token:
        raise InvalidToken(
            f"a token must have 1 to {LONGEST_TOKEN} characters, was empty")
    if not visible(token, LONGEST_TOKEN) or '"' in token or "'" in token:
        hint = token_hint(token)
        raise InvalidToken(
            f"a token must be 1 to {LONGEST_TOKEN} printable ASCII characters without "
            f"blanks and quotes, was {counted(len(token), 'character')}"
            + (f" ({hint})" if hint else ""))
    return token.encode("ascii")
