"""Writes tests/parity/fixtures: tiny random checkpoints and what PyTorch computes with them. See README.md."""

import argparse
import json
import re
import shutil
from contextlib import nullcontext
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, get_scheduler

import reference
from families import FAMILIES, TARGETS, config_of
from tiny_tokenizer import write_tokenizer

SETTINGS = {
    "learning_rate": 1e-3,
    "lr_scheduler_type": "linear",
    "warmup_steps": 3,
    "max_steps": 20,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 2,
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-8,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
}


def write_json(path, value):
    """Two-space JSON with each list of numbers on one line."""
    text = json.dumps(mark_rows(value), indent=2, ensure_ascii=False)
    path.write_text(text.replace('"<row>', "").replace('<row>"', "") + "\n")


def mark_rows(value):
    if isinstance(value, dict):
        return {k: mark_rows(v) for k, v in value.items()}
    if isinstance(value, list) and any(isinstance(v, (dict, str)) for v in value):
        return [mark_rows(v) for v in value]
    return f"<row>{json.dumps(value)}<row>" if isinstance(value, list) else value


def write_checkpoint(folder, family):
    """A folder as the hub holds it: config, weights, tokenizer."""
    write_json(folder / "config.json", config_of(family))
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    linears = reference.decoder_linears(model)
    random = torch.Generator().manual_seed(family["seed"])
    draw = lambda shape, scale: (torch.randn(shape, generator=random) * scale).to(family["dtype"])
    weights = {}
    for name, parameter in model.named_parameters():  # a tied head is not among them
        if name.endswith("norm.weight"):  # Gemma adds the 1 itself
            one = 0 if config_of(family)["model_type"].startswith("gemma") else 1
            weights[name] = (one + draw(parameter.shape, 0.2)).contiguous()
        elif name.endswith(".bias"):
            weights[name] = draw(parameter.shape, 0.1)
        elif name.removesuffix(".weight") in linears:
            weights[name] = draw(parameter.shape, 0.1)
            while not quantizes_clearly(weights[name].float()):
                weights[name] = draw(parameter.shape, 0.1)
        elif name.endswith("conv.weight"):
            weights[name] = draw(parameter.shape, 0.4)
        else:  # embeddings and head; larger ones would, where tied, only repeat the last token
            weights[name] = draw(parameter.shape, 0.05)
    weights = {published_name(name): tensor for name, tensor in weights.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(folder)


def published_name(name):
    """Models with a tower for images are published, and saved by transformers, under names other than their modules'."""
    name = name.replace("model.language_model.", "language_model.model.")
    return re.sub(r"^model\.(vision_tower|multi_modal_projector)\.", r"\1.", name)


def quantizes_clearly(weight):
    """Whether exact arithmetic gives the very bytes that bitsandbytes gives. Near ties its CUDA kernel, its CPU
    kernel (which looks block scales up in 65,536 steps) and any other sound one may round apart."""
    packed, state = reference.quantize(weight)
    nearest = lambda x, code: (x[..., None] - code.double()).abs().argmin(-1).to(torch.uint8)
    blocks = weight.double().view(-1, 64)
    scales = blocks.abs().amax(1)
    codes = nearest(blocks / scales[:, None], state.code).flatten()
    offset = scales.mean().float()
    deviations = scales.float() - offset
    groups = deviations.split(256)
    largest = torch.stack([g.abs().max() for g in groups])
    scale_codes = torch.cat([nearest(g.double() / m.double(), state.state2.code) for g, m in zip(groups, largest)])
    return (
        torch.equal(packed.flatten(), codes[::2] << 4 | codes[1::2])
        and torch.equal(state.absmax, scale_codes)
        and torch.equal(state.state2.absmax, largest)
        and torch.equal(state.offset, offset)
    )


def write_nf4(folder):
    """The quantised tensors under the names and in the form of a 4-bit checkpoint saved by transformers."""
    model = reference.load_bitsandbytes(folder)
    linears = reference.decoder_linears(model)
    tensors = {n: t.contiguous() for n, t in model.state_dict().items() if n.partition(".weight")[0] in linears}
    save_file(tensors, folder / "nf4.safetensors", metadata={"format": "pt"})
    return model


def make_examples(family):
    """Three examples to compare every number on, and eight to train on. -100 marks what is not trained on."""
    random = torch.Generator().manual_seed(family["seed"])
    below = lambda n: int(torch.randint(n, (), generator=random))

    def example(length, untrained):
        input_ids = [3 + below(317) for _ in range(length)]
        return {"input_ids": input_ids, "labels": [-100 if i in untrained else t for i, t in enumerate(input_ids)]}

    batch = [example(17, range(6)), example(9, ()), example(13, {0, 1, 2, 3, 7, 8, 9})]
    pool = [example(length, range(1 + below(length - 1))) for length in (24, 5, 11, 16, 8, 20, 13, 19)]
    order = [torch.randperm(8, generator=random).view(2, 2, 2).tolist() for _ in range(SETTINGS["max_steps"] // 2)]
    return batch, pool, [window for both in order for window in both]


def targets_of(family):
    return family.get("targets", TARGETS)


def adapter_config(family):
    kind = family.get("config", LoraConfig)
    return kind(task_type="CAUSAL_LM", target_modules=targets_of(family), **family["lora"])


def add_lora(model, family, adapter):
    model = get_peft_model(model, adapter_config(family))
    result = set_peft_model_state_dict(model, adapter)
    assert not result.unexpected_keys
    return model.train()


def write_adapter(folder, family):
    """An adapter as peft saves it: A as peft starts it, B random so that A has a gradient too."""
    torch.manual_seed(family["seed"])
    model = get_peft_model(family.get("load", reference.load_base)(folder, False), adapter_config(family))
    random = torch.Generator().manual_seed(family["seed"])
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.05
        if "lora_magnitude_vector" in name:
            parameter.data *= 1 + 0.1 * torch.randn(parameter.shape, generator=random)
        if "oft_R" in name:
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.1
        if "ia3_l" in name:
            parameter.data = 1 + 0.2 * torch.randn(parameter.shape, generator=random)
    config = model.peft_config["default"]
    config.base_model_name_or_path = folder.name
    config.target_modules = targets_of(family)  # peft holds them as a set, whose order changes from run to run
    model.save_pretrained(folder / "adapter", save_embedding_layers=False)
    (folder / "adapter" / "README.md").unlink()
    return load_file(folder / "adapter" / "adapter_model.safetensors")


def lora_tensors(model, of=lambda parameter: parameter.detach()):
    """PEFT's file names → `of` each adapter parameter."""
    in_file = lambda n: n.replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector").replace(".default", "")
    return {in_file(n): of(p).clone() for n, p in model.named_parameters() if p.requires_grad}


def measure(model, batch):
    """Logits, losses and adapter gradients of one padded batch."""
    logits, losses = reference.forward(model, batch)
    loss = losses.sum() / reference.target_tokens(batch)
    loss.backward()
    tensors = {"logits": logits.detach(), "token_losses": losses.detach()}
    tensors |= {f"grad.{n}": g for n, g in lora_tensors(model, lambda p: p.grad).items()}
    return tensors, {"loss": loss.item()}


def train(model, pool, micro_batches):
    """20 AdamW updates as transformers' Trainer makes them, the adapter's B starting at zero."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=SETTINGS["learning_rate"],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
        eps=SETTINGS["adam_epsilon"],
        weight_decay=SETTINGS["weight_decay"],
    )
    scheduler = get_scheduler("linear", optimizer, SETTINGS["warmup_steps"], SETTINGS["max_steps"])
    log = {"losses": [], "grad_norms": [], "learning_rates": [], "target_tokens": []}
    for window in micro_batches:
        targets = reference.target_tokens([pool[i] for micro_batch in window for i in micro_batch])
        loss = 0.0
        for micro_batch in window:
            share = reference.forward(model, [pool[i] for i in micro_batch])[1].sum() / targets
            share.backward()
            loss += share.item()
        norm = torch.nn.utils.clip_grad_norm_(parameters, SETTINGS["max_grad_norm"])
        log["losses"].append(loss)
        log["grad_norms"].append(norm.item())
        log["learning_rates"].append(optimizer.param_groups[0]["lr"])
        log["target_tokens"].append(targets)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return {f"trained.{n}": t for n, t in lora_tensors(model).items()}, log


NEW_TOKENS = 12


def greedy(model, input_ids):
    """The likeliest tokens, each from a pass over all before it, and by how much the closest call was won."""
    margin, answer = float("inf"), []
    for _ in range(NEW_TOKENS):
        logits = model(input_ids=torch.tensor([input_ids + answer]), use_cache=False).logits[0, -1]
        best, second = logits.topk(2).values.tolist()
        margin = min(margin, best - second)
        answer.append(int(logits.argmax()))
    return answer, margin


def generate(model, input_ids):
    """The same by transformers' own loop and caches, windowed where the model is."""
    prompt = torch.tensor([input_ids])
    options = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "pad_token_id": 0}
    model.eval()
    model.generation_config.eos_token_id = None
    return model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), **options)[0].tolist()[len(input_ids):]


