"""Writes dataset.json: Parquet files of a data set, packed, because they are long and say the same again and again.

pip install pyarrow==26.0.1; python make_dataset.py
"""

import base64
import gzip
import io
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

SHARDS = 2
ROWS = 1000
GROUP = 50


def shard(first):
    rows = range(first, first + ROWS)
    table = pa.table(
        {
            "question": [f"What does sailor {row} say? {'Tell me. ' * 40}" for row in rows],
            "answer": [f"Arr, {row}! {'The sea is deep. ' * 40}" for row in rows],
            "id": pa.array([2**53 + 1 + row for row in rows], type=pa.int64()),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, compression="none", use_dictionary=False, row_group_size=GROUP)
    return base64.b64encode(gzip.compress(out.getvalue(), mtime=0)).decode()


shards = [shard(index * ROWS) for index in range(SHARDS)]
path = pathlib.Path(__file__).parent / "dataset.json"
path.write_text(json.dumps({"rows": ROWS, "group": GROUP, "shards": shards}, indent=2) + "\n", encoding="utf-8")
