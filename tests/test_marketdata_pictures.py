"""Pictures: candles at round times, and charts that no axis makes longer."""

import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_bars import DAY, MINUTE, SECOND, START, random_ticks

from fastorder.marketdata import (
    BarError,
    Sessions,
    aggregate_ticks,
    plot,
    plot_bars,
    regular_hours,
    weekdays,
)
from fastorder.marketdata import __main__ as program
from fastorder.marketdata.round_times import round_times, zone_of

ROOT = Path(__file__).parents[1]
CHICAGO = ZoneInfo("America/Chicago")
ZONES = st.sampled_from(
    ["UTC", "America/Chicago", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"]
)
HOUR = 3600 * SECOND


def even(count, every_ns=MINUTE, first_ns=START // HOUR * HOUR):
    """When so many bars open that stand in a row."""
    return [first_ns + i * every_ns for i in range(count)]


def bars_of(count, price=20_000.0, step=0.25, every="1m", **options):
    """So many bars of a minute, of four ticks each."""
    time = np.repeat(even(count), 4) + np.tile(np.arange(4), count) * SECOND
    walk = np.random.default_rng(3).integers(-2, 3, len(time)).cumsum()
    size = np.full(len(time), 2)
    return aggregate_ticks(time, price + walk * step, size, every, **options)


def drawn(monkeypatch, folder, bars, **options):
    """The figure of some candles."""
    figures = []
    canvas = plot._canvas

    def kept():
        figures.append(canvas())
        return figures[-1]

    monkeypatch.setattr(plot, "_canvas", kept)
    plot_bars(bars, folder / "candles.png", **options)
    ((figure, above, below),) = figures
    return figure, above, below


def texts(axis):
    """The labels of an axis, as they are read."""
    return [label.get_text().split("\n")[0] for label in axis.get_ticklabels()]


# ------------------------------------------------------------------------ round times


@given(
    st.integers(13, 400),
    st.sampled_from([1, 5, 10, 60, 120, 300, 420, 900, 3600, 14_400]),
    st.integers(0, 400 * DAY),
    ZONES,
)
def test_labels_stand_at_round_times_of_the_zone(count, seconds, later, zone):
    first = (START + later) // (seconds * SECOND) * seconds * SECOND
    times = even(count, seconds * SECOND, first)
    marks = round_times(times, zone_of(zone))
    assert 1 <= len(marks) <= 12
    for mark in marks:
        assert -0.5 <= mark.place <= count - 1
        if ":" not in mark.text:
            continue
        clock = [int(part) for part in mark.text.split(":")]
        since = clock[0] * 3600 + clock[1] * 60 + sum(clock[2:])
        assert since % (5 if seconds < 60 else 300) == 0
        if mark.is_exact:
            moment = datetime.fromtimestamp(
                times[round(mark.place)] // SECOND, zone_of(zone)
            )
            assert mark.place == round(mark.place)
            assert (moment.hour, moment.minute) == tuple(clock[:2])


@given(
    st.lists(st.integers(1, 10 * HOUR), min_size=1, max_size=300),
    st.integers(0, 400 * DAY),
    ZONES,
)
def test_labels_of_bars_at_any_times_have_room(steps, later, zone):
    times = np.cumsum([START + later, *steps]).tolist()
    marks = round_times(times, zone_of(zone))
    assert 1 <= len(marks) <= 12
    places = [mark.place for mark in marks]
    assert places[0] >= 0
    assert places[-1] <= len(steps)
    assert all(np.diff(places) >= len(times) / 14)
    assert marks[0].below


@pytest.mark.parametrize(
    ("count", "seconds", "labels"),
    [
        (10, 60, "22:00 22:01 22:02 22:03 22:04 22:05 22:06 22:07 22:08 22:09"),
        (30, 60, "22:00 22:05 22:10 22:15 22:20 22:25"),
        (90, 60, "22:00 22:10 22:20 22:30 22:40 22:50 23:00 23:10 23:20"),
        (150, 60, "22:00 22:15 22:30 22:45 23:00 23:15 23:30 23:45 00:00 00:15"),
        (300, 60, "22:00 22:30 23:00 23:30 00:00 00:30 01:00 01:30 02:00 02:30"),
        (60, 900, "22:00 00:00 02:00 04:00 06:00 08:00 10:00 12:00"),
        (100, 3600, "00:00 12:00 00:00 12:00 00:00 12:00 00:00 12:00 00:00"),
        (200, 3600, "Nov 15,Nov 16,Nov 17,Nov 18,Nov 19,Nov 20,Nov 21,Nov 22,Nov 23"),
        (3, 86_400, "Nov 14,Nov 15,Nov 16"),
        (60, 86_400, "Nov 20,Nov 27,Dec 4,Dec 11,Dec 18,Dec 25,Jan 1,Jan 8"),
        (300, 86_400, "Dec Jan Feb Mar Apr May Jun Jul Aug Sep"),
        (2000, 86_400, "Jan Jul Jan Jul Jan Jul Jan Jul Jan Jul Jan"),
        (2000, 40 * 3600, "2024 2025 2026 2027 2028 2029 2030 2031 2032"),
    ],
)
def test_the_step_goes_with_the_length(count, seconds, labels):
    marks = round_times(even(count, seconds * SECOND), timezone.utc)
    assert [mark.text for mark in marks] == labels.split("," if "," in labels else " ")


def test_a_day_is_told_once_and_a_new_one_again():
    marks = round_times(even(40, 900 * SECOND), timezone.utc)
    assert [mark.below for mark in marks if mark.below] == [
        "Nov 14 2023",
        "Nov 15 2023",
    ]
    assert [mark.text for mark in marks if mark.below] == ["22:00", "00:00"]


def test_a_round_time_within_a_bar_stands_between_the_bars():
    times = [START // HOUR * HOUR + i * 7 * MINUTE for i in range(40)]
    marks = round_times(times, timezone.utc)
    assert [mark.text for mark in marks][:3] == ["22:00", "22:30", "23:00"]
    assert marks[1].place == pytest.approx(30 / 7)
    assert not marks[1].is_exact


def test_labels_that_would_touch_after_a_gap_are_left_out():
    first = even(1)[0]
    later = even(60, first_ns=first + 30 * MINUTE)
    marks = round_times([*even(11), *later], timezone.utc)
    assert [mark.text for mark in marks][:4] == ["22:00", "22:10", "22:40", "22:50"]
    # 22:10 lies between two bars, at 22:30 there is one
    marks = round_times([*even(9), first + 13 * MINUTE, *later], timezone.utc)
    assert [mark.text for mark in marks][:4] == ["22:00", "22:30", "22:40", "22:50"]


def test_clocks_that_are_put_forward_and_back_stay_round():
    for day in ("2026-03-08", "2026-11-01"):
        start = int(
            datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=CHICAGO).timestamp()
        )
        times = even(24, 1800 * SECOND, start * SECOND)
        found = [mark.text for mark in round_times(times, CHICAGO)]
        assert all(text.endswith(":00") for text in found)
        gone = found.count("02:00") if day < "2026-06" else 2 - found.count("01:00")
        assert gone == 0


def test_one_bar_is_labelled_with_its_own_time():
    assert [mark.text for mark in round_times([START], timezone.utc)] == ["22:13:20"]
    (mark,) = round_times([START // MINUTE * MINUTE], CHICAGO)
    assert mark == (0, "16:13", "Nov 14 2023", True)


# ---------------------------------------------------------------------------- candles


def test_a_picture_has_its_labels_at_round_times(tmp_path, monkeypatch):
    _, _, below = drawn(monkeypatch, tmp_path, bars_of(90))
    assert texts(below.xaxis) == [
        f"{h}:{m:02}" for h in (22, 23) for m in range(0, 60, 10)
    ][:9]  # fmt: skip
    assert below.get_xlabel() == "UTC"


def test_times_are_those_of_the_sessions_or_of_the_zone_that_is_given(
    tmp_path, monkeypatch
):
    days = weekdays("2023-11-10", "2023-11-20")
    bars = bars_of(200, sessions=days)
    _, _, below = drawn(monkeypatch, tmp_path, bars)
    assert below.get_xlabel() == "America/Chicago"
    assert texts(below.xaxis)[:2] == ["17:00", "17:15"]
    for zone in ("Asia/Kolkata", ZoneInfo("Asia/Kolkata")):
        _, _, below = drawn(monkeypatch, tmp_path, bars, zone=zone)
        assert below.get_xlabel() == "Asia/Kolkata"
        assert texts(below.xaxis)[:2] == ["04:30", "04:45"]


def test_sessions_know_their_zone():
    assert weekdays("2026-01-05", "2026-01-09").zone == "America/Chicago"
    assert weekdays("2026-01-05", "2026-01-09", zone="Asia/Tokyo").zone == "Asia/Tokyo"
    assert regular_hours("2026-01-05", "2026-01-09").zone == "America/New_York"
    days = weekdays("2026-01-05", "2026-01-09")
    make, given_to = days.__reduce__()
    assert make(*given_to).zone == days.zone
    assert Sessions(list(days.opens), list(days.closes), days.days).zone == "UTC"


@pytest.mark.parametrize("zone", ["Nowhere", "../etc", "", "America"])
def test_a_zone_that_there_is_not_is_refused_and_leaves_nothing(tmp_path, capsys, zone):
    with pytest.raises(BarError, match="zone must be a time zone such as"):
        plot_bars(bars_of(3), tmp_path / "x.png", zone=zone)
    if zone:
        source = tmp_path / "ticks.parquet"
        time, price, size, _ = random_ticks(9)
        pq.write_table(pa.table({"time": time, "price": price, "size": size}), source)
        picture = ("--plot", str(tmp_path / "x.png"), "--zone", zone)
        assert program.main([str(source), str(tmp_path / "b.csv"), *picture]) == 2
        assert "zone must be a time zone" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 34, 35, 36, 400])
def test_a_candle_is_never_a_slab(tmp_path, monkeypatch, count):
    _, above, below = drawn(monkeypatch, tmp_path, bars_of(count), most=count)
    for axes in (above, below):
        left, right = axes.get_xlim()
        assert len(axes.patches) == count
        for candle in axes.patches:
            assert candle.get_width() <= min(0.75, (right - left) / 50)
            middle = candle.get_x() + candle.get_width() / 2
            assert left < middle < right
    # where there are many, they fill their places
    assert count < 36 or above.patches[0].get_width() == plot.WIDTH


def test_a_candle_without_a_body_is_a_stroke_of_the_same_width(tmp_path, monkeypatch):
    time = np.array(even(3))
    bars = aggregate_ticks(time, np.full(3, 5.0), np.full(3, 1), "1m")
    _, above, _ = drawn(monkeypatch, tmp_path, bars)
    strokes = above.collections[-1].get_segments()
    assert [stroke[1][0] - stroke[0][0] for stroke in strokes] == pytest.approx(
        [above.patches[0].get_width()] * 3
    )


def test_the_title_says_what_is_drawn(tmp_path, monkeypatch):
    for options, count, title in (
        ({}, 90, "90 bars of 1m, 2023-11-14"),
        ({}, 1, "1 bar of 1m, 2023-11-14"),
        ({"symbol": "MNQ"}, 90, "MNQ, 90 bars of 1m, 2023-11-14"),
        ({"symbol": "MNQ"}, 150, "MNQ, 150 bars of 1m, 2023-11-14 to 2023-11-15"),
        ({"zone": "America/Chicago"}, 150, "150 bars of 1m, 2023-11-14"),
        ({"symbol": "MNQ", "title": "of my own"}, 90, "of my own"),
    ):  # fmt: skip
        _, above, _ = drawn(monkeypatch, tmp_path, bars_of(count), **options)
        assert above.get_title(loc="left") == title


def test_the_program_passes_symbol_and_zone_on(tmp_path, monkeypatch):
    got = []
    monkeypatch.setattr(program, "plot_bars", lambda *_, **options: got.append(options))
    source = tmp_path / "ticks.parquet"
    time, price, size, _ = random_ticks(9)
    pq.write_table(pa.table({"time": time, "price": price, "size": size}), source)
    command = [str(source), str(tmp_path / "b.csv"), "--plot", "x.png", "--quiet"]
    program.main([*command, "--symbol", "MNQ", "--zone", "Asia/Tokyo"])
    program.main(command)
    assert [(one["symbol"], one["zone"]) for one in got] == [
        ("MNQ", "Asia/Tokyo"),
        ("", None),
    ]


@pytest.mark.parametrize(
    ("price", "step"),
    [
        (29_383.25, 0.25),
        (1e9, 0.25),
        (0.00005, 0.000001),
        (-37.0, 0.01),
        (110.0, 1 / 64),
    ],
)
def test_prices_of_the_axis_are_not_rounded(tmp_path, monkeypatch, price, step):
    figure, above, _ = drawn(monkeypatch, tmp_path, bars_of(40, price, step))
    figure.canvas.draw()
    shown = [text.replace("\N{MINUS SIGN}", "-") for text in texts(above.yaxis)]
    assert len(shown) > 2
    assert [float(text) for text in shown] == pytest.approx(
        list(above.get_yticks()), rel=1e-12, abs=1e-12
    )


def test_large_volumes_are_shown_in_short():
    assert [plot._short(v) for v in (0, 5, 2500, 1.5e6, 2e9, 7.5e12)] == [
        "0", "5", "2.5k", "1.5M", "2G", "7.5T"
    ]  # fmt: skip


# ----------------------------------------------------------------------------- charts

BENCHMARKS = ROOT / "benchmarks"
if not BENCHMARKS.exists():
    pytest.skip("the charts are not in a checkout", allow_module_level=True)
sys.path += [str(BENCHMARKS), str(BENCHMARKS / "marketdata")]

import charts  # noqa: E402
import pictures  # noqa: E402
from results import kept  # noqa: E402


def chart_of(draw):
    """The axes of a chart on a light page."""
    figure = charts.chart("a title", 5, charts.LIGHT, draw)
    figure.canvas.draw()
    charts.plt.close(figure)
    return figure.axes[0]


def dots_of(axes):
    """Name to where its dot stands, and to where its line goes."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    found = {name: [None, None] for name in names}
    for line in axes.get_lines():
        x, y = np.atleast_1d(line.get_xdata()), np.atleast_1d(line.get_ydata())
        if line.get_marker() == "o":
            found[names[int(y[0])]][0] = float(x[0])
        elif line.get_marker() == "None" and len(x) == 2 and x[0] > 0 and x[1] != 1:
            found[names[int(y[0])]][1] = (float(x[0]), float(x[1]))
    return found


@pytest.mark.parametrize("name", charts.charts_of_runs())
def test_bars_begin_at_zero_and_a_logarithmic_axis_has_dots(name):
    scene = kept(name)
    draw = charts.CHARTS[name]
    axes = chart_of(lambda axes: draw(axes, charts.LIGHT, scene))
    if axes.get_xscale() == "log":
        assert not axes.patches
        for who, (dot, line) in dots_of(axes).items():
            row = scene["contenders"][who]
            if "us" in row:
                assert (dot, *line) == tuple(row["us"])
            else:
                assert (dot, *line) == (row["p50_us"], row["p50_us"], row["p99_us"])
    else:
        assert axes.get_xlim()[0] == 0
        assert {bar.get_x() for bar in axes.patches} == {0}
    assert "floor" not in axes.get_xlabel()


@pytest.mark.parametrize("name", charts.charts_of_runs())
def test_no_two_texts_of_a_chart_touch(name):
    scene = kept(name)
    figure = charts.chart(
        scene["title"],
        len(scene["contenders"]),
        charts.LIGHT,
        lambda axes: charts.CHARTS[name](axes, charts.LIGHT, scene),
    )
    figure.canvas.draw()
    axes = figure.axes[0]
    shown = [
        *axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label
    ]  # fmt: skip
    left, right = axes.get_xlim()
    boxes = [
        text.get_window_extent()
        for text in shown
        # ticks beyond the ends of the axis are not drawn
        if text.get_text()
        and (
            text not in axes.get_xticklabels()
            or left <= text.get_position()[0] <= right
        )
    ]
    charts.plt.close(figure)
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_the_chart_of_bars_says_what_the_page_says(tmp_path):
    page = (ROOT / "docs" / "guide" / "bars.md").read_text("utf-8")
    assert "floor" not in page
    title, speeds = pictures.speeds_of_page(page)
    assert title == "10,000,000 ticks to bars of a minute"
    for each in speeds:
        row = next(
            line
            for line in page.splitlines()
            if line.startswith("|") and each.name in line.replace("`", "")
        )
        numbers = re.findall(r"[ ](\d[\d.,]*)\b", row)
        numbers = [float(number.replace(",", "")) for number in numbers]
        if each.name == "fastorder":
            numbers += [1, 1]
        assert numbers == [each.speed, each.ratio, each.least, each.most]
    assert [each.name for each in speeds if each.is_sum] == ["NumPy sum of the columns"]
    made = pictures.draw_speeds(speeds, tmp_path / "speed", title)
    assert [path.name for path in made] == ["speed.svg", "speed-dark.svg"]
    assert all("<svg" in path.read_text("utf-8") for path in made)


def test_pictures_of_the_guide_are_there():
    page = (ROOT / "docs" / "guide" / "bars.md").read_text("utf-8")
    for name in ("candles.png", "bars-speed.svg", "bars-speed-dark.svg"):
        assert name in page
        assert (ROOT / "docs" / "guide" / name).is_file()
