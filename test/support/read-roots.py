"""Reads folders of files as one does with each of these readers, and prints the rows that it finds, as JSON."""

import glob
import json
import sys

try:
    import duckdb
    import pandas
    import polars
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet
except ImportError:
    sys.exit("absent")


def files(root):
    return sorted(glob.glob(root + "/**/*.*", recursive=True))


def each(root, read):
    return [row for path in files(root) for row in read(path)]


def pyarrow_rows(root, form):
    if form == "parquet":
        return pyarrow.parquet.read_table(root).to_pylist()
    if form == "ndjson":
        return each(root, lambda path: pyarrow.json.read_json(path).to_pylist())
    lines = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return each(root, lambda path: pyarrow.csv.read_csv(path, parse_options=lines).to_pylist())


def pandas_rows(root, form):
    if form == "parquet":
        return pandas.read_parquet(root).to_dict("records")
    if form == "ndjson":
        return each(root, lambda path: pandas.read_json(path, lines=True, dtype=False).to_dict("records"))
    return each(root, lambda path: pandas.read_csv(path, dtype=str, keep_default_na=False).to_dict("records"))


def polars_rows(root, form):
    if form == "parquet":
        return polars.scan_parquet(root, hive_partitioning=True).collect().to_dicts()
    if form == "ndjson":
        return each(root, lambda path: polars.read_ndjson(path).to_dicts())
    return each(root, lambda path: polars.read_csv(path, infer_schema=False).to_dicts())


def duckdb_rows(root, form):
    options = {"csv": ", all_varchar = true"}.get(form, "")
    reader = {"ndjson": "read_json"}.get(form, f"read_{form}")
    found = duckdb.execute(f"SELECT * FROM {reader}('{root}/**/*.*', hive_partitioning = true{options})")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row)) for row in found.fetchall()]


readers = {"pyarrow": pyarrow_rows, "pandas": pandas_rows, "polars": polars_rows, "duckdb": duckdb_rows}
answers = {}
for root, asked in json.load(sys.stdin).items():
    for name, read in readers.items():
        try:
            rows = [[str(row.get(column)) for column in asked["columns"]] for row in read(root, asked["format"])]
        except Exception as error:
            rows = f"{type(error).__name__}: {error}"
        answers.setdefault(root, {})[name] = rows
json.dump(answers, sys.stdout)