def compute(folder, family, load_in_4bit, adapter, examples, exact):
    """Every stored number of one variant, in float64 (`exact`) or as PyTorch gets it in float32."""
    batch, pool, micro_batches = examples

    def base():
        model = family.get("load", reference.load_base)(folder, load_in_4bit)
        return reference.to_float64(model) if exact else model

    def tuned(tensors):
        model = add_lora(family.get("residual", lambda model: model)(base()), family, tensors)
        return model.double() if exact else model

    # DoRA's magnitudes are left as peft starts them: the norms of the base. PiSSA has a start of its own.
    zero_B = {n: torch.zeros_like(t) if "lora_B" in n else t for n, t in adapter.items() if "magnitude" not in n}
    fresh = family.get("start", zero_B)
    prompt = batch[1]["input_ids"]
    plain, with_adapter = base(), tuned(adapter)
    to_train = tuned(fresh) if family.get("trained") else None
    with reference.Float64Only() if exact else nullcontext():
        with torch.no_grad():
            tensors = {"base_logits": reference.forward(plain, batch[1:2])[0]}
            generated = {"base": greedy(plain, prompt), "adapter": greedy(with_adapter, prompt)}
            if not exact:
                assert generated["base"][0] == generate(plain, prompt)
        measured, numbers = measure(with_adapter, batch)
        trained, log = train(to_train, pool, micro_batches) if to_train else ({}, {})
    return tensors | measured | trained, numbers | log, generated


