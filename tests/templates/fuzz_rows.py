"""Writes odd rows of conversations, and what Python makes of them: `json.loads`, then `apply_chat_template`.

    venv/bin/python tests/templates/fuzz_rows.py                            # writes fixtures/fuzz.json
    venv/bin/python tests/templates/fuzz_rows.py --seed 7 --rows 2000 --templates FOLDER --out fuzz.json

The rows are JSON as text, so that numbers and the order of keys are in question too. For each row and template the fixture
has a checksum of the token ids and of the mask that `return_assistant_tokens_mask` gives (templates in sources/marked/), or
"error". Two things are done to a row first, as docs/data.md tells: an empty list of calls is dropped, and parts of content
are joined unless the template writes parts as it writes their text. (`datasets` reads a column in one type and fills
missing keys with null, which says something else than the file; so the rows do not go through it.)
"""

import argparse
import hashlib
import json
import random
import re
from pathlib import Path

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from make_fixtures import Frozen

HERE = Path(__file__).parent
TOY = HERE.parent / "unit" / "data" / "fixtures" / "toy_tokenizer.json"
chat_template_utils.datetime = Frozen

TEXTS = ["a", "Who are you?", " spaces  ", "\n\nlines\n", "船在海上。🦜", "e\u0301\u200d\u00a0", "<b>&'\"\\</b>", "{{ x }} {% if %}", "<|im_end|>",
         "</turn>\n", "None", "null", "1.0", "<think>\nhm\n</think>\n\nYes.", "</think>", "[INST] x [/INST]", "\u2028\u0085", "\t\r\n", "0", "[]"]
NUMBERS = ["0", "-0", "-0.0", "1.0", "1", "1e22", "1E5", "1e-7", "123456789012345678901", "9007199254740993", "0.1", "5e-324", "1.7976931348623157e308",
           "-1234567890123456789", "100000000000000000000.0", "2.50", "1e16", "0.0001", "0.00001", "NaN", "Infinity"]
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
        row = [f'"messages": [{", ".join(messages)}]']
        if self.random.random() < 0.3:
            tool = f'{{"type": "function", "function": {{"name": "weigh", "description": {self.quoted(self.text())}, "parameters": {{"type": "object", "properties": {{"n": {{"type": "integer", "minimum": {self.value(4)}}}}}, "x": {self.value()}}}}}}}'
            row.append(f'"tools": [{tool}]')
        if self.random.random() < 0.2:
            row.append(f'"chat_template_kwargs": {{"enable_thinking": {self.random.choice(["true", "false"])}}}')
        return "{" + ", ".join(row) + "}"


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


def outcome(fast, row, marked):
    messages = [without_empty_calls(message) for message in row["messages"]]
    options = {"tools": row.get("tools"), **(row.get("chat_template_kwargs") or {})}

    def rendered(some):
        try:
            return fast.apply_chat_template(some, tokenize=False, **options)
        except Exception:
            return None

    texts = [joined(message) for message in messages]
    as_parts, as_texts = rendered(messages), rendered(texts)
    if as_texts is None:
        return "error"
    chosen = messages if as_parts is not None and squeezed(as_parts) == squeezed(as_texts) else texts
    encoded = fast.apply_chat_template(chosen, return_dict=True, return_assistant_tokens_mask=marked, **options)
    parts = [encoded["input_ids"], encoded["assistant_masks"] if marked else None]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rows", type=int, default=60)
    arguments.add_argument("--templates", type=Path, default=HERE / "sources" / "marked")
    arguments.add_argument("--out", type=Path, default=HERE / "fixtures" / "fuzz.json")
    given = arguments.parse_args()
    fast = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(TOY)), bos_token="<bos>", eos_token="</turn>", pad_token="<pad>")
    rows = Rows(given.seed)
    texts = [rows.row() for _ in range(given.rows)]
    results = {}
    for path in sorted(given.templates.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        fast.chat_template = source
        marked = "generation" in source and "endgeneration" in source
        results[path.stem] = [outcome(fast, json.loads(text), marked) for text in texts]
    given.out.write_text(json.dumps({"seed": given.seed, "rows": texts, "results": results}, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
