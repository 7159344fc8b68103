"""Writes tests/parity/fixtures/cluster: TRL's results from the script that an export for a cluster has.

Run after make_fixtures.py, whose `llama` and adapter the script trains further. Needs Node for the export. See README.md."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
LLAMA = FIXTURES / "llama"
OUT = FIXTURES / "cluster"
# The files that decide what the script computes. The script names the folder of the base as it was typed.
HASHED = ["train.py", "data/train_tokens.jsonl", "data/eval_tokens.jsonl", "start_adapter/adapter_model.safetensors"]


def export(folder):
    """The folder as the command line writes it."""
    tool = ROOT / "tools" / "tunesmith.mjs"
    options = {
        "model": LLAMA.relative_to(ROOT),
        "adapter": LLAMA / "adapter",
        "format": "cluster",
        "start_from": "adapter",
        "data": OUT / "rows.jsonl",
        "config": OUT / "settings.yaml",
        "output": folder,
    }
    arguments = [str(each) for name, value in options.items() for each in (f"--{name}", value)]
    subprocess.run(["node", tool, "export", *arguments, "--no-tune"], check=True, cwd=ROOT)


def run_script(folder, output):
    """TRL's history: the script exactly as it was exported, on the processor and on one thread."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, folder / "train.py", "--model", LLAMA, "--output_dir", output]
    subprocess.run(command, check=True, env=environment)
    return json.loads((output / "trainer_state.json").read_text())["log_history"]


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder, output = Path(temporary) / "cluster", Path(temporary) / "adapter"
        export(folder)
        history = run_script(folder, output)
        steps = [each for each in history if "loss" in each]
        expected = {
            "hashes": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in HASHED},
            **{name: [each[name] for each in steps] for name in ("loss", "grad_norm", "learning_rate")},
            "eval_loss": [each["eval_loss"] for each in history if "eval_loss" in each],
        }
        (OUT / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
        (OUT / "adapter").mkdir(exist_ok=True)
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(output / name, OUT / "adapter" / name)
        config = json.loads((OUT / "adapter" / "adapter_config.json").read_text())
        # PEFT holds the modules as a set, whose order changes from run to run.
        config |= {"base_model_name_or_path": "llama", "target_modules": sorted(config["target_modules"])}
        (OUT / "adapter" / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
