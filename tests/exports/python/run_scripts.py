"""Runs scripts, each in a fork of one process that has imported what all of them import, which takes most of their time.

One JSON object a line on standard input: {"arguments": [SCRIPT, ...], "environment": {NAME: VALUE}}. One on standard
output: {"code": exit status, "output": what the script said}."""

import json
import os
import runpy
import sys
import tempfile
import traceback

import datasets  # noqa: F401
import peft.optimizers  # noqa: F401
import torch  # noqa: F401
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: F401
from trl import SFTConfig, SFTTrainer  # noqa: F401


def run(arguments, environment, output):
    """Becomes the script. Never returns."""
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    os.environ.update(environment)
    sys.argv = arguments
    code = 0
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        if isinstance(ended.code, str):
            print(ended.code)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main():
    # Scripts print: standard output is for answers alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if child == 0:
                run(**json.loads(line), output=output)
            _, status = os.waitpid(child, 0)
            output.seek(0)
            answer = {"code": os.waitstatus_to_exitcode(status), "output": output.read()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
