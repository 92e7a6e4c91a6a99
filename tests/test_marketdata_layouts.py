"""A column is read for what it is, or refused: each type, order and layout there is."""

import ctypes
import itertools
import math
import sys
from array import array

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_bars import MINUTE, START

from fastorder.marketdata import BadTick, Bars, WrongColumn, aggregate_ticks
from fastorder.marketdata.columns import columns_of

ROLES = ("time_ns", "price", "size", "side")
NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def values_of(thing, role="size"):
    """What the kernel would see, as plain numbers."""
    return [v for part in columns_of(thing, role) for v in memoryview(part).tolist()]


def read(thing, role="size"):
    """The same; the error's type where it is refused in so many words."""
    try:
        return values_of(thing, role)
    except (WrongColumn, BadTick) as error:
        assert str(error).startswith(role), error
        return type(error)


# ------------------------------------------------------------------------------ Arrow

WORDS = ["1", "2", "3"]
ARROW = [
    *(pa.array([1, 2, 3]).cast(kind) for kind in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(),
        pa.uint32(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(),
    )),
    pa.nulls(3),
    *(pa.array(WORDS, kind) for kind in (
        pa.string(), pa.large_string(), pa.string_view(), pa.binary(),
        pa.large_binary(), pa.binary_view(), pa.binary(1),
    )),
    *(pa.array([1, 2, 3], kind) for kind in (
        pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"),
        pa.time64("ns"), *map(pa.duration, NS), *map(pa.timestamp, NS),
        *(pa.timestamp(unit, "America/Chicago") for unit in NS),
        pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(9), pa.decimal256(9),
    )),
    pa.array([pa.MonthDayNano([1, 2, 3])] * 3),
    pa.array([[1]] * 3),
    pa.array([[1]] * 3, pa.large_list(pa.int64())),
    pa.array([[1]] * 3, pa.list_(pa.int64(), 1)),
    pa.array([[1]] * 3, pa.list_view(pa.int64())),
    pa.array([[1]] * 3, pa.large_list_view(pa.int64())),
    pa.array([{"a": 1}] * 3),
    pa.array([[(1, 2)]] * 3, pa.map_(pa.int64(), pa.int64())),
    pa.UnionArray.from_sparse(pa.array([0] * 3, pa.int8()), [pa.array([1, 2, 3])]),
    pa.UnionArray.from_dense(
        pa.array([0] * 3, pa.int8()), pa.array([0, 1, 2], pa.int32()),
        [pa.array([1, 2, 3])],
    ),
    *(pa.array([1, 2, 3]).cast(kind).dictionary_encode() for kind in (
        pa.int8(), pa.int32(), pa.int64(), pa.float64(), pa.timestamp("ns"),
    )),
    pa.array(WORDS).dictionary_encode(),
    pa.RunEndEncodedArray.from_arrays([1, 2, 3], [1, 2, 3]),
    pa.ExtensionArray.from_storage(pa.opaque(pa.int64(), "period", "x"),
                                   pa.array([1, 2, 3])),
    pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, 1], pa.int8())),
]  # fmt: skip
"""One array of each type that Arrow has."""


def expected_of(given, role):
    """What is right, by Arrow's own reading: numbers, nanoseconds, or a refusal."""
    kind = given.type.value_type if pa.types.is_dictionary(given.type) else given.type
    if pa.types.is_timestamp(kind):
        if role != "time_ns":
            return WrongColumn
        return [cell.value * NS[kind.unit] for cell in given.cast(kind)]
    if kind in (pa.int64(), pa.float64(), pa.int8()):
        return given.to_pylist()
    return WrongColumn


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("at", range(len(ARROW)), ids=lambda at: str(ARROW[at].type))
def test_each_type_of_arrow_is_read_or_refused(at, role):
    assert read(ARROW[at], role) == expected_of(ARROW[at], role)
    chunks = pa.chunked_array([ARROW[at], ARROW[at][1:]])
    whole = expected_of(ARROW[at], role)
    twice = whole if whole is WrongColumn else whole + whole[1:]
    assert read(chunks, role) == twice


