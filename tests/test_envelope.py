"""An envelope is read as JSON is, whether it stands alone or not."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastorder._core.codec.response import read_reply

LITERALS = st.sampled_from(
    [
        *("true", "false", "null", "0", "1", "7", "-1", "00", "01", "1.0", "1e3"),
        *("9056", "9" * 18, "1" + "0" * 18, str(2**63 - 1), str(2**63)),
        *('""', '"9"', "[1]", "{}", "tru", '"Invalid price."', '"a \\" b"'),
        *('{"id":1,"id":2}', '[{"id":1},{"id":2}]', '[[{"a":{}}, {"a:":":"}]]'),
        *('"caf\\u00e9"', '"caf\u00e9"', '"a\tb"', '"open'),
    ]
)
NAMES = st.sampled_from(
    [
        *("success", "errorCode", "errorMessage", "orderId", "newToken", "order"),
        *("Success", "succ\\u0065ss", "a:b", 'a\\":', "\\\\", "orders"),
    ]
)
BLANKS = st.sampled_from(["", "", "", " ", "\n", "\t\r\n ", "\x0b"])


@st.composite
def bodies(draw):
    """Objects of such members, whole ones and others."""
    members = [
        f'{draw(BLANKS)}"{draw(NAMES)}"{draw(BLANKS)}:{draw(BLANKS)}{draw(LITERALS)}'
        f"{draw(BLANKS)}"
        for _ in range(draw(st.integers(0, 5)))
    ]
    end = draw(st.sampled_from(["", "", "", " ", ",", "}", "x"]))
    return ("{" + ",".join(members) + "}" + end).encode()


class Twice(ValueError):
    """A name stands twice in an object."""


def one_of_each(pairs):
    if len({name.lower() for name, _ in pairs}) != len(pairs):
        raise Twice
    return dict(pairs)


def as_json(body):
    """The envelope by Python's own JSON; None where there is none, or two."""
    try:
        document = json.loads(body.decode(), strict=True, object_pairs_hook=one_of_each)
    except ValueError:
        return None
    if type(document) is not dict:
        return None
    success, code = document.get("success"), document.get("errorCode")
    if type(success) is not bool or type(code) is not int:
        return None
    text, number = document.get("errorMessage"), document.get("orderId")
    is_id = type(number) is int and 0 < number < 2**63
    return (
        success,
        code,
        text if type(text) is str else None,
        number if is_id else None,
    )


@given(bodies())
@example(b'{"orderId":9056,"success":true,"errorCode":0,"errorMessage":null}')
@example(b'{"success":false,"errorCode":2,"errorMessage":"in use"}')
@example(b'{"success":true,"success":false,"errorCode":0}')
@example(b'{"success":true,"errorCode":01}')
@example(b'{"success":true,"errorCode":0,"orderId":12.5}')
@example(b'{"success":true,"errorCode":0,}')
@example(b' {\n"errorCode" : 0 ,"success":true } ')
def test_an_envelope_is_what_json_says(body):
    reply = read_reply(200, body)
    read = (reply.success, reply.error_code, reply.error_message, reply.order_id)
    assert (None if reply.success is None else read) == as_json(body)


NEITHER = {
    "success twice": b'{"success":true,"success":false,"errorCode":0}',
    "the same twice": b'{"success":true,"success":true,"errorCode":0}',
    "escaped": b'{"success":true,"succ\\u0065ss":false,"errorCode":0}',
    "in other case": b'{"success":true,"Success":false,"errorCode":0}',
    "the number": b'{"orderId":1,"orderId":2,"success":true,"errorCode":0}',
    "the code": b'{"success":true,"errorCode":2,"errorCode":0}',
    "a list": b'{"orders":[{"id":1}],"orders":[],"success":true,"errorCode":0}',
    "in a row": b'{"orders":[{"id":1,"id":2}],"success":true,"errorCode":0}',
    "within a row": b'{"order":{"a":[{"b":1,"b":{}}]},"success":true,"errorCode":0}',
}


@pytest.mark.parametrize("body", NEITHER.values(), ids=NEITHER)
def test_what_says_two_things_says_nothing(body):
    reply = read_reply(200, body)
    assert (reply.success, reply.order_id, reply.document) == (None, None, None)
    assert reply.reason == "JSON in which a member stands twice"


WHOLE = b'{"orderId":9056,"success":true,"errorCode":0,"errorMessage":"no, \'really\'"}'


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_an_envelope_that_is_cut_anywhere_is_none(cut):
    assert read_reply(200, WHOLE[:cut]).success is None


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_byte_that_is_wrong_is_read_as_json_reads_it(place, byte):
    body = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    reply = read_reply(200, body)
    read = (reply.success, reply.error_code, reply.error_message, reply.order_id)
    try:
        expected = as_json(body)
    except UnicodeDecodeError:
        expected = None
    assert (None if reply.success is None else read) == expected
