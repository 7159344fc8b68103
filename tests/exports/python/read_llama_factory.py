"""Reads exported folders as LLaMA-Factory does: python read_llama_factory.py BASE FOLDER … prints a JSON list of results.

Its own parser reads llamafactory.yaml, and its own code reads dataset_info.json and makes the tokens."""

import importlib.machinery
import json
import os
import sys
import types

import transformers

# LLaMA-Factory imports it for models that hear; the examples are text.
torchaudio = types.ModuleType("torchaudio")
torchaudio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = torchaudio
transformers.utils.logging.set_verbosity_error()

from accelerate.commands.config.config_args import load_config_from_file
from llamafactory.data import get_template_and_fix_tokenizer
from llamafactory.data.loader import get_dataset
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer
from omegaconf import OmegaConf


def read(base, folder):
    os.chdir(folder)
    config = OmegaConf.to_container(OmegaConf.load("llamafactory.yaml"))
    # This machine may have no GPU, and the base has another path.
    model, data, training, finetuning, _ = get_train_args({**config, "use_cpu": True, "model_name_or_path": base})
    tokenizer = load_tokenizer(model)
    template = get_template_and_fix_tokenizer(tokenizer["tokenizer"], data)
    parts = get_dataset(template, model, data, training, stage=finetuning.stage, **tokenizer)
    tokens = {part: [{k: e.get(k) for k in ("input_ids", "labels")} for e in parts[part]] for part in parts}
    accelerate = {
        name: vars(load_config_from_file(f"accelerate_{name}.yaml"))["distributed_type"] for name in ("zero2", "fsdp")
    }
    arguments = {
        "lora_rank": finetuning.lora_rank,
        "lora_alpha": finetuning.lora_alpha,
        "lora_target": finetuning.lora_target,
        "loraplus_lr_ratio": finetuning.loraplus_lr_ratio,
        "quantization_bit": model.quantization_bit,
        "double_quantization": model.double_quantization,
        "cutoff_len": data.cutoff_len,
        "train_on_prompt": data.train_on_prompt,
        "stage": finetuning.stage,
        "warmup": training.get_warmup_steps(1000),
        "neftune_noise_alpha": training.neftune_noise_alpha,
        "bf16": training.bf16,
    }
    return {"arguments": arguments, "tokens": tokens, "accelerate": accelerate}


def main(base, *folders):
    # LLaMA-Factory prints: standard output is for the answer alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps([read(base, folder) for folder in folders]), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
