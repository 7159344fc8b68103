"""Writes tests/parity/fixtures/objectives: TRL's updates with `loss_type` "dft", and updates with a weight for each row.

Run after make_fixtures.py, whose `qwen3` it trains. See README.md."""

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
BASE = "qwen3"
STEPS = 8
SETTINGS = make_fixtures.SETTINGS | {"warmup_steps": 0, "max_steps": STEPS}
IN_BATCH = SETTINGS["per_device_train_batch_size"]
# Of the eight rows. ms-swift divides the weighted sum by the number of target tokens, whatever their weights.
WEIGHTS = [0.5, 2.0, 1.0, 0.25, 3.0, 1.0, 0.125, 1.5]


class Recorder(SFTTrainer):
    """Keeps the losses of the micro-batches, which the log rounds."""

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        self.parts = [*getattr(self, "parts", []), (loss[0] if isinstance(loss, tuple) else loss).item()]
        return loss


def dft_by_trl(folder, family, adapter, rows, held_out):
    """TRL in float32 → its evaluation loss before the first step, losses, norms and the trained adapter."""
    with tempfile.TemporaryDirectory() as output:
        config = SFTConfig(
            output_dir=output,
            loss_type="dft",
            per_device_eval_batch_size=len(held_out),
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
            eval_dataset=Dataset.from_list(held_out),
            processing_class=tokenizer,
            peft_config=make_fixtures.lora_config(family),
        )
        result = make_fixtures.set_peft_model_state_dict(trainer.model, adapter)
        assert not result.unexpected_keys
        evaluated = trainer.evaluate()["eval_loss"]
        trainer.parts = []
        trainer.train()
    parts = SETTINGS["gradient_accumulation_steps"]
    return {
        "eval_loss": [evaluated],
        "losses": [sum(trainer.parts[i : i + parts]) for i in range(0, len(trainer.parts), parts)],
        "grad_norms": [log["grad_norm"] for log in trainer.state.log_history if "grad_norm" in log],
    }, make_fixtures.lora_tensors(trainer.model)


def dft(losses, _):
    return losses * (-losses).exp().detach()


def weighted(losses, weights):
    return losses * weights


def by_formula(model, rows, loss_of, held_out=()):
    """Updates whose loss is the sum of `loss_of` over the window's tokens, divided by the number of its targets."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=SETTINGS["learning_rate"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
        weight_decay=SETTINGS["weight_decay"],
    )
    scheduler = get_scheduler("linear", optimizer, 0, STEPS)
    in_step = IN_BATCH * SETTINGS["gradient_accumulation_steps"]
    total = lambda texts: sum(
        loss_of(reference.forward(model, [text])[1], WEIGHTS[rows.index(text)] if text in rows else 1).sum()
        for text in texts
    ) / reference.target_tokens(texts)
    evaluated = [total(held_out).item()] if held_out else []
    losses, norms = [], []
    for step in range(STEPS):
        first = step * in_step % len(rows)
        loss = total(rows[first : first + in_step])
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, SETTINGS["max_grad_norm"]).item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return {"eval_loss": evaluated, "losses": losses, "grad_norms": norms}, make_fixtures.lora_tensors(model)


# A question, an answer and the number of its tokens that are learnt: an incomplete character is left out.
BEGINNINGS = [
    ("What is 3 times 4?", " Let us count: 4, 8, 12. So it is 12.", 6),
    ("你好吗？", "我很好，谢谢。", 4),
    ("Why?", "Because of the tides.", 1),
]
REQUEST = "{question}\n\nGive only the first step."


def upft(tokenizer):
    """The rows of UPFT (arXiv 2503.02875, section 3): the first tokens of an answer to the question with its request,
    with no token that ends them."""
    rows = []
    for question, answer, count in BEGINNINGS:
        text = tokenizer.decode(tokenizer.encode(answer)[:count]).rstrip("\ufffd")
        asked = [{"role": "user", "content": REQUEST.replace("{question}", question)}]
        prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
        learnt = tokenizer.encode(text)
        rows.append(
            {
                "question": question,
                "sampled": tokenizer.decode(tokenizer.encode(answer)[:count]),
                "input_ids": prompt + learnt,
                "labels": [-100] * len(prompt) + learnt,
            }
        )
    return {"request": REQUEST, "rows": rows}


def main():
    folder, family = FIXTURES / BASE, FAMILIES[BASE]
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    held_out, rows, _ = make_fixtures.make_examples(family)
    model = lambda exact: make_fixtures.add_lora(
        reference.to_float64(reference.load_base(folder)) if exact else reference.load_base(folder), family, adapter
    )
    runs = {
        "dft": (lambda: dft_by_trl(folder, family, adapter, rows, held_out), dft, held_out),
        "weights": (lambda: by_formula(model(False), rows, weighted), weighted, ()),
    }
    tensors, cases = {}, {}
    for name, (run, loss_of, evaluated) in runs.items():
        plain, trained = run()
        double = model(True).double()
        with reference.Float64Only():
            exact, exact_trained = by_formula(double, rows, loss_of, evaluated)
        as_tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float64)
        errors = {n: reference.max_error(as_tensor(plain[n]), as_tensor(exact[n])) for n in exact if exact[n]}
        errors |= {f"trained.{n}": reference.max_error(t, exact_trained[n]) for n, t in trained.items()}
        tensors |= {f"{name}.trained.{n}": t.float().contiguous() for n, t in exact_trained.items()}
        cases[name] = exact | {"torch_error": errors}
    output = FIXTURES / "objectives"
    output.mkdir(exist_ok=True)
    save_file(tensors, output / "expected.safetensors")
    expected = {"settings": SETTINGS, "weights": WEIGHTS, "rows": rows, "held_out": held_out, "cases": cases}
    expected["upft"] = upft(AutoTokenizer.from_pretrained(folder))
    make_fixtures.write_json(output / "expected.json", expected | {"tolerance_factor": reference.TOLERANCE_FACTOR})


if __name__ == "__main__":
    main()
