"""Answers requests to open an export: one JSON object a line on standard input, one on standard output.

A request is {"check": NAME, ...arguments}; its answer is what `check` of check_NAME.py returns, or {"failed": TEXT}.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "parity"))
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")


def answer(request):
    try:
        return importlib.import_module(f"check_{request.pop('check')}").check(**request)
    except Exception:
        return {"failed": traceback.format_exc()}


def main():
    # Libraries may print: standard output is for answers alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
