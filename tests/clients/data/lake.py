"""What people who work with data do: a partitioned Parquet dataset in a bucket, written and read by several libraries.

`tables` or `disk`; prints what it saw as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import s3fs

ROWS = 200_000
CITIES = ["Zürich", "Bern & Biel", "São Paulo", "New York", "東京"]
BUCKET = "lake"
MIB = 1024 * 1024


def table() -> pd.DataFrame:
    """Rows that are the same on every machine."""
    chance = np.random.default_rng(4566)
    return pd.DataFrame(
        {
            "number": np.arange(ROWS),
            "amount": chance.integers(0, 10_000, ROWS),
            "noise": chance.random(ROWS),
            "city": [CITIES[number % len(CITIES)] for number in range(ROWS)],
            "day": [f"2026-11-{1 + number % 7:02}" for number in range(ROWS)],
        }
    )


def by_day(frame: pd.DataFrame) -> dict[str, int]:
    """The amounts of each day."""
    return {str(day): int(total) for day, total in frame.groupby("day", observed=True)["amount"].sum().items()}


def with_pandas(files: s3fs.S3FileSystem, frame: pd.DataFrame) -> dict[str, Any]:
    """Through s3fs, by `s3://` alone."""
    frame.to_parquet(f"s3://{BUCKET}/pandas/sales", partition_cols=["day"])
    frame.head(1000).to_csv(f"s3://{BUCKET}/pandas/head & tail.csv", index=False)
    back = pd.read_parquet(f"s3://{BUCKET}/pandas/sales")
    one_day = pd.read_parquet(f"s3://{BUCKET}/pandas/sales", filters=[("day", "==", "2026-11-03")])
    return {
        "rows": len(back),
        "same": back.sort_values("number").reset_index(drop=True)["noise"].equals(frame["noise"]),
        "by_day": by_day(back),
        "one_day": by_day(one_day),
        "csv": int(pd.read_csv(f"s3://{BUCKET}/pandas/head & tail.csv")["amount"].sum()),
        "folders": sorted(name.rpartition("/")[2] for name in files.ls(f"{BUCKET}/pandas/sales") if "=" in name),
    }


def with_pyarrow(frame: pd.DataFrame) -> dict[str, Any]:
    """Through Arrow's own file system, which is the AWS SDK for C++."""
    files = pyarrow.fs.S3FileSystem(
        endpoint_override=os.environ["AWS_ENDPOINT_URL"], scheme="http", region=os.environ["AWS_REGION"]
    )
    whole = pyarrow.Table.from_pandas(frame, preserve_index=False)
    partitioning = pyarrow.dataset.partitioning(pyarrow.schema([("day", pyarrow.string())]), flavor="hive")
    pyarrow.dataset.write_dataset(
        whole, f"{BUCKET}/arrow/sales", format="parquet", partitioning=partitioning, filesystem=files
    )
    dataset = pyarrow.dataset.dataset(
        f"{BUCKET}/arrow/sales", format="parquet", partitioning=partitioning, filesystem=files
    )
    back = dataset.to_table()
    one_city = dataset.to_table(filter=pyarrow.dataset.field("city") == CITIES[0], columns=["number"])
    with files.open_output_stream(f"{BUCKET}/arrow/stream") as stream:
        for number in range(12):
            stream.write(bytes([number]) * MIB)
    with files.open_input_file(f"{BUCKET}/arrow/stream") as stream:
        across = stream.read_at(7 * MIB - 1, 2)
    info = files.get_file_info(f"{BUCKET}/arrow/stream")
    files.move(f"{BUCKET}/arrow/stream", f"{BUCKET}/arrow/moved stream")
    selector = pyarrow.fs.FileSelector(f"{BUCKET}/arrow", recursive=True)
    listed = sorted(found.path for found in files.get_file_info(selector) if found.is_file)
    files.delete_dir(f"{BUCKET}/arrow")
    gone = files.get_file_info(f"{BUCKET}/arrow/sales").type == pyarrow.fs.FileType.NotFound
    return {
        "rows": back.num_rows,
        "by_day": by_day(back.to_pandas()),
        "one_city": one_city.num_rows,
        "across": hashlib.md5(across).hexdigest(),
        "size": info.size,
        "files": len(listed),
        "moved": f"{BUCKET}/arrow/moved stream" in listed,
        "gone": gone,
    }