def test_the_table_has_every_type_of_arrow():
    every = {
        getattr(pa.lib, name): name
        for name in dir(pa.lib)
        if name.startswith("Type_") and name != "Type_INTERVAL_MONTHS"
    }
    missing = every.keys() - {given.type.id for given in ARROW}
    assert {every[one] for one in missing} <= {"Type_INTERVAL_DAY_TIME", "Type_MAX_ID"}


INDICES = [getattr(pa, f"{sign}int{bits}")() for sign in ("", "u")
           for bits in (8, 16, 32, 64)]  # fmt: skip


@given(
    st.lists(st.integers(0, 4), max_size=40),
    st.sampled_from(INDICES),
    st.sampled_from([pa.int64(), pa.float64(), pa.int8()]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.one_of(st.none(), st.integers(0, 4)),
    st.sets(st.integers(0, 39), max_size=2),
)
def test_dictionaries_are_decoded_or_their_nulls_found(
    at, index, kind, skipped, before, null_word, null_cells
):
    """Of any index, cut anywhere; nulls in the indices and in the dictionary."""
    words = [9] * before + [-3, 0, 7, 100, 5]
    if null_word is not None:
        words[before + null_word] = None
    cells = [None if i in null_cells else cell for i, cell in enumerate(at)]
    given = pa.DictionaryArray.from_arrays(
        pa.array(cells, index), pa.array(words, kind).slice(before)
    ).slice(skipped)
    right = given.to_pylist()
    if None in right:
        with pytest.raises(BadTick, match="size must not be null") as caught:
            values_of(given)
        assert caught.value.index == right.index(None)
    else:
        assert values_of(given) == right


def test_a_null_in_a_later_chunk_has_its_index_in_the_whole():
    plain = pa.chunked_array([[1, 2], [3, None]])
    coded = pa.chunked_array([plain.chunk(0).dictionary_encode(),
                              plain.chunk(1).dictionary_encode()])  # fmt: skip
    for chunks in (plain, coded):
        with pytest.raises(BadTick) as caught:
            values_of(chunks)
        assert caught.value.index == 3


def test_chunks_may_have_dictionaries_of_their_own():
    parts = [[5, 6, 5], [6, 7], [5]]
    chunks = [pa.array(part).dictionary_encode() for part in parts]
    given = pa.chunked_array(chunks)
    assert [c.dictionary.to_pylist() for c in given.chunks] == [[5, 6], [6, 7], [5]]
    assert values_of(given) == [5, 6, 5, 6, 7, 5]


class Once:
    """What gives the same capsule each time it is asked."""

    def __init__(self, thing, method):
        capsule = getattr(thing, method)()
        setattr(type(self), method, lambda self, schema=None: capsule)


@pytest.mark.parametrize("method", ["__arrow_c_stream__", "__arrow_c_array__"])
def test_a_capsule_that_was_used_up_is_refused(method):
    kind = type("Once", (Once,), {})
    thing = pa.chunked_array([[1, 2]]) if "stream" in method else pa.array([1, 2])
    once = kind(thing, method)
    assert values_of(once) == [1, 2]
    assert read(once) in (WrongColumn, [])


def test_an_index_beyond_its_dictionary_is_refused():
    broken = pa.DictionaryArray.from_arrays(
        pa.array([0, 5], pa.int32()), pa.array([1, 2]), safe=False
    )
    with pytest.raises(WrongColumn, match="must be below 2, one was 5"):
        values_of(broken)
    broken = pa.DictionaryArray.from_arrays(
        pa.array([2**64 - 1], pa.uint64()), pa.array([1, 2]), safe=False
    )
    with pytest.raises(WrongColumn, match="must be below 2"):
        values_of(broken)


# ------------------------------------------------------------------------------ NumPy

CELLS = [1, 2, 3, 4, 5, 6]
LAYOUTS = {
    "in one piece": lambda a: a,
    "every second": lambda a: np.repeat(a, 2)[::2],
    "backwards": lambda a: a[::-1],
    "a column": lambda a: np.stack([a, a], axis=1)[:, 1],
    "across words": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype),
    "one for all": lambda a: np.broadcast_to(a[:1], 6),
    "a field": lambda a: np.rec.fromarrays([a, a], names="x,y")["y"],
    "masked": np.ma.masked_array,
}
DTYPES = sorted(
    {
        np.dtype(code).newbyteorder(order).str
        for code in "?bhilqpBHILQPefdgFDGSUV"
        for order in "<>"
    }
    | {f"{order}{letter}8[{unit}]" for order in "<>" for letter in "Mm"
       for unit in ("ns", "us", "ms", "s", "m", "h", "D", "W", "M", "Y", "25s")}
    | {"O"}
)  # fmt: skip
NATIVE = "<" if sys.byteorder == "little" else ">"


