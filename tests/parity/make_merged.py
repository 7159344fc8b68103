"""Writes tests/parity/fixtures/merged: adapters with ranks and alphas of their own, and the weights that peft's
merge_and_unload makes of them over a model of make_fixtures.py. See README.md."""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

import reference

BASE = "qwen3"
KINDS = {"lora": {"use_rslora": True}, "dora": {"use_dora": True}}
# One of a rank and an alpha of its own, one of an alpha of its own, one as all others.
STORED = ["layers.0.self_attn.q_proj", "layers.1.self_attn.k_proj", "layers.0.mlp.down_proj"]


def main():
    fixtures = Path(__file__).parent / "fixtures"
    for kind, settings in KINDS.items():
        folder = fixtures / "merged" / kind
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(7)
        config = LoraConfig(
            r=4,
            lora_alpha=8,
            lora_dropout=0.0,
            target_modules=["q_proj", "k_proj", "down_proj"],
            rank_pattern={"layers.0.self_attn.q_proj": 6},
            alpha_pattern={"layers.0.self_attn.q_proj": 5, "layers.1.self_attn.k_proj": 3},
            task_type="CAUSAL_LM",
            **settings,
        )
        model = get_peft_model(reference.load_base(fixtures / BASE), config)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
            if "magnitude" in name:
                parameter.data *= 1 + 0.1 * (2 * torch.rand_like(parameter) - 1)
        model.save_pretrained(folder / "adapter")
        (folder / "adapter" / "README.md").unlink(missing_ok=True)
        path = folder / "adapter" / "adapter_config.json"
        saved = json.loads(path.read_text())
        saved |= {"base_model_name_or_path": BASE, "target_modules": sorted(saved["target_modules"])}
        path.write_text(json.dumps(saved, indent=2) + "\n")
        merged = model.double().merge_and_unload()
        save_file(
            {f"model.{name}.weight": merged.get_submodule(f"model.{name}").weight.detach().float() for name in STORED},
            folder / "expected.safetensors",
        )


if __name__ == "__main__":
    main()
