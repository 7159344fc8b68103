"""Writes tests/parity/fixtures/packing: the updates of TRL's SFTTrainer over packed examples.

Run after make_fixtures.py, whose `llama` it trains. See README.md."""

import math
import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, get_scheduler
from trl import SFTConfig, SFTTrainer

import make_fixtures
import reference
from families import FAMILIES

FIXTURES = Path(__file__).parent / "fixtures"
BASE = "llama"
SIZE = 32
SETTINGS = make_fixtures.SETTINGS | {"warmup_steps": 0, "max_steps": 4}
IGNORED = -100


def make_rows(learn_all):
    """Rows of many lengths, some longer than a bin. With `learn_all` every token is a target, as of raw texts."""
    random = torch.Generator().manual_seed(12)
    below = lambda n: int(torch.randint(n, (), generator=random))
    rows = []
    for length in (9, 40, 17, 5, 23, 12, 6, 28, 33, 8, 15, 4, 20, 11, 7, 70):
        ids = [3 + below(317) for _ in range(length)]
        first = 0 if learn_all else 1 + below(min(length, SIZE) - 1)
        rows.append({"input_ids": ids, "labels": [IGNORED] * first + ids[first:]})
    return rows


class Recorder(SFTTrainer):
    """Keeps the losses of the micro-batches, which the log rounds."""

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        self.parts = [*getattr(self, "parts", []), loss.item()]
        return loss


def by_trainer(folder, family, adapter, rows, strategy, output):
    """TRL in float32 → its bins as lists of texts, losses, norms and the trained adapter."""
    config = SFTConfig(
        output_dir=output,
        packing=True,
        packing_strategy=strategy,
        max_length=SIZE,
        train_sampling_strategy="sequential",
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        save_strategy="no",
        report_to="none",
        **SETTINGS,
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    trainer = Recorder(
        model=reference.load_base(folder),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=make_fixtures.lora_config(family),
    )
    result = make_fixtures.set_peft_model_state_dict(trainer.model, adapter)
    assert not result.unexpected_keys
    assert all(p.dtype == torch.float32 for p in trainer.model.parameters())
    trainer.train()
    bins = [texts_of(row) for row in trainer.train_dataset]
    parts = iter(trainer.parts)
    counts = [math.ceil(len(window) / SETTINGS["per_device_train_batch_size"]) for window in windows_of(bins)]
    return {
        "bins": bins,
        "losses": [sum(next(parts) for _ in range(count)) for count in counts],
        "grad_norms": [log["grad_norm"] for log in trainer.state.log_history if "grad_norm" in log],
    }, make_fixtures.lora_tensors(trainer.model)


def texts_of(row):
    """The texts of a bin."""
    at, texts = 0, []
    for length in row["seq_lengths"]:
        texts.append({name: list(row[name][at : at + length]) for name in ("input_ids", "labels")})
        at += length
    return texts


def windows_of(bins):
    """The bins of each step. The last step of an epoch may have fewer."""
    in_step = SETTINGS["per_device_train_batch_size"] * SETTINGS["gradient_accumulation_steps"]
    windows = [bins[i : i + in_step] for i in range(0, len(bins), in_step)]
    return [windows[step % len(windows)] for step in range(SETTINGS["max_steps"])]


def by_formula(model, bins):
    """The same updates in float64, every text by itself, without packing."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=SETTINGS["learning_rate"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
        weight_decay=SETTINGS["weight_decay"],
    )
    scheduler = get_scheduler("linear", optimizer, 0, SETTINGS["max_steps"])
    losses, norms = [], []
    for window in windows_of(bins):
        texts = [text for each in window for text in each]
        count = reference.target_tokens(texts)
        loss = sum(reference.forward(model, [text])[1].sum() for text in texts) / count
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, SETTINGS["max_grad_norm"]).item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return {"losses": losses, "grad_norms": norms}, make_fixtures.lora_tensors(model)


def main():
    folder, family = FIXTURES / BASE, FAMILIES[BASE]
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    tensors, cases = {}, {}
    for strategy, learn_all in (("bfd", False), ("bfd_split", True)):
        rows = make_rows(learn_all)
        with tempfile.TemporaryDirectory() as output:
            plain, trained = by_trainer(folder, family, adapter, rows, strategy, output)
        base = reference.to_float64(reference.load_base(folder))
        model = make_fixtures.add_lora(base, family, adapter).double()
        with reference.Float64Only():
            exact, exact_trained = by_formula(model, plain["bins"])
        as_tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float64)
        errors = {n: reference.max_error(as_tensor(plain[n]), as_tensor(exact[n])) for n in exact}
        errors |= {f"trained.{n}": reference.max_error(t, exact_trained[n]) for n, t in trained.items()}
        tensors |= {f"{strategy}.trained.{n}": t.float().contiguous() for n, t in exact_trained.items()}
        lengths = [[len(text["input_ids"]) for text in texts] for texts in plain["bins"]]
        cases[strategy] = {"rows": rows, "bins": lengths, "torch_error": errors} | exact
    output = FIXTURES / "packing"
    output.mkdir(exist_ok=True)
    save_file(tensors, output / "expected.safetensors")
    expected = {
        "size": SIZE,
        "settings": SETTINGS,
        "tolerance_factor": reference.TOLERANCE_FACTOR,
        "cases": cases,
    }
    make_fixtures.write_json(output / "expected.json", expected)


if __name__ == "__main__":
    main()