def numpy_array(dtype):
    if dtype == "O":
        return np.array(CELLS, object)
    if "V" in dtype:
        return np.zeros(6, "V8")
    if dtype[1] in "SU":
        return np.array([str(cell) for cell in CELLS], dtype[:2] + "2")
    return np.array(CELLS).astype(dtype)


def expected_of_numpy(given, role):
    dtype = given.dtype
    unit = np.datetime_data(dtype) if dtype.kind == "M" else ("", 1)
    if unit[0] in NS and role == "time_ns":
        return given.astype("M8[ns]").astype(np.int64).tolist()
    if dtype.str in (f"{NATIVE}i8", f"{NATIVE}f8", "|i1"):
        return given.tolist()
    return WrongColumn


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_type_of_numpy_in_each_layout_is_read_or_refused(dtype, layout):
    if dtype == "O" and layout in ("across words", "read-only"):
        pytest.skip("objects have no bytes")
    given = LAYOUTS[layout](numpy_array(dtype))
    for role in ROLES:
        assert read(given, role) == expected_of_numpy(given, role), role


def test_the_table_has_every_kind_of_numpy():
    kinds = {np.dtype(code).kind for code in np.typecodes["All"]}
    assert kinds <= {np.dtype(name).kind for name in DTYPES}


def test_what_is_masked_is_refused_with_its_index():
    given = np.ma.masked_array(np.arange(5), mask=[0, 0, 0, 1, 0])
    with pytest.raises(BadTick, match="must not be masked") as caught:
        values_of(given)
    assert caught.value.index == 3


@pytest.mark.parametrize("shape", [(), (2, 3), (6, 1), (1, 2, 3)])
def test_other_shapes_are_refused(shape):
    assert read(np.arange(6)[: int(np.prod(shape))].reshape(shape)) is WrongColumn


def test_times_beyond_nanoseconds_are_refused_whatever_their_unit():
    far = np.array([1, 5], "M8[2000000000s]")
    with pytest.raises(BadTick, match="from 1970 to 2261") as caught:
        values_of(far, "time_ns")
    assert caught.value.index == 1


# ------------------------------------------------------------------------------ buffers

NUMBERS = [ctypes.c_int64, ctypes.c_double, ctypes.c_int8]


@pytest.mark.parametrize("name", sorted(n for n in dir(ctypes) if n.startswith("c_")))
@pytest.mark.parametrize("order", ["__ctype_le__", "__ctype_be__", None])
def test_each_number_of_c_is_read_or_refused(name, order):
    kind = getattr(ctypes, name)
    if not isinstance(kind, type) or name in ("c_voidp", "c_buffer"):
        pytest.skip("no type")
    kind = getattr(kind, order, None) if order else kind
    if kind is None:
        pytest.skip("no such order")
    given = (kind * 3)()
    native = order in (None, {"<": "__ctype_le__", ">": "__ctype_be__"}[NATIVE])
    native = native or kind is ctypes.c_int8  # a byte has no order
    plain = [one for one in NUMBERS if native and same_number(kind, one)]
    assert read(given) == ([0, 0, 0] if plain else WrongColumn)


