"""Odd files of examples, with what Python reads of them: odd_files.json beside this file.

    python tests/data/make_odd_files.py

Each case: a name, the file's bytes in base64, the records as json.dumps writes them (`records`; null where Python's own
reading refuses the file), and how many records `datasets` reads (`datasets`; null where it refuses the file). JSON is read
by json.loads: the whole file if that is one value, else line by line. Tables are read by pandas as texts, with empty cells
left out. Seeded: the same packages write the same file. Versions: datasets 4, pandas 2 or later.
"""

import base64
import io
import json
import os
import random
import tempfile
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"
import datasets  # noqa: E402
import pandas  # noqa: E402

datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)
HERE = Path(__file__).parent
draw = random.Random(6)

ROW = {"instruction": "Who?", "output": "A pirate."}
OTHER = {"instruction": "Wo? 在哪里？", "output": "Auf See 🏴‍☠️\n\"so\""}
LINES = [json.dumps(ROW), json.dumps(OTHER, ensure_ascii=False)]


def text(name, content, encoding="utf-8"):
    return name, content.encode(encoding)


CASES = [
    text("lines.jsonl", "\n".join(LINES)),
    text("crlf.jsonl", "\r\n".join(LINES) + "\r\n"),
    text("blank_lines.jsonl", "\n\n" + "\n \n\n".join(LINES) + "\n\n"),
    text("bom.jsonl", "\n".join(LINES), "utf-8-sig"),
    text("list.json", json.dumps([ROW, OTHER])),
    text("pretty_list.json", json.dumps([ROW, OTHER], indent=2, ensure_ascii=False)),
    text("pretty_one_after_other.json", "\n".join(json.dumps(row, indent=2) for row in (ROW, OTHER))),
    text("two_on_a_line.jsonl", "".join(LINES)),
    text("spaces.json", f" \t\n[ {LINES[0]} ,\r\n\t{LINES[1]}\n]\n\n"),
    text("one.json", json.dumps(ROW)),
    text("nan.jsonl", '{"instruction": "Who?", "input": NaN, "output": "x"}\n' + LINES[1]),
    text("nan.json", '[{"instruction": "Who?", "input": NaN, "output": "x"}]'),
    text("numbers.jsonl", '{"text": "a", "n": [1, 1.0, -0.0, 1e22, 9007199254740993, 18446744073709551616]}'),
    text("order.jsonl", '{"text": "a", "n": {"b": 1, "10": 2, "2": {"1": 0, "0": 1}}}'),
    text("twice.jsonl", '{"text": "a", "text": "b", "text": "c"}'),
    text("escapes.jsonl", '{"text": "\\ud83d\\ude00 \\u00e9 \\/ \\" \\\\ \\b\\f\\n\\r\\t \\u0000"}'),
    text("separators.jsonl", '{"text": "a\u2028b\u2029c\u0085d"}\n{"text": "e"}'),
    text("proto.jsonl", '{"text": "a", "__proto__": {"x": 1}, "constructor": 2}'),
    text("deep.jsonl", '{"text": "a", "n": ' + "[" * 60 + "]" * 60 + "}"),
    text("trailing_comma.json", f"[{LINES[0]},\n]"),
    text("missing_comma.json", f"[{LINES[0]}\n{LINES[1]}]"),
    text("cut.json", f"[{LINES[0]},\n{LINES[1]}"),
    text("raw_break.json", '[{"text": "a\nb"}]'),
    text("single_quotes.json", "[{'text': 'a'}]"),
    text("comment.json", f"[{LINES[0]} // one\n]"),
    text("empty.jsonl", ""),
    text("table.csv", 'instruction,output\nWho?,A pirate.\n"Where,\nthen?","A ""ship"", 海"\n'),
    text("crlf.csv", 'instruction,output\r\nWho?,"A\r\npirate."\r\nWhere?,Sea\r\n'),
    text("semicolons.csv", "instruction;output\nWho, me?;You\n"),
    text("table.tsv", 'instruction\toutput\nWho, me?\tYou; "you"\n'),
    text("bom.csv", "instruction,output\nWho?,Du\n", "utf-8-sig"),
    text("index.csv", ",instruction,output\n0,Who?,You\n1,Where?,Here\n"),
    text("empty_cells.csv", 'instruction,input,output\nWho?,,You\nWhere?,"",Here\n\nWhat?,x,007\n'),
    text("words.csv", "instruction,output\nNA,None\nnull,1.0\ntrue,  padded \n"),
    text("one_column.csv", 'text\nhello\n"a, b"\n'),
]