def with_duckdb(files: s3fs.S3FileSystem) -> dict[str, Any]:
    """SQL on what pandas wrote, and a table written back; DuckDB reads through s3fs."""
    connection = duckdb.connect()
    connection.register_filesystem(files)
    source = f"read_parquet('s3://{BUCKET}/pandas/sales/*/*.parquet', hive_partitioning = true)"
    dear = f"'s3://{BUCKET}/duckdb/dear.parquet'"

    def rows(query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    days = rows(f"select day::varchar, sum(amount) from {source} group by 1")
    cities = rows(f"select count(*) from {source} where city = '{CITIES[1]}'")
    connection.execute(f"copy (select * from {source} where amount > 9000) to {dear}")
    return {
        "by_day": {day: int(total) for day, total in days},
        "city": cities[0][0],
        "dear": list(rows(f"select min(amount) > 9000, count(*) from {dear}")[0]),
    }


def with_s3fs(files: s3fs.S3FileSystem) -> dict[str, Any]:
    """As if it were a disk."""
    top = f"{BUCKET}/files"
    files.pipe({f"{top}/a b/{number}.txt": f"{number}".encode() for number in range(5)})
    files.pipe(f"{top}/ünï/+ & %.txt", b"awkward")
    with files.open(f"{top}/large.bin", "wb", block_size=5 * MIB) as file:
        for number in range(17):
            file.write(bytes([number]) * MIB)
    with files.open(f"{top}/large.bin", "rb") as file:
        file.seek(8 * MIB - 2)
        across = file.read(4)
    seen = {
        "ls": sorted(files.ls(top)),
        "find": sorted(files.find(top)),
        "glob": sorted(files.glob(f"{top}/*/[0-2].txt")),
        "du": files.du(top),
        "across": list(across),
        "size": files.info(f"{top}/large.bin")["size"],
        "cat": files.cat(f"{top}/ünï/+ & %.txt").decode(),
    }
    files.copy(f"{top}/large.bin", f"{top}/copy.bin")
    seen["copied"] = files.checksum(f"{top}/copy.bin") != 0 and files.size(f"{top}/copy.bin")
    files.copy(f"{top}/a b", f"{top}/c d", recursive=True)
    files.mv(f"{top}/c d/0.txt", f"{top}/c d/moved & away.txt")
    seen["moved"] = sorted(name.rpartition("/")[2] for name in files.find(f"{top}/c d"))
    files.rm(top, recursive=True)
    files.invalidate_cache()
    seen["left"] = files.find(top)
    return seen


def tables() -> dict[str, Any]:
    """Parquet by three libraries."""
    files = s3fs.S3FileSystem()
    files.mkdir(BUCKET)
    frame = table()
    return {
        "by_day": by_day(frame),
        "csv": int(frame.head(1000)["amount"].sum()),
        "dear": int((frame["amount"] > 9000).sum()),
        "pandas": with_pandas(files, frame),
        "pyarrow": with_pyarrow(frame),
        "duckdb": with_duckdb(files),
    }


def disk() -> dict[str, Any]:
    """s3fs alone, from the first bucket to the last."""
    files = s3fs.S3FileSystem()
    files.mkdir(BUCKET)
    seen = with_s3fs(files)
    files.rm(BUCKET, recursive=True)
    return {**seen, "buckets": files.ls("")}


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"tables": tables, "disk": disk}[sys.argv[1]]()))
