"""Writes odd rows of conversations, and what Python makes of them: `json.loads`, then `apply_chat_template`.

    venv/bin/python tests/templates/fuzz_rows.py                            # writes fixtures/fuzz.json
    venv/bin/python tests/templates/fuzz_rows.py --seed 7 --rows 2000 --templates FOLDER --out fuzz.json

The rows are JSON as text, so that numbers and the order of keys are in question too. For each row and template the fixture
has a checksum of the token ids and of the mask that `return_assistant_tokens_mask` gives (templates in sources/marked/), or
"error". A row is changed first as docs/data.md tells: an empty list of calls is dropped, and content becomes the text or
the parts that the template reads.

The same rows also go through `datasets.load_dataset` as JSON Lines, as a JSON list and as CSV with a cell of JSON for each
column, a few rows to a file. `datasets` gives every column one type, so it may say something else than the file; the file
counts. For each row and kind of file the fixture names in which ways `datasets` differs from it. A way without a name stops
this script, and so do other tokens from a row that `datasets` read as the file has it.

Odd cells of a table with the columns instruction, input and output are compared in the same way, with Python's `csv`.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import random
import re
import tempfile
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"
import datasets  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from make_fixtures import Frozen

datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)
GROUP = 4

HERE = Path(__file__).parent
TOY = HERE.parent / "unit" / "data" / "fixtures" / "toy_tokenizer.json"
chat_template_utils.datetime = Frozen

TEXTS = ["a", "Who are you?", " spaces  ", "\n\nlines\n", "船在海上。🦜", "e\u0301\u200d\u00a0", "<b>&'\"\\</b>", "{{ x }} {% if %}", "<|im_end|>",
         "</turn>\n", "None", "null", "1.0", "<think>\nhm\n</think>\n\nYes.", "</think>", "[INST] x [/INST]", "\u2028\u0085", "\t\r\n", "0", "[]"]
NUMBERS = ["0", "-0", "-0.0", "1.0", "1", "1e22", "1E5", "1e-7", "123456789012345678901", "9007199254740993", "0.1", "5e-324", "1.7976931348623157e308",
           "-1234567890123456789", "100000000000000000000.0", "2.50", "1e16", "0.0001", "0.00001", "NaN", "Infinity"]
CELLS = ["NA", "null", "nan", "None", "007", "1.0", "1e5", "True", "-0", "2024-01-01", "a,b;c\td", 'say "so"', "two\nlines", "two\r\nlines", "=1+1", "#N/A", "inf"]
COLUMNS = ["instruction", "input", "output"]
KEYS = ["b", "a", "10", "2", "é", "x y", "0", "-1", "content", "items", "keys", "constructor", "toString", "__proto__", ""]


class Rows:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def quoted(self, text):
        return json.dumps(text, ensure_ascii=self.random.random() < 0.3)

    def text(self):
        return " ".join(self.random.choice(TEXTS) for _ in range(self.random.randint(1, 3)))

    def value(self, depth=0):
        kind = self.random.random()
        if kind < 0.35 or depth > 3:
            return self.random.choice(NUMBERS)
        if kind < 0.6:
            return self.quoted(self.text())
        if kind < 0.7:
            return self.random.choice(["true", "false", "null", "[]", "{}", '""'])
        if kind < 0.8:
            return "[" + ", ".join(self.value(depth + 1) for _ in range(self.random.randint(0, 3))) + "]"
        return self.object(depth + 1)

    def object(self, depth=0):
        keys = self.random.sample(KEYS, self.random.randint(0, 4))
        return "{" + ",".join(f"{self.quoted(key)}: {self.value(depth)}" for key in keys) + "}"

    def fields(self, fields):
        more = [f'"{name}": null' for name in ("name", "tool_calls", "weight", "reasoning_content") if f'"{name}"' not in "".join(fields) and self.random.random() < 0.15]
        fields = [*fields, *more]
        if self.random.random() < 0.3:
            self.random.shuffle(fields)
        return "{" + ", ".join(fields) + "}"

    def content(self, text):
        if self.random.random() < 0.1:
            cut = len(text) // 2
            parts = [part for part in (text[:cut], text[cut:]) if part]
            return "[" + ", ".join(f'{{"type": "text", "text": {self.quoted(part)}}}' for part in parts) + "]"
        return self.quoted(text)

    def call(self):
        return f'{{"id": "call{self.random.randint(10000, 99999)}", "type": "function", "function": {{"name": "weigh", "arguments": {self.object()}}}}}'

    def row(self):
        messages = []
        if self.random.random() < 0.3:
            messages.append(self.fields(['"role": "system"', f'"content": {self.content(self.text())}']))
        for _ in range(self.random.randint(1, 3)):
            messages.append(self.fields(['"role": "user"', f'"content": {self.content(self.text())}']))
            if self.random.random() < 0.25:
                call = self.call()
                content = self.random.choice(['"content": null', '"content": ""', '"content": "I look."'])
                messages.append(self.fields(['"role": "assistant"', content, f'"tool_calls": [{call}]']))
                name = json.loads(call)["id"]
                messages.append(self.fields(['"role": "tool"', f'"content": {self.quoted(self.text())}', f'"tool_call_id": "{name}"']))
            fields = ['"role": "assistant"', f'"content": {self.content("Yes " + self.text())}']
            if self.random.random() < 0.2:
                fields.append(f'"{self.random.choice(["reasoning_content", "thinking", "reasoning"])}": {self.quoted(self.text())}')
            elif self.random.random() < 0.1:
                fields.append('"tool_calls": []')
            messages.append(self.fields(fields))
        row = [["messages", f'[{", ".join(messages)}]']]
        if self.random.random() < 0.3:
            tool = f'{{"type": "function", "function": {{"name": "weigh", "description": {self.quoted(self.text())}, "parameters": {{"type": "object", "properties": {{"n": {{"type": "integer", "minimum": {self.value(4)}}}}}, "x": {self.value()}}}}}}}'
            row.append(["tools", f"[{tool}]"])
        if self.random.random() < 0.2:
            row.append(["chat_template_kwargs", f'{{"enable_thinking": {self.random.choice(["true", "false"])}}}'])
        return row

    def cells(self):
        cell = lambda: self.random.choice([self.text() + ".", self.random.choice(CELLS)])
        return [cell(), self.random.choice(["", "  ", cell()]), cell()]


def without_empty_calls(message):
    return {key: value for key, value in message.items() if key != "tool_calls" or value != []}


def joined(message):
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": "".join(part["text"] for part in content)}


# What JavaScript takes for white space; Python's `split` takes U+0085 and U+001C to U+001F as well.
SPACE = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


def squeezed(text):
    return SPACE.sub("", text)


def as_parts_of(message):
    content = message.get("content")
    if content is None or isinstance(content, list):
        return message
    return {**message, "content": [{"type": "text", "text": content}]}


def longer(message):
    content = joined(message).get("content") + " 718281828459"
    return {**message, "content": [{"type": "text", "text": content}] if isinstance(message["content"], list) else content}


def leaves_out(messages, text, rendered):
    """Whether a question or an answer makes no difference to the rendering."""
    for index, message in enumerate(messages):
        words = (joined(message).get("content") or "").strip()
        if message["role"] not in ("user", "assistant") or message.get("tool_calls") is not None or words == "" or words in text:
            continue
        if rendered([longer(one) if i == index else one for i, one in enumerate(messages)]) == text:
            return True
    return False


def readable(messages, rendered):
    """The messages in the form that docs/data.md tells under "Content"; None if the template takes neither."""
    texts = [joined(message) for message in messages]
    as_texts = rendered(texts)
    if as_texts is not None and any(isinstance(message.get("content"), list) for message in messages):
        given = rendered(messages)
        if given is not None and squeezed(given) == squeezed(as_texts):
            return messages
    if as_texts is not None and not leaves_out(texts, as_texts, rendered):
        return texts
    parts = [as_parts_of(message) for message in messages]
    as_parts = rendered(parts)
    if as_parts is None or re.search("""['"]type['"]: ['"]text['"]""", as_parts) or leaves_out(parts, as_parts, rendered):
        return None
    return parts


def outcome(fast, row, marked):
    messages = [without_empty_calls(message) for message in row["messages"]]
    options = {"tools": row.get("tools"), **(row.get("chat_template_kwargs") or {})}

    def rendered(some):
        try:
            return fast.apply_chat_template(some, tokenize=False, **options)
        except Exception:
            return None

    chosen = readable(messages, rendered)
    if chosen is None:
        return "error"
    encoded = fast.apply_chat_template(chosen, return_dict=True, return_assistant_tokens_mask=marked, **options)
    mask = whole_characters(encoded["assistant_masks"], encoded.encodings[0].offsets) if marked else None
    parts = [encoded["input_ids"], mask]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def whole_characters(mask, offsets):
    """
    The mask with all tokens of a character that several tokens spell. transformers marks the first alone if a marked part
    ends with the character (`char_to_token` gives the first), so that the rest of it would never be learnt.
    """
    mask = list(mask)
    for i in range(1, len(mask)):
        if mask[i - 1] == 1 and offsets[i] == offsets[i - 1] and offsets[i][0] < offsets[i][1]:
            mask[i] = 1
    return mask


def text_of(row):
    return "{" + ", ".join(f'"{key}": {value}' for key, value in row) + "}"


def table(header, rows):
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    return file.getvalue()


def table_of(rows):
    header = list(dict.fromkeys(key for row in rows for key, _ in row))
    return table(header, [[dict(row).get(key, "") for key in header] for row in rows])


def without_nulls(row):
    """Without the columns and the fields of messages that are null."""
    row = {key: value for key, value in row.items() if value is not None}
    messages = [{key: value for key, value in message.items() if value is not None} for message in row["messages"]]
    return {**row, "messages": messages}


def load(kind, ending, text):
    """The rows as `datasets` reads a file; None if it refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{ending}"
        path.write_text(text, encoding="utf-8", newline="")
        try:
            return list(datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=folder))
        except Exception:
            return None


def is_empty(value):
    return value is None or (isinstance(value, dict) and all(map(is_empty, value.values())))


# transformers leaves out fields of a message that are null, and a template sees no other columns.
HARMLESS = "null for a missing field"
KNOWN = {
    HARMLESS, "null for a missing key", "a value for a missing key", "other order of keys", "null for a value",
    "another number", "another type", "refused",
}


def differences(file, read, place=()):
    """In which ways a value that `datasets` gives differs from that of the file."""
    if isinstance(file, dict) and isinstance(read, dict):
        common = [key for key in file if key in read]
        found = set()
        if any(key not in file for key in read):
            found.add(HARMLESS if place in [(), ("messages",)] else "null for a missing key")
        if any(not is_empty(read[key]) for key in read if key not in file):
            found.add("a value for a missing key")
        if len(common) < len(file):
            found.add("a key is lost")
        if common != [key for key in read if key in file]:
            found.add("other order of keys")
        return found.union(*(differences(file[key], read[key], (*place, key)) for key in common))
    if isinstance(file, list) and isinstance(read, list) and len(file) == len(read):
        return set().union(*(differences(a, b, place) for a, b in zip(file, read)))
    if type(file) is type(read) and repr(file) == repr(read):
        return set()
    if read is None:
        return {"null for a value"}
    numbers = [isinstance(value, (int, float)) and not isinstance(value, bool) for value in (file, read)]
    return {"another number" if all(numbers) else "another type"}


def read_as(ending, group):
    """The rows of a group as `datasets` reads them from one kind of file; None if it refuses the file."""
    if ending == "csv":
        rows = load("csv", ".csv", table_of(group))
        return rows and [{key: value and json.loads(value) for key, value in row.items()} for row in rows]
    listed = "[" + ",\n".join(map(text_of, group)) + "]"
    return load("json", f".{ending}", "\n".join(map(text_of, group)) if ending == "jsonl" else listed)


def of_datasets(rows):
    """For each row, by kind of file: what `datasets` reads, and the ways in which that differs from the file."""
    results = [{} for _ in rows]
    for first in range(0, len(rows), GROUP):
        group = rows[first : first + GROUP]
        for ending in ["jsonl", "json", "csv"]:
            read = read_as(ending, group)
            for index, row in enumerate(group):
                ways = {"refused"} if read is None else differences(json.loads(text_of(row)), read[index])
                assert ways <= KNOWN, ways
                results[first + index][ending] = (read and read[index], ways)
    return results


def of_cells(cells):
    """The rows of a table as Python's csv reads them, and the ways in which `datasets` differs."""
    text = table(COLUMNS, cells)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [list(row.values()) for row in rows] == cells
    ways = []
    for first in range(0, len(rows), GROUP):
        group = rows[first : first + GROUP]
        read = load("csv", ".csv", table(COLUMNS, cells[first : first + GROUP]))
        for index, row in enumerate(group):
            given = {key: value for key, value in row.items() if value != ""}
            ways.append({"refused"} if read is None else differences(given, read[index]))
    assert set().union(*ways) <= KNOWN, ways
    return rows, [sorted(way - {HARMLESS}) for way in ways]


def conversation(row):
    question = "\n".join(part for part in (row["instruction"], row["input"]) if part.strip() != "")
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": row["output"]}]}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rows", type=int, default=60)
    arguments.add_argument("--templates", type=Path, default=HERE / "sources" / "marked")
    arguments.add_argument("--out", type=Path, default=HERE / "fixtures" / "fuzz.json")
    given = arguments.parse_args()
    fast = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(TOY)), bos_token="<bos>", eos_token="</turn>", pad_token="<pad>")
    draw = Rows(given.seed)
    rows = [draw.row() for _ in range(given.rows)]
    cells = [draw.cells() for _ in range(given.rows // 2)]
    read = of_datasets(rows)
    cell_rows, cell_ways = of_cells(cells)
    results, cell_results = {}, {}
    for path in sorted(given.templates.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        fast.chat_template = source
        marked = "generation" in source and "endgeneration" in source
        results[path.stem] = [outcome(fast, json.loads(text_of(row)), marked) for row in rows]
        cell_results[path.stem] = [outcome(fast, conversation(row), marked) for row in cell_rows]
        for expected, kinds in zip(results[path.stem], read):
            for other, ways in kinds.values():
                assert not ways <= {HARMLESS} or outcome(fast, without_nulls(other), marked) == expected, (path.stem, other)
    ways = [{ending: sorted(way - {HARMLESS}) for ending, (_, way) in kinds.items()} for kinds in read]
    fixture = {
        "seed": given.seed, "rows": rows, "results": results, "datasets": ways,
        "cells": cells, "cellResults": cell_results, "cellDatasets": cell_ways,
    }
    given.out.write_text(json.dumps(fixture, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
