#!/usr/bin/env python3
"""Reads exported files back with the libraries that people use, and compares them with the
reports. The argument is a folder with reports and their exports."""

import glob
import json
import math
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.parquet
import pympi
import pysubs2
import textgrid
import webvtt

FOLDER = Path(sys.argv[1])


def expect(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")


def close(what, got, expected, tolerance=1e-9):
    if not math.isclose(got, expected, abs_tol=tolerance):
        sys.exit(f"{what}: got {got}, expected {expected}")


def utterances_of(report):
    lines = [json.loads(line) for line in open(report, encoding="utf-8")]
    return lines[0], [line for line in lines if line["kind"] == "utterance"]


def words(utterance):
    """What may be shown as heard."""
    text = utterance["text"]
    return text["transcript"] if text["source"] == "transcript" else None


def check_subtitles(report, utterances):
    base = str(report).removesuffix(".jsonl")
    for reader, cues in [
        ("pysubs2", [(c.start / 1e3, c.end / 1e3, c.plaintext) for c in pysubs2.load(base + ".srt", format_="srt")]),
        ("webvtt-py", [(c.start_in_seconds, c.end_in_seconds, c.text) for c in webvtt.read(base + ".vtt")]),
    ]:
        expect(f"{reader}, cues of {base}", len(cues), len(utterances))
        for (start, end, text), utterance in zip(cues, utterances):
            # webvtt-py gives whole seconds.
            close(f"{reader}, start in {base}", start, utterance["start_s"], 1.0 if reader == "webvtt-py" else 1e-3)
            close(f"{reader}, end in {base}", end, utterance["end_s"], 1.0 if reader == "webvtt-py" else 1e-3)
            heard = words(utterance)
            expect(f"{reader}, words in {base}", text.endswith(f"] {heard}"), heard is not None)
            expect(f"{reader}, score in {base}", f"[{utterance['sentiment']['score']:+.2f}]" in text, True)


def check_tiers(report, recording, utterances):
    base = str(report).removesuffix(".jsonl")
    elan = pympi.Elan.Eaf(base + ".eaf")
    found = sorted(elan.get_annotation_data_for_tier("utterance"))
    expect(f"pympi, utterances of {base}", len(found), len(utterances))
    for annotation, utterance in zip(found, utterances):
        close(f"pympi, start in {base}", annotation[0] / 1e3, utterance["start_s"], 1e-3)
        heard = words(utterance)
        expect(f"pympi, words in {base}", annotation[2] == heard, heard is not None)
    scores = sorted(elan.get_ref_annotation_data_for_tier("score"))
    expect(f"pympi, scores of {base}", [float(it[2]) for it in scores],
           [round(u["sentiment"]["score"], 2) + 0.0 for u in utterances])

    praat = textgrid.TextGrid.fromFile(base + ".TextGrid")
    length = max([recording["media"]["duration_s"]] + [u["end_s"] for u in utterances])
    close(f"textgrid, length of {base}", praat.maxTime, length)
    for tier in praat:
        reached = 0.0
        for interval in tier:
            close(f"textgrid, {tier.name} of {base}", interval.minTime, reached)
            reached = interval.maxTime
        close(f"textgrid, end of {tier.name} of {base}", reached, length)
    marks = [it.mark for it in praat.getFirst("sentiment") if it.mark]
    expect(f"textgrid, sentiment of {base}", marks, [u["sentiment"]["polarity"] for u in utterances])

    labels = [line.rstrip("\n").split("\t") for line in open(base + ".labels.txt", encoding="utf-8")]
    expect(f"labels of {base}", [float(it[0]) for it in labels], [u["start_s"] for u in utterances])
    segments = json.load(open(base + ".whisperx.json", encoding="utf-8"))["segments"]
    expect(f"segments of {base}", [it["text"] or None for it in segments], [words(u) for u in utterances])


def check_tables(all_utterances):
    expected = {(u["path"], u["index"]): u for u in all_utterances}
    parquet = str(FOLDER / "utterances.parquet")
    tables = {
        "pandas, csv": pandas.read_csv(FOLDER / "utterances.csv"),
        "pandas, tsv": pandas.read_csv(FOLDER / "utterances.tsv", sep="\t"),
        "pandas, parquet": pandas.read_parquet(parquet),
        "pyarrow": pyarrow.parquet.read_table(parquet).to_pandas(),
        "polars, csv": polars.read_csv(FOLDER / "utterances.csv").to_pandas(),
        "polars, parquet": polars.read_parquet(parquet).to_pandas(),
        "duckdb, csv": duckdb.sql(f"SELECT * FROM read_csv('{FOLDER / 'utterances.csv'}')").df(),
        "duckdb, parquet": duckdb.sql(f"SELECT * FROM '{parquet}'").df(),
    }
    columns = list(tables["pyarrow"].columns)
    for name, table in tables.items():
        expect(f"{name}, columns", list(table.columns), columns)
        expect(f"{name}, rows", len(table), len(expected))
        for row in table.to_dict("records"):
            utterance = expected[(row["path"], row["utterance"])]
            close(f"{name}, score", row["score"], utterance["sentiment"]["score"])
            close(f"{name}, start", row["start_s"], utterance["start_s"])
            transcript = row["transcript"] if isinstance(row["transcript"], str) else None
            expect(f"{name}, transcript", transcript, utterance["text"]["transcript"])
            expect(f"{name}, flag", bool(row["video_present"]), utterance["modalities"]["video"]["present"])
    print(f"{'; '.join(tables)}: {len(expected)} rows, {len(columns)} columns")


def main():
    everything = []
    reports = sorted(glob.glob(str(FOLDER / "*.jsonl")))
    for report in reports:
        recording, utterances = utterances_of(report)
        check_subtitles(report, utterances)
        check_tiers(report, recording, utterances)
        everything += utterances
    print(f"pysubs2, webvtt-py, pympi-ling, textgrid: {len(everything)} utterances of {len(reports)} reports")
    check_tables(everything)


main()
