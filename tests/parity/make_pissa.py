"""Writes tests/parity/fixtures/pissa: PiSSA over models of make_fixtures.py, computed as those. See README.md."""

import shutil
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

import make_fixtures
import reference
from families import FAMILIES

# Biases, rank 6 and rsLoRA.
BASES = ["qwen2"]


def pissa_model(base, family):
    config = LoraConfig(
        task_type="CAUSAL_LM",
        target_modules=make_fixtures.targets_of(family),
        init_lora_weights="pissa",
        **family["lora"],
    )
    model = get_peft_model(base, config)
    model.peft_config["default"].base_model_name_or_path = "base"
    # peft holds them as a set, whose order changes from run to run.
    model.peft_config["default"].target_modules = make_fixtures.targets_of(family)
    return model


def residual_with(start, scale):
    """A function that takes the start out of a model's weights, in the weights' own precision."""

    def residual(model):
        modules = dict(model.named_modules())
        for name, A in start.items():
            if ".lora_A." not in name:
                continue
            path = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            weight = modules[path].weight
            B = start[name.replace("lora_A", "lora_B")]
            weight.data = weight.data - scale * B.to(weight.dtype) @ A.to(weight.dtype)
        return model

    return residual


def check_residual(model, base, residual):
    """PEFT's own base after PiSSA is the weight without the start, to the bit."""
    ours = dict(residual(base).named_modules())
    for path, module in model.base_model.model.named_modules():
        if hasattr(module, "lora_A"):
            assert torch.equal(module.base_layer.weight, ours[path].weight), path


def write_converted(folder, model, adapter):
    """What PEFT saves of a trained PiSSA adapter with `path_initial_model_for_weight_conversion`."""
    with tempfile.TemporaryDirectory() as scratch:
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(f"{scratch}/start", save_embedding_layers=False)
        model.peft_config["default"].init_lora_weights = "pissa"
        set_peft_model_state_dict(model, adapter)
        model.save_pretrained(
            folder, path_initial_model_for_weight_conversion=f"{scratch}/start", save_embedding_layers=False
        )
    (folder / "README.md").unlink()


def write_adapter(folder, family, start):
    """A trained pair, as plain LoRA: the start with every value a little off."""
    random = torch.Generator().manual_seed(family["seed"])
    adapter = {name: t * (1 + 0.3 * torch.randn(t.shape, generator=random)) for name, t in start.items()}
    model = get_peft_model(reference.load_base(folder.parent.parent / folder.name), make_fixtures.lora_config(family))
    config = model.peft_config["default"]
    config.base_model_name_or_path = folder.name
    config.target_modules = make_fixtures.targets_of(family)
    set_peft_model_state_dict(model, adapter)
    model.save_pretrained(folder / "adapter", save_embedding_layers=False)
    (folder / "adapter" / "README.md").unlink()
    return load_file(folder / "adapter" / "adapter_model.safetensors")


def main():
    fixtures = Path(__file__).parent / "fixtures"
    for base in BASES:
        folder = fixtures / "pissa" / base
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        family = FAMILIES[base]
        load = lambda _, load_in_4bit: reference.load_base(fixtures / base, load_in_4bit)
        model = pissa_model(load(None, False), family)
        start = make_fixtures.lora_tensors(model)
        save_file({n: t.contiguous() for n, t in start.items()}, folder / "start.safetensors", metadata={"format": "pt"})
        scale = next(m.scaling["default"] for m in model.modules() if hasattr(m, "lora_A"))
        residual = residual_with(start, scale)
        check_residual(model, load(None, False), residual)
        adapter = write_adapter(folder, family, start)
        write_converted(folder / "converted", model, adapter)
        family = family | {"load": load, "residual": residual, "start": start}
        make_fixtures.write_expected(folder, family, adapter, None)
        print(f"pissa/{base}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()
