"""Writes tests/parity/fixtures/optimizers: what bitsandbytes, peft and transformers make of optimiser and loss settings.

Run after make_fixtures.py, whose `llama` it trains. See README.md."""

from contextlib import nullcontext
from pathlib import Path

import bitsandbytes as bnb
import torch
from bitsandbytes.backends.cpu import ops as bnb_cpu
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file, save_file
from transformers import get_scheduler
from transformers.trainer_pt_utils import LabelSmoother

import make_fixtures
import reference
from families import FAMILIES

FIXTURES = Path(__file__).parent / "fixtures"
EIGHT_BIT = {"learning_rate": 1e-2, "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8, "weight_decay": 0.1}
# Just below the size from which moments have 8 bits, that size, a tail of 5 elements, three and a tail of 255.
SHAPES = {"below": [63, 65], "least": [64, 64], "tail": [1367, 3], "long_tail": [5, 1023]}
STEPS = 25
STORED = [1, 2, 11, 12, 24, 25]
LORAPLUS_RATIO = 16.0
SMOOTHING = 0.1


def gradient(index, step, shape):
    """Exact in float32 and the same in any language: 16 bits of a hash, over powers of two."""
    i = torch.arange(shape[0] * shape[1], dtype=torch.int64)
    h = i * 2654435761 + step * 40503 * 65537 + index * 97
    h = ((h % 2**32) ^ ((h % 2**32) >> 15)) * 2246822519 % 2**32
    h = (h ^ (h >> 13)) * 3266489917 % 2**32
    h = h ^ (h >> 16)
    value = (h % 65536 - 32768).double() / 65536 * 2.0 ** -((i // 7) % 5).double()
    return value.float().view(shape)


def run_8bit(nearest):
    """AdamW8bit's parameters and states after the stored steps. With `nearest` its states are rounded to the nearest
    code, as bitsandbytes' CUDA kernels and its reference implementation do; its CPU kernel looks codes up in 65,536
    steps, which is coarser than the code near 0."""
    own = torch.ops.bitsandbytes.quantize_blockwise

    def rounded(values, code, absmax_out, out, blocksize):
        n = values.numel()
        flat = torch.nn.functional.pad(values.flatten(), (0, -n % blocksize)).view(-1, blocksize)
        absmax = flat.abs().amax(1)
        scaled = flat / absmax.clamp(min=1.2e-38)[:, None]
        codes = torch.bucketize(scaled, (code[:-1] + code[1:]) / 2).to(torch.uint8)
        out.copy_(codes.flatten()[:n].view(values.shape))
        absmax_out.copy_(absmax)

    before = bnb_cpu._quant_blockwise_fp32_direct
    if nearest:
        bnb_cpu._quant_blockwise_fp32_direct = rounded
    parameters = {
        name: torch.nn.Parameter(gradient(index, 1000, shape)) for index, (name, shape) in enumerate(SHAPES.items())
    }
    optimizer = bnb.optim.AdamW8bit(
        list(parameters.values()),
        lr=EIGHT_BIT["learning_rate"],
        betas=(EIGHT_BIT["adam_beta1"], EIGHT_BIT["adam_beta2"]),
        eps=EIGHT_BIT["adam_epsilon"],
        weight_decay=EIGHT_BIT["weight_decay"],
    )
    stored = {}
    for step in range(1, STEPS + 1):
        for index, parameter in enumerate(parameters.values()):
            parameter.grad = gradient(index, step, parameter.shape)
        optimizer.step()
        if step in STORED:
            for name, parameter in parameters.items():
                state = optimizer.state[parameter]
                assert (state["state1"].dtype == torch.uint8) == (parameter.numel() >= 4096), name
                stored[f"{step}.{name}.parameter"] = parameter.detach().clone()
                for key in ("state1", "state2", "absmax1", "absmax2"):
                    if key in state:
                        stored[f"{step}.{name}.{key}"] = state[key].clone()
    bnb_cpu._quant_blockwise_fp32_direct = before
    assert own is torch.ops.bitsandbytes.quantize_blockwise
    return stored


def loraplus(folder, family, examples, adapter, exact):
    _, pool, micro_batches = examples
    model = reference.load_base(folder)
    model = make_fixtures.add_lora(reference.to_float64(model) if exact else model, family, adapter)
    model = model.double() if exact else model
    settings = make_fixtures.SETTINGS
    optimizer = create_loraplus_optimizer(
        model,
        torch.optim.AdamW,
        lr=settings["learning_rate"],
        loraplus_lr_ratio=LORAPLUS_RATIO,
        loraplus_weight_decay=settings["weight_decay"],
        betas=(settings["adam_beta1"], settings["adam_beta2"]),
        eps=settings["adam_epsilon"],
    )
    scheduler = get_scheduler("linear", optimizer, settings["warmup_steps"], settings["max_steps"])
    parameters = [p for p in model.parameters() if p.requires_grad]
    losses = []
    with reference.Float64Only() if exact else nullcontext():
        for window in micro_batches:
            targets = reference.target_tokens([pool[i] for micro_batch in window for i in micro_batch])
            loss = 0.0
            for micro_batch in window:
                share = reference.forward(model, [pool[i] for i in micro_batch])[1].sum() / targets
                share.backward()
                loss += share.item()
            torch.nn.utils.clip_grad_norm_(parameters, settings["max_grad_norm"])
            losses.append(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return {n: t for n, t in make_fixtures.lora_tensors(model).items()}, losses


def smoothed(folder, family, batch, adapter, exact):
    model = reference.load_base(folder)
    model = make_fixtures.add_lora(reference.to_float64(model) if exact else model, family, adapter)
    model = model.double() if exact else model
    input_ids, attention_mask, labels = reference.pad(batch)
    logits = model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits
    # The smoother adds its second sum up in float32, whatever the logits are; in float64 the same formula is written out.
    if exact:
        log_probs = -torch.log_softmax(logits[:, :-1], -1)
        targets = labels[:, 1:]
        aimed = targets != -100
        nll = log_probs.gather(-1, targets.clamp(min=0)[..., None])[..., 0][aimed].sum() / aimed.sum()
        loss = (1 - SMOOTHING) * nll + SMOOTHING * log_probs[aimed].mean(-1).sum() / aimed.sum()
    else:
        count = torch.tensor(reference.target_tokens(batch))
        loss = LabelSmoother(epsilon=SMOOTHING)({"logits": logits}, labels, shift_labels=True, num_items_in_batch=count)
    loss.backward()
    return make_fixtures.lora_tensors(model, lambda p: p.grad), loss.item()


def main():
    folder, family = FIXTURES / "llama", FAMILIES["llama"]
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    fresh = {n: torch.zeros_like(t) if "lora_B" in n else t for n, t in adapter.items()}
    examples = make_fixtures.make_examples(family)
    output = FIXTURES / "optimizers"
    output.mkdir(exist_ok=True)

    states = run_8bit(nearest=True)
    own = run_8bit(nearest=False)
    distance = max(reference.max_error(own[n], states[n].double()) for n in states if n.endswith(".parameter"))
    differing = [
        f"{(own[n] != states[n]).float().mean().item():.1%} of {n}" for n in states if n.endswith(("state1", "state2"))
    ]
    print("codes that bitsandbytes' CPU kernel rounds otherwise:", ", ".join(differing))
    print(f"its parameters are at most {distance:.3g} from those with the nearest codes in {STEPS} steps")
    codes = {
        "signed": bnb.functional.create_dynamic_map(signed=True),
        "unsigned": bnb.functional.create_dynamic_map(signed=False),
    }
    save_file(states | codes, output / "adamw_8bit.safetensors")

    expected = {
        "adamw_8bit": EIGHT_BIT | {"shapes": SHAPES, "stored": STORED, "cpu_kernel_distance": distance},
        "tolerance_factor": reference.TOLERANCE_FACTOR,
    }
    tensors = {}
    runs = {
        "loraplus": lambda exact: loraplus(folder, family, examples, fresh, exact),
        "label_smoothing": lambda exact: smoothed(folder, family, examples[0], adapter, exact),
    }
    for name, run in runs.items():
        plain, exact = run(False), run(True)
        tensors |= {f"{name}.{key}": value.contiguous() for key, value in exact[0].items()}
        number = lambda value: torch.tensor(value, dtype=torch.float64)
        expected[name] = {
            "value": exact[1],
            "torch_error": {key: reference.max_error(value, exact[0][key]) for key, value in plain[0].items()}
            | {"value": reference.max_error(number(plain[1]), number(exact[1]))},
        }
    expected["loraplus"]["loraplus_lr_ratio"] = LORAPLUS_RATIO
    expected["label_smoothing"]["label_smoothing_factor"] = SMOOTHING
    save_file(tensors, output / "expected.safetensors")
    make_fixtures.write_json(output / "expected.json", expected)


if __name__ == "__main__":
    main()
