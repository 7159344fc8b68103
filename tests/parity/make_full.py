"""Writes tests/parity/fixtures/full: what PyTorch makes of full and freeze tuning.

Run after make_fixtures.py, whose models it trains. Of each tensor it stores some elements and the norm. See README.md."""

import re
from contextlib import nullcontext
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Trainer, get_scheduler

import make_fixtures
import reference
from families import FAMILIES

FIXTURES = Path(__file__).parent / "fixtures"
GRADIENTS = ["llama", "gemma3", "qwen2", "lfm2_bias"]
# The name of a run: its model, and the blocks that it trains of all.
RUNS = {"full": ("qwen2", None), "freeze": ("llama", ["model.layers.1.", "model.norm."])}
SETTINGS = make_fixtures.SETTINGS | {"weight_decay": 0.1}
SAMPLES = 40


def load(name, exact, trained=None):
    model = reference.load_base(FIXTURES / name)
    model = reference.to_float64(model) if exact else model
    for key, parameter in model.named_parameters():
        parameter.requires_grad = trained is None or any(key.startswith(part) for part in trained)
    return model


def gradients(name, exact):
    model = load(name, exact)
    batch = make_fixtures.make_examples(FAMILIES[name])[0]
    with reference.Float64Only() if exact else nullcontext():
        loss = reference.forward(model, batch)[1].sum() / reference.target_tokens(batch)
        loss.backward()
    return {key: p.grad for key, p in model.named_parameters()}, [loss.item()]


def updates(name, trained, exact):
    """20 steps of AdamW as transformers' Trainer makes its groups: norms and biases do not decay."""
    _, pool, micro_batches = make_fixtures.make_examples(FAMILIES[name])
    model = load(name, exact, trained)
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    named = {key: p for key, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for key, p in named.items() if key in decayed], "weight_decay": SETTINGS["weight_decay"]},
            {"params": [p for key, p in named.items() if key not in decayed], "weight_decay": 0.0},
        ],
        lr=SETTINGS["learning_rate"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
    )
    scheduler = get_scheduler("linear", optimizer, SETTINGS["warmup_steps"], SETTINGS["max_steps"])
    losses = []
    with reference.Float64Only() if exact else nullcontext():
        for window in micro_batches:
            targets = reference.target_tokens([pool[i] for micro_batch in window for i in micro_batch])
            loss = 0.0
            for micro_batch in window:
                share = reference.forward(model, [pool[i] for i in micro_batch])[1].sum() / targets
                share.backward()
                loss += share.item()
            torch.nn.utils.clip_grad_norm_(list(named.values()), SETTINGS["max_grad_norm"])
            losses.append(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return {key: p.detach() for key, p in named.items()}, losses


def sampled(tensor):
    flat = tensor.flatten()
    places = torch.arange(min(SAMPLES, flat.numel())) * 7919 % flat.numel()
    return flat[places].double()


def largest(tensor):
    return tensor.abs().max().item()


def of_kind(key, keys):
    """The names that differ from this one in the number of the layer."""
    plain = lambda name: re.sub(r"\.\d+\.", ".", name)
    return [other for other in keys if plain(other) == plain(key)]


def main():
    output = FIXTURES / "full"
    output.mkdir(exist_ok=True)
    runs = {f"gradients.{name}": (name, lambda exact, name=name: gradients(name, exact)) for name in GRADIENTS}
    runs |= {
        run: (name, lambda exact, name=name, trained=trained: updates(name, trained, exact))
        for run, (name, trained) in RUNS.items()
    }
    expected = {"settings": SETTINGS, "tolerance_factor": reference.TOLERANCE_FACTOR, "runs": {}}
    tensors = {}
    for run, (name, compute) in runs.items():
        (plain, plain_losses), (exact, losses) = compute(False), compute(True)
        relative = lambda key: reference.max_error(plain[key], exact[key]) / largest(exact[key])
        expected["runs"][run] = {
            "model": name,
            "losses": losses,
            "loss_error": max(abs(a - b) for a, b in zip(plain_losses, losses)),
            # The largest element, the norm, and the float32 error relative to the former, the most of both layers.
            "tensors": {
                key: [largest(exact[key]), exact[key].norm().item(), max(relative(other) for other in of_kind(key, exact))]
                for key in exact
            },
        }
        tensors |= {f"{run}.{key}": sampled(value).contiguous() for key, value in exact.items()}
    save_file(tensors, output / "expected.safetensors")
    make_fixtures.write_json(output / "expected.json", expected)


if __name__ == "__main__":
    main()