def same_number(kind, plain):
    view, other = memoryview((kind * 1)()), memoryview((plain * 1)())
    formats = {"l": "q"} if view.itemsize == 8 else {}
    ours, theirs = (v.format.lstrip("<>=@") for v in (view, other))
    return formats.get(ours, ours) == formats.get(theirs, theirs)


@pytest.mark.filterwarnings("ignore:The 'u' type code")
@pytest.mark.parametrize("code", "bBhHiIlLqQfdu")
def test_each_array_of_python_is_read_or_refused(code):
    given = array(code, "abc" if code == "u" else [1, 2, 3])
    plain = code in "qdb" or (code == "l" and given.itemsize == 8)
    assert read(given) == (given.tolist() if plain else WrongColumn)


@pytest.mark.parametrize("thing", [b"123", bytearray(8), "123", [1, 2], (1,), 5, None])
def test_what_is_no_column_is_refused(thing):
    assert read(thing) is WrongColumn


# ------------------------------------------------------------------------------ Polars

POLARS = [
    *(pl.Series([1, 2, 3]).cast(kind) for kind in (
        pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32,
        pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.Date, pl.Time,
        *map(pl.Datetime, ("ms", "us", "ns")), *map(pl.Duration, ("ms", "us", "ns")),
        pl.Decimal(9, 2), pl.String, pl.Binary,
    )),
    pl.Series(WORDS, dtype=pl.Categorical),
    pl.Series(WORDS, dtype=pl.Enum(WORDS)),
    pl.Series([[1], [2]]),
    pl.Series([{"a": 1}]),
    pl.Series([None, None]),
]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("given", POLARS, ids=lambda s: str(s.dtype))
def test_each_type_of_polars_is_read_or_refused(given, role):
    expected = WrongColumn
    if given.dtype in (pl.Int8, pl.Int64, pl.Float64):
        expected = given.to_list()
    elif given.dtype == pl.Datetime and role == "time_ns":
        expected = given.dt.cast_time_unit("ns").to_physical().to_list()
    assert read(given, role) == expected


# ------------------------------------------------------------------------------ pandas

