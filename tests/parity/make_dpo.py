"""Writes tests/parity/fixtures/dpo: the loss, the metrics, the gradients and 20 updates of TRL's DPOTrainer.

Run after make_fixtures.py, whose `llama` it trains. See README.md."""

import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, get_scheduler
from trl import DPOConfig, DPOTrainer

import make_fixtures
import reference
from families import FAMILIES

FIXTURES = Path(__file__).parent / "fixtures"
BASE = "llama"
BETA = 0.5
METRICS = ["rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins"]
SETTINGS = make_fixtures.SETTINGS


def make_pairs(count):
    """Token ids of prompts and of two answers each, all of different lengths."""
    random = torch.Generator().manual_seed(5)
    below = lambda n: int(torch.randint(n, (), generator=random))
    ids = lambda most: [3 + below(317) for _ in range(1 + below(most))]
    return [{"prompt_ids": ids(12), "chosen_ids": ids(14), "rejected_ids": ids(14)} for _ in range(count)]


def trainer_of(folder, family, load_in_4bit, adapter, output):
    """TRL's trainer over the base and a new adapter, which then gets the tensors of `adapter`: its reference model is the
    base without the adapter. Its own data is never used."""
    config = DPOConfig(
        output_dir=output,
        beta=BETA,
        loss_type="sigmoid",
        max_length=None,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    trainer = DPOTrainer(
        model=reference.load_base(folder, load_in_4bit),
        args=config,
        train_dataset=Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}]),
        processing_class=tokenizer,
        peft_config=make_fixtures.lora_config(family),
    )
    result = make_fixtures.set_peft_model_state_dict(trainer.model, adapter)
    assert not result.unexpected_keys
    trainer.model.train()
    assert all(p.dtype == torch.float32 for p in trainer.model.parameters())
    return trainer


def by_trainer(trainer):
    """pairs → loss and metrics, as TRL computes them in float32."""

    def measure(pairs):
        trainer._metrics["train"].clear()
        loss = trainer._compute_loss(trainer.model, trainer.data_collator(pairs), False)
        return loss, [trainer._metrics["train"][name][0] for name in METRICS]

    return trainer.model, measure


def by_formula(folder, family, load_in_4bit, adapter):
    """The same written out, in float64: equation 7 of arXiv 2305.18290."""
    base = reference.to_float64(reference.load_base(folder, load_in_4bit))
    model = make_fixtures.add_lora(
        reference.to_float64(reference.load_base(folder, load_in_4bit)), family, adapter
    ).double()

    def log_probs(of, texts):
        labelled = [
            {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer} for prompt, answer in texts
        ]
        losses = -reference.forward(of, labelled)[1]
        return torch.stack([own.sum() for own in losses.split([len(e["input_ids"]) for e in labelled])])

    def measure(pairs):
        texts = [(p["prompt_ids"], p[key]) for key in ("chosen_ids", "rejected_ids") for p in pairs]
        with torch.no_grad():
            expected = log_probs(base, texts)
        chosen, rejected = (BETA * (log_probs(model, texts) - expected)).chunk(2)
        margins = chosen - rejected
        # Float32 must not take a pair for the other kind.
        assert margins.abs().min() > 1e-3
        values = [chosen, rejected, (chosen > rejected).double(), margins]
        return -torch.nn.functional.logsigmoid(margins).mean(), [v.mean().item() for v in values]

    return model, measure


def compute(model, measure, batch, pool, micro_batches):
    """Loss, metrics and gradients of a batch; then the losses, the norms and the adapter of 20 updates."""
    loss, metrics = measure(batch)
    loss.backward()
    tensors = {f"grad.{n}": g for n, g in make_fixtures.lora_tensors(model, lambda p: p.grad).items()}
    numbers = {"loss": loss.item(), "metrics": metrics, "losses": [], "step_metrics": [], "grad_norms": []}
    model.zero_grad()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=SETTINGS["learning_rate"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
        weight_decay=SETTINGS["weight_decay"],
    )
    scheduler = get_scheduler("linear", optimizer, SETTINGS["warmup_steps"], SETTINGS["max_steps"])
    for window in micro_batches:
        measured = [measure([pool[i] for i in micro_batch]) for micro_batch in window]
        loss = sum(loss for loss, _ in measured) / len(window)
        loss.backward()
        numbers["losses"].append(loss.item())
        numbers["step_metrics"].append([sum(values) / len(window) for values in zip(*(m for _, m in measured))])
        norm = torch.nn.utils.clip_grad_norm_(parameters, SETTINGS["max_grad_norm"])
        numbers["grad_norms"].append(norm.item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    tensors |= {f"trained.{n}": t for n, t in make_fixtures.lora_tensors(model).items()}
    return tensors, numbers


def main():
    folder, family = FIXTURES / BASE, FAMILIES[BASE]
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    _, _, micro_batches = make_fixtures.make_examples(family)
    pairs = make_pairs(11)
    batch, pool = pairs[:3], pairs[3:]
    tensors, variants = {}, {}
    for variant in ("f32", "nf4"):
        load_in_4bit = variant == "nf4"
        with tempfile.TemporaryDirectory() as output:
            trainer = trainer_of(folder, family, load_in_4bit, adapter, output)
            plain = compute(*by_trainer(trainer), batch, pool, micro_batches)
        own = by_formula(folder, family, load_in_4bit, adapter)
        with reference.Float64Only():
            exact = compute(*own, batch, pool, micro_batches)
        errors = {name: reference.max_error(tensor, exact[0][name]) for name, tensor in plain[0].items()}
        as_tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float64)
        errors |= {
            name: reference.max_error(as_tensor(plain[1][name]), as_tensor(value)) for name, value in exact[1].items()
        }
        tensors |= {f"{variant}.{name}": tensor.float().contiguous() for name, tensor in exact[0].items()}
        variants[variant] = exact[1] | {"torch_error": errors}
    output = FIXTURES / "dpo"
    output.mkdir(exist_ok=True)
    save_file(tensors, output / "expected.safetensors")
    expected = {
        "beta": BETA,
        "metrics": METRICS,
        "settings": SETTINGS,
        "batch": batch,
        "train": {"pairs": pool, "micro_batches": micro_batches},
        "tolerance_factor": reference.TOLERANCE_FACTOR,
        "variants": variants,
    }
    make_fixtures.write_json(output / "expected.json", expected)


if __name__ == "__main__":
    main()
