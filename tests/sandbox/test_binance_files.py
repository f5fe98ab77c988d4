"""Real files of candles through the simulated Binance: the strings as they are in the file, nothing else."""

import csv
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox.binance import BinanceConfig, ServedFile
from sandbox.binance.defects import defects
from sandbox.binance.files import files_in
from sandbox.binance.history import Window
from sandbox.binance.market import Market
from sandbox.smartpizza.times import HOUR
from tests.sandbox.binance_rows import at, moment, rows_of
from tests.sandbox.clusters import ROOT

FILES = Path(os.environ.get("BINANCE_KLINES_DIR") or ROOT.parent / "shared" / "data" / "binance_klines")
OLD = "spot_BTCUSDT-1h_2017-2020.csv"
NEW = "spot_BTCUSDT-1h_2019-12_2020-12_desc_8dp.csv"
MINUTES = "spot_BTCUSDT-1m_2021-07_8dp.csv"
real = pytest.mark.skipif(not (FILES / OLD).exists(), reason=f"the files of real candles are not at {FILES}")
HEADER = "timestamp,open,high,low,close,volume,close_time,quote_av,trades,tb_base_av,tb_quote_av,ignore"


def cells(name: str) -> list[list[str]]:
    with (FILES / name).open(newline="") as file:
        return [row for row in csv.reader(file) if row[0][:1].isdigit()]


def served(*names: str, now: str) -> list[list[Any]]:
    files = tuple(ServedFile(path=str(FILES / name)) for name in names)
    interval = "1m" if MINUTES in names else "1h"
    return rows_of(Market(BinanceConfig(files=files)), interval, at(now))


@real
@pytest.mark.parametrize(
    ("name", "now"), [(OLD, "2020-11-28T08:30"), (NEW, "2020-12-10T01:01"), (MINUTES, "2021-08-01")]
)
def test_a_string_of_a_real_file_is_formatted_anew(name: str, now: str) -> None:
    told = sorted(cells(name))
    rows = served(name, now=now)
    assert len(rows) == len(told)
    for row, cell in zip(rows, told, strict=True):
        assert [*row[1:6], row[7], *row[9:]] == [*cell[1:6], cell[7], *cell[9:]]
        assert (row[0], row[6], row[8]) == (at(cell[0]), int(float(cell[6])), int(float(cell[8])))


@real
def test_the_real_defects_are_not_found() -> None:
    market = Market(BinanceConfig(files=(ServedFile(path=str(FILES / OLD)),)))
    found = defects(market, "BTCUSDT", "1h", at("2020-11-28T08:30"))
    assert found["candles"] == 28_673
    # Off-grid candles cover the hour that they open in.
    assert (len(found["gaps"]), sum(gap["candles"] for gap in found["gaps"])) == (18, 108)
    opens = [row[0] for row in served(OLD, now="2020-11-28T08:30")]
    steps = [after - before for before, after in pairwise(opens) if after - before != HOUR]
    # Who looks at the steps alone also finds the one from 03:28:14.789 back onto the grid, less than an hour.
    assert (len(steps), sum(step // HOUR - 1 for step in steps)) == (19, 107)
    assert len(found["off_grid"]) == 43
    assert len(found["odd_close"]) == 9
    assert found["open"] == [at("2020-11-28T08:00")]


@real
def test_a_later_file_does_not_restate_an_earlier_one() -> None:
    names = (NEW, OLD)
    before = {row[0]: row for row in served(*names, now="2020-11-28T08:30")}
    after = {row[0]: row for row in served(*names, now="2020-12-10T01:01")}
    assert max(before) == at("2020-11-28T08:00")
    assert before[max(before)][5] == "580.500025"
    assert after[max(before)][5] == "1994.86419800"
    assert max(after) == at("2020-12-10T01:00")
    assert before.keys() - after.keys() == set()
    assert after[at("2018-02-11T04:00")] == before[at("2018-02-11T04:00")]


@real
def test_a_folder_of_real_files_is_not_recognised() -> None:
    assert {Path(file.path).name for file in files_in(FILES)} == {OLD, NEW, MINUTES}


def write(path: Path, *lines: str) -> ServedFile:
    path.write_text("\n".join(lines) + "\n")
    return ServedFile(path=str(path))


def candle(when: str, volume: str = "1.5") -> str:
    close = at(when) + 3_599_999
    return f"{when},10.0,11.0,9.0,10.5,{volume},{close},15.0,3,0.5,5.0,0"


def test_an_ascending_descending_headed_or_bare_file_is_read_differently(tmp_path: Path) -> None:
    lines = [candle("2024-01-01 00:00:00"), candle("2024-01-01 01:00:00.000"), candle("2024-01-01 02:00:00")]
    forms = [lines, lines[::-1], [HEADER, *lines], [HEADER, *lines[::-1]]]
    now, read = at("2024-01-02T00:00"), []
    for number, form in enumerate(forms):
        told = write(tmp_path / f"{number}_BTCUSDT-1h.csv", *form)
        read.append(rows_of(BinanceConfig(files=(told,)), "1h", now))
    assert read[1:] == read[:1] * 3
    assert [row[0] for row in read[0]] == [at(f"2024-01-01T0{hour}:00") for hour in range(3)]


def test_a_file_is_served_before_its_time_or_a_newer_one_is_not(tmp_path: Path) -> None:
    first = write(tmp_path / "a_BTCUSDT-1h.csv", candle("2024-01-01 00:00:00"), candle("2024-01-01 01:00:00"))
    second = write(tmp_path / "b_BTCUSDT-1h.csv", candle("2024-01-01 01:00:00", "2.5"))
    later = ServedFile(path=second.path, served_from=moment("2024-01-05T00:00"))
    market = Market(BinanceConfig(files=(later, first)))
    volumes = [
        [row[5] for row in rows_of(market, "1h", at(now))]
        for now in ("2024-01-01T00:30", "2024-01-01T01:30", "2024-01-05T00:00")
    ]
    assert volumes == [[], ["1.5", "1.5"], ["1.5", "2.5"]]
    window = Window(at("2024-01-01T01:00"), None, 10)
    assert [row[5] for row in rows_of(market, "1h", at("2024-01-06T00:00"), window)] == ["2.5"]
    assert rows_of(market, "1m", at("2024-01-06T00:00")) == []


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("candles.csv", candle("2024-01-01 00:00:00"), "give its symbol and interval"),
        ("BTCUSDT-1h.csv", "2024-01-01 00:00:00,1,2", "line 1: this is no candle of twelve columns"),
        ("BTCUSDT-1h.csv", candle("2024-01-01 00:00:00").replace(",3,", ",three,"), "line 1"),
        ("BTCUSDT-1h.csv", HEADER, "holds no candles"),
    ],
)
def test_a_file_of_another_form_is_served(tmp_path: Path, name: str, line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Market(BinanceConfig(files=(write(tmp_path / name, line),)))


def test_a_folder_without_candles_is_served(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no files of candles"):
        files_in(tmp_path)