PANDAS = {
    **{kind: pd.Series([1, 2, 3], dtype=kind) for kind in (
        "int8", "int16", "int32", "int64", "uint8", "uint64", "float32", "float64",
        "Int8", "Int32", "Int64", "UInt64", "Float32", "Float64",
        "int64[pyarrow]", "double[pyarrow]", "int8[pyarrow]", "int32[pyarrow]",
        "Sparse[int64]", "complex128",
    )},
    "bool": pd.Series([True, False, True]),
    "boolean": pd.Series([True, False, True], dtype="boolean"),
    "str": pd.Series(WORDS),
    "string": pd.Series(WORDS, dtype="string"),
    "category int64": pd.Series([1, 2, 1]).astype("category"),
    "category int8": pd.Series([1, 2, 1], dtype="int8").astype("category"),
    "category float64": pd.Series([1.5, 2.5, 1.5]).astype("category"),
    "category str": pd.Series(WORDS).astype("category"),
    "timedelta": pd.Series(pd.to_timedelta([1, 2, 3], "s")),
    "period": pd.Series(pd.period_range("2026-01", periods=3, freq="M")),
    "interval": pd.Series(pd.interval_range(0, 3)),
    "times": pd.Series(pd.date_range("2026-01-05", periods=3, freq="s")),
    "times in ms": pd.Series(pd.date_range("2026-01-05", periods=3, unit="ms")),
    "times of a zone": pd.Series(
        pd.date_range("2026-01-05", periods=3, tz="Asia/Tokyo")),
    "times of Arrow": pd.Series(
        pd.date_range("2026-01-05", periods=3)).astype("timestamp[ns][pyarrow]"),
}  # fmt: skip
TAKEN = {
    "int8", "int64", "float64", "Int8", "Int64", "Float64", "int64[pyarrow]",
    "double[pyarrow]", "int8[pyarrow]", "Sparse[int64]", "category int64",
    "category int8", "category float64",
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", PANDAS)
def test_each_type_of_pandas_is_read_or_refused(kind, role):
    given = PANDAS[kind]
    expected = WrongColumn
    if kind in TAKEN:
        expected = given.to_list()
    elif kind.startswith("times") and role == "time_ns":
        expected = [stamp.value for stamp in given]
    assert read(given, role) == expected
    assert read(pd.Index(given), role) == expected


@pytest.mark.parametrize("cells", [[1, 2, 3], [1, 2.5], [1, None], [1, "2"], [True]])
def test_objects_of_pandas_are_read_for_what_they_are_or_refused(cells):
    told = read(pd.Series(cells, dtype="object"))
    assert told in (cells, WrongColumn, BadTick)
    assert read(pd.Index(cells, dtype="object")) in (cells, WrongColumn)


@pytest.mark.parametrize("kind", ["Int64", "int64[pyarrow]", "Int8", "Float64"])
def test_what_pandas_does_not_know_is_refused(kind):
    given = pd.Series([1, None, 3], dtype=kind)
    told = read(given)
    if told not in (WrongColumn, BadTick):  # pandas before 3 gives a gap as NaN
        assert math.isnan(told[1])


# ------------------------------------------------------------------------------ bars


def test_a_categorical_side_has_the_sides_that_it_stands_for():
    time = START + np.arange(60) * (MINUTE // 120)
    side = np.tile(np.array([1, -1], np.int8), 30)
    plain = aggregate_ticks(time, np.ones(60), np.ones(60, np.int64), side=side)
    coded = [
        pd.Series(side).astype("category"),
        pa.array(side).dictionary_encode(),
        pa.chunked_array([pa.array(side[:7]), pa.array(side[7:])]).dictionary_encode(),
    ]
    for given_side in coded:
        bars = aggregate_ticks(
            time, np.ones(60), np.ones(60, np.int64), side=given_side
        )
        assert bars == plain
        assert (sum(bars.buy_volume), sum(bars.sell_volume)) == (30, 30)


def test_bars_that_exist_are_read_for_what_they_are():
    bars = aggregate_ticks(START + np.arange(9) * MINUTE, np.ones(9), np.full(9, 5))
    table = pa.table(bars)
    at = table.column_names.index("volume")
    coded = table.set_column(at, "volume", table["volume"].dictionary_encode())
    assert list(Bars.from_columns(coded).volume) == [5] * 9
    swapped = table.set_column(at, "volume", table["time_ns"])
    with pytest.raises(WrongColumn, match="volume must hold numbers, was time stamps"):
        Bars.from_columns(swapped)


def test_layouts_of_several_columns_do_not_get_in_each_others_way():
    ticks = {
        "time_ns": START + np.arange(6),
        "price": np.array([1.0, 2.0, 1.5, 1.0, 3.0, 2.0]),
        "size": np.arange(1, 7),
    }
    expected = aggregate_ticks(*ticks.values())
    ways = [
        lambda a: a,
        pa.array,
        lambda a: pa.array(a).dictionary_encode(),
        lambda a: pa.chunked_array([a[:2], a[2:]]),
        lambda a: np.repeat(a, 2)[::2],
        pl.Series,
        lambda a: pd.Series(a).astype("category"),
    ]
    for chosen in itertools.product(ways, repeat=3):
        columns = [way(c) for way, c in zip(chosen, ticks.values(), strict=True)]
        assert aggregate_ticks(*columns) == expected
