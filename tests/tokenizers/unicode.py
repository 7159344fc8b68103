"""Measures what src/data/tokenization/unicode.ts holds: prints the ranges of RECENT and of the characters unknown to the normaliser.

    venv/bin/python tests/tokenizers/unicode.py       # Python 3.11, whose own tables are those of Unicode 14; node in PATH
"""

import json
import subprocess
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
ENGINE = r"""
const all = Array.from({ length: 0x110000 }, (_, c) => c).filter((c) => c < 0xd800 || c > 0xdfff);
const text = (c) => String.fromCodePoint(c);
console.log(JSON.stringify({
  assigned: all.filter((c) => !/\p{Cn}/u.test(text(c))),
  marks: all.filter((c) => ("a" + text(c) + "\u0334").normalize("NFC") !== "a" + text(c) + "\u0334"),
  composed: all.map(text).filter((s) => s.normalize("NFD") !== s && s.normalize("NFD").normalize("NFC") === s),
}));
"""


def ranges(marked):
    found = []
    for point, mark in marked:
        if found and found[-1][1] == point - 1 and found[-1][2] == mark:
            found[-1][1] = point
        else:
            found.append([point, point, mark])
    return " ".join(f"{a:x}{f'-{b:x}' if b > a else ''}{mark}" for a, b, mark in found)


def main():
    engine = json.loads(subprocess.run(["node", "-e", ENGINE], capture_output=True, text=True, check=True).stdout)
    assigned = set(engine["assigned"])
    names = ["Lu", "Ll", "Lm", "Lo", "M", "N", "P", "S"]
    splits = {name: pre_tokenizers.Split(Regex(rf"\p{{{name}}}"), "removed") for name in names}

    def category(point):
        return next((name for name in names if not splits[name].pre_tokenize_str(chr(point))), "-")

    recent = [(p, category(p)) for p in POINTS if p == 0x295 or unicodedata.category(chr(p)) == "Cn"]
    print(ranges((p, mark) for p, mark in recent if mark != "-" or p in assigned), end="\n\n")

    nfc = normalizers.NFC()
    in_python = {p for p in POINTS if nfc.normalize_str(f"a{chr(p)}\u0334") != f"a{chr(p)}\u0334"}
    unknown = set(engine["marks"]) ^ in_python
    for text in engine["composed"]:
        parts = unicodedata.normalize("NFD", text)
        known = nfc.normalize_str(parts) == text
        unknown |= set() if known else {ord(part) for part in parts}
    print(ranges((p, "") for p in sorted(unknown)))


if __name__ == "__main__":
    main()