def write_expected(folder, family, adapter, quantized):
    examples = make_examples(family)
    if quantized:
        check_dequantized(quantized, folder, examples[0])
    as_tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float64)
    tensors, variants = {}, {}
    for variant in family.get("variants", ["f32", "nf4"]):
        plain = compute(folder, family, variant == "nf4", adapter, examples, exact=False)
        exact = compute(folder, family, variant == "nf4", adapter, examples, exact=True)
        tensors |= {f"{variant}.{name}": tensor.contiguous() for name, tensor in exact[0].items()}
        errors = {name: reference.max_error(tensor, exact[0][name]) for name, tensor in plain[0].items()}
        for name in [n for n in ("loss", "losses", "grad_norms") if n in exact[1]]:
            errors[name] = reference.max_error(as_tensor(plain[1][name]), as_tensor(exact[1][name]))
        for name, (answer, margin) in exact[2].items():
            assert answer == plain[2][name][0], (folder.name, variant, name)
            assert margin > 2 * reference.TOLERANCE_FACTOR * errors["logits"], (folder.name, variant, name, margin)
        greedy_answers = {name: answer for name, (answer, _) in exact[2].items()}
        variants[variant] = exact[1] | {"greedy": greedy_answers, "torch_error": errors}
    if not family.get("trained"):  # half the bytes; a hundredth of the tolerances
        tensors = {n: t.float() for n, t in tensors.items()}
    save_file(tensors, folder / "expected.safetensors")
    batch, pool, micro_batches = examples
    of_training = lambda **values: values if family.get("trained") else {}
    expected = {
        "lora": family.get("settings", {}) | family["lora"] | {"lora_dropout": 0.0, "target_modules": targets_of(family)},
        **of_training(settings=SETTINGS),
        "batch": batch,
        **of_training(train={"examples": pool, "micro_batches": micro_batches}),
        **({"chat": chat(folder)} if (folder / "tokenizer.json").exists() else {}),
        "tolerance_factor": reference.TOLERANCE_FACTOR,
        "variants": variants,
    }
    write_json(folder / "expected.json", expected)


def check_dequantized(quantized, folder, batch):
    """bitsandbytes' own 4-bit layers give the very logits of the dequantised ones that the numbers come from."""
    with torch.no_grad():
        ours = reference.forward(reference.load_base(folder, load_in_4bit=True), batch)[0]
        assert torch.equal(ours, reference.forward(quantized, batch)[0])


def chat(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [
        {"role": "system", "content": "Answer in rhyme."},
        {"role": "user", "content": "Où est l'étoile? ⭐"},
        {"role": "assistant", "content": "It's far,\n  my star."},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    input_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(input_ids) == text
    return {"messages": messages, "text": text, "input_ids": input_ids}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "fixtures")
    parser.add_argument("families", nargs="*", help="those to make; all unless given")
    arguments = parser.parse_args()
    output = arguments.output
    for name in arguments.families or FAMILIES:
        family = FAMILIES[name]
        folder = output / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_checkpoint(folder, family)
        quantized = write_nf4(folder) if family.get("trained") else None
        write_expected(folder, family, write_adapter(folder, family), quantized)
        print(f"{name}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()
