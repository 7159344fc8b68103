"""Runs the Python code in an export's model card, as a reader of the card would.

    tunesmith export --model BASE --adapter ADAPTER --format peft --output FOLDER
    python check_snippet.py --folder FOLDER [--base BASE]

Replaces the card's placeholder by FOLDER, and the base's name by BASE if given. Passes if the code runs and prints an
answer, and if the tokenizer beside the adapter gives the tokens of the base's tokenizer.json.
"""

import argparse
import re
import sys
from pathlib import Path

from tokenizers import Tokenizer

TEXT = "Hello, world!  12 34\n\nWho are you? é你好"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="exported folder")
    parser.add_argument("--base", help="path of the base model, if the card names it otherwise")
    arguments = parser.parse_args()

    card = (arguments.folder / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL).group(1)
    code = code.replace('"path/to/this/folder"', repr(str(arguments.folder)))
    if arguments.base:
        code = re.sub(r"^base = .*$", f"base = {arguments.base!r}", code, flags=re.MULTILINE)
    print(code)
    names = {}
    exec(compile(code, "README.md", "exec"), names)  # the code is what is tested

    expected = Tokenizer.from_file(str(arguments.folder / "tokenizer.json")).encode(TEXT, add_special_tokens=False).ids
    found = names["tokenizer"].encode(TEXT, add_special_tokens=False)
    answer = names["output"].shape[1] - names["inputs"]["input_ids"].shape[1]
    print(f"\n{answer} tokens of answer; tokens {'as' if found == expected else 'NOT as'} in tokenizer.json")
    return 0 if answer > 0 and found == expected else 1


if __name__ == "__main__":
    sys.exit(main())
