"""Writes tests/parity/fixtures/mixing: adapters of the base mistral, and what PEFT's `add_weighted_adapter` makes of them."""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from peft.utils import merge_utils
from safetensors.torch import save_file

import reference

BASE = "mistral"
# The third has another rank and one module that the others lack.
ADAPTERS = {
    "one": {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "k_proj"]},
    "two": {"r": 4, "lora_alpha": 6, "target_modules": ["q_proj"]},
    "three": {"r": 2, "lora_alpha": 2, "target_modules": ["q_proj", "v_proj"]},
}
MIXES = {
    "linear": {"adapters": ["one", "two"], "weights": [0.7, -0.4], "combination_type": "linear"},
    "alone": {"adapters": ["one"], "weights": [0.7], "combination_type": "svd"},
    "cat": {"adapters": ["one", "two", "three"], "weights": [0.7, -0.4, 1.1], "combination_type": "cat"},
    "svd": {"adapters": ["one", "two", "three"], "weights": [0.7, -0.4, 1.1], "combination_type": "svd"},
    "svd_rank": {"adapters": ["one", "three"], "weights": [0.7, 1.1], "combination_type": "svd", "svd_rank": 5},
    "ties": {"adapters": ["one", "two"], "weights": [0.7, 0.4], "combination_type": "ties", "density": 0.3},
    "ties_frequency": {
        "adapters": ["one", "two"],
        "weights": [0.7, 0.4],
        "combination_type": "ties",
        "density": 0.3,
        "majority_sign_method": "frequency",
    },
    "dare_linear": {"adapters": ["one", "two"], "weights": [0.7, 0.4], "combination_type": "dare_linear", "density": 0.6},
    "dare_ties": {"adapters": ["one", "two"], "weights": [0.7, -0.4], "combination_type": "dare_ties", "density": 0.6},
}


def short(name):
    """model.layers.0.self_attn.q_proj.lora_A of a parameter's name."""
    path, _, rest = name.removeprefix("base_model.model.").partition(".lora_")
    return f"{path}.lora_{rest[0]}"


def tensors_of(model, adapter):
    return {
        f"{adapter}.{short(name)}": value.detach().contiguous()
        for name, value in model.named_parameters()
        if ".lora_" in name and name.endswith(f".{adapter}.weight")
    }


def record_masks(masks):
    """Makes PEFT's random pruning tell what it kept."""
    prune = merge_utils.random_pruning

    def recorded(tensor, density, rescale):
        state = torch.get_rng_state()
        masks.append(torch.bernoulli(torch.full_like(tensor, density)).to(torch.uint8))
        torch.set_rng_state(state)
        return prune(tensor, density, rescale)

    merge_utils.random_pruning = recorded


def main():
    fixtures = Path(__file__).parent / "fixtures"
    folder = fixtures / "mixing"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    base = reference.load_base(fixtures / BASE, False)
    configs = {name: LoraConfig(task_type="CAUSAL_LM", layers_to_transform=[1], **c) for name, c in ADAPTERS.items()}
    first, *others = configs
    model = get_peft_model(base, configs[first], adapter_name=first)
    for name in others:
        model.add_adapter(name, configs[name])
    random = torch.Generator().manual_seed(13)
    for name, value in model.named_parameters():
        if ".lora_" in name:
            value.data = torch.randn(value.shape, generator=random) * 0.1
    stored = {}
    for name in ADAPTERS:
        stored |= tensors_of(model, name)
    masks = []
    record_masks(masks)
    torch.manual_seed(13)
    for name, mix in MIXES.items():
        masks.clear()
        model.base_model.add_weighted_adapter(**mix, adapter_name=name)
        mixed = tensors_of(model, name)
        if mix["combination_type"] == "svd" and len(mix["adapters"]) > 1:
            # The signs of singular vectors are free.
            for key in [key for key in mixed if key.endswith("lora_A")]:
                A, B = mixed.pop(key), mixed.pop(key[:-1] + "B")
                mixed[key.replace("lora_A", "delta")] = (B.double() @ A.double())[::8].float().contiguous()
        stored |= mixed
        # In the order of the modules; of a module those of A for each adapter, then those of B.
        stored |= {f"{name}.mask.{index}": mask for index, mask in enumerate(masks)}
    save_file(stored, folder / "mixing.safetensors", metadata={"format": "pt"})
    (folder / "mixing.json").write_text(json.dumps({"base": BASE, "adapters": ADAPTERS, "mixes": MIXES}, indent=2) + "\n")
    print(f"mixing: {sum(f.stat().st_size for f in folder.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
