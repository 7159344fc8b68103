"""Texts that are JSON or nearly so, with what Python's json reads of them: json_cases.json beside this file.

    python tests/unit/core/make_json_cases.py

Seeded: the same Python writes the same file. Each case is [text, repr of json.loads, json.dumps of it], or [text] where
json.loads refuses it. Texts with half a character (a lone surrogate) are left out: Python reads them, and no tokenizer does.
"""

import json
import random
from pathlib import Path

HERE = Path(__file__).parent
draw = random.Random(9)

NUMBERS = [
    "0", "-0", "1", "-1", "1.0", "-0.0", "0.1", "1e22", "1E+22", "1e-7", "0.0001", "1e15", "1e16", "123456789012345680.0",
    "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "1234567890123456789",
    "18446744073709551616", "100000000000000000000000000000000", "1e400", "-1e400", "5e-324", "2.50", "1.5e300",
    "NaN", "Infinity", "-Infinity", "1e5", "0e0", "3.141592653589793238",
]
KEYS = ["a", "b", "10", "2", "0", "01", "-1", "__proto__", "constructor", "1.5", "", "ключ", "name", "4294967295", "😀"]
TEXTS = ["", "a", "\\n", "\\u0041", "\\ud83d\\ude00", "😀", "\\\"", "\\\\", "/", "\\/", "\\u2028", "\u2028", "é", "海", "\\u0000", "\\b\\f\\r\\t"]


def space():
    return draw.choice(["", "", "", " ", "\n", "\t", "\r\n"])


def text():
    return '"' + "".join(draw.choice(TEXTS) for _ in range(draw.randrange(4))) + '"'


def value(depth=0):
    kind = draw.randrange(10 if depth < 4 else 6)
    if kind < 3:
        return draw.choice(NUMBERS)
    if kind < 5:
        return text()
    if kind < 6:
        return draw.choice(["true", "false", "null"])
    inner = range(draw.randrange(5))
    if kind < 8:
        return "[" + space() + ",".join(space() + value(depth + 1) + space() for _ in inner) + "]"
    fields = (f'{space()}"{draw.choice(KEYS)}"{space()}:{space()}{value(depth + 1)}{space()}' for _ in inner)
    return "{" + space() + ",".join(fields) + "}"


def changed(written):
    at = draw.randrange(len(written) + 1)
    letter = draw.choice(list('{}[],:"\\ntf0123.eE+- NuI/\'') + ["\n", "\u00a0", "\ufeff", "None", "True"])
    if draw.random() < 0.5:
        return written[:at] + written[at + draw.randrange(1, 3):]
    return written[:at] + letter + written[at + draw.randrange(2):]


def case(written):
    try:
        read = json.loads(written)
    except (ValueError, RecursionError):
        return [written]
    shown = repr(read)
    if any(0xD800 <= ord(letter) < 0xE000 for letter in json.dumps(read, ensure_ascii=False)):
        return None
    return [written, shown, json.dumps(read, ensure_ascii=False)]


texts = NUMBERS + ['{"a":1,"a":2}', '{"b":1,"10":2,"2":3,"b":4}', '{"__proto__":{"x":1},"y":2}', "9" * 4300, "9" * 4301, "[" * 400 + "]" * 400]
texts += [value() for _ in range(150)]
texts += [changed(value()) for _ in range(350)]
cases = [found for found in map(case, texts) if found]
(HERE / "json_cases.json").write_text("[\n" + ",\n".join(json.dumps(found) for found in cases) + "\n]\n")
print(len(cases), "cases,", sum(len(found) == 1 for found in cases), "refused")