def random_text():
    return "".join(draw.choice(["a", " ", "é", "海", "😀", '"', "\\", "\n", "\t", "/", "{", "}", "[", ",", ":"]) for _ in range(draw.randrange(1, 12)))


def random_file(number):
    rows = [
        {"text": random_text(), "n": draw.choice([None, 1, 2.5, 10**20, [1, {"2": 0, "1": 0}], {"x": random_text()}])}
        for _ in range(draw.randrange(1, 6))
    ]
    dumped = [json.dumps(row, ensure_ascii=draw.random() < 0.5, indent=None if number % 3 else draw.choice([None, 1])) for row in rows]
    if number % 2:
        return text(f"random_{number}.json", "[" + draw.choice([",", " ,\n", ",\r\n"]).join(dumped) + "]")
    return text(f"random_{number}.jsonl", draw.choice(["\n", "\r\n", "\n\n"]).join(dumped))


def random_table(number):
    rows = [[random_text() for _ in range(3)] for _ in range(draw.randrange(1, 5))]
    table = io.StringIO()
    frame = pandas.DataFrame(rows, columns=["instruction", "input", "output"])
    frame.to_csv(table, index=False, sep=draw.choice([",", ";", "\t"]), lineterminator=draw.choice(["\n", "\r\n"]))
    return text(f"random_{number}.csv", table.getvalue())


CASES += [random_file(number) for number in range(30)] + [random_table(number) for number in range(15)]


def json_records(content):
    written = content.decode("utf-8-sig")
    try:
        whole = json.loads(written)
        return whole if isinstance(whole, list) else [whole]
    except ValueError:
        pass
    decoder, records, at = json.JSONDecoder(), [], 0
    try:
        while True:
            while at < len(written) and written[at] in " \t\r\n":
                at += 1
            if at == len(written):
                return records or None
            record, at = decoder.raw_decode(written, at)
            records.append(record)
    except ValueError:
        return None


def table_records(content):
    header = content.decode("utf-8-sig").splitlines()[0]
    delimiter = max(",;\t", key=header.count)
    frame = pandas.read_csv(io.BytesIO(content), sep=delimiter, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    rows = frame.to_dict("records")
    return [{name: cell for name, cell in row.items() if cell != "" and not name.startswith("Unnamed")} for row in rows]


def read_by_datasets(name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        table = name.endswith(("csv", "tsv"))
        more = {"sep": max(",;\t", key=content.decode("utf-8-sig").splitlines()[0].count)} if table else {}
        try:
            kind = "csv" if table else "json"
            return len(datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=folder, **more))
        except Exception:
            return None


found = []
for name, content in CASES:
    read = (table_records if name.endswith(("csv", "tsv")) else json_records)(content)
    found.append(
        {
            "name": name,
            "bytes": base64.b64encode(content).decode(),
            "records": read and [json.dumps(record, ensure_ascii=False) for record in read],
            "datasets": read_by_datasets(name, content),
        }
    )
(HERE / "odd_files.json").write_text("[\n" + ",\n".join(json.dumps(one) for one in found) + "\n]\n")
for one in found:
    if one["datasets"] != (one["records"] and len(one["records"])):
        print(one["name"], "datasets:", one["datasets"], "python:", one["records"] and len(one["records"]))
print(len(found), "cases")
