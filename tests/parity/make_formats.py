"""Writes tests/parity/fixtures/formats: one tiny model in the formats that weights are published in. See README.md."""

import argparse
import json
import math
import shutil
from pathlib import Path

import bitsandbytes.functional as bnb
import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig

import packings
import reference
from families import SHARED
from make_fixtures import write_adapter, write_expected, write_json
from tiny_tokenizer import write_tokenizer

LLAMA = SHARED | {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "num_hidden_layers": 1,
    "hidden_size": 128,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}
QWEN2 = LLAMA | {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 64,
    "intermediate_size": 64,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "use_sliding_window": False,
}


def model_of(config, weights):
    """The model in float32, with these weights."""
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.float32)
    result = model.load_state_dict(weights, strict=False)
    assert not result.unexpected_keys and set(result.missing_keys) <= {"lm_head.weight"}
    return model.eval()


def draw_weights(config, seed):
    """Random weights in bfloat16, by name."""
    random = torch.Generator().manual_seed(seed)
    draw = lambda shape, scale: (torch.randn(shape, generator=random) * scale).bfloat16()
    weights = {}
    for name, parameter in AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).named_parameters():
        if name.endswith("norm.weight"):
            weights[name] = (1 + draw(parameter.shape, 0.2)).contiguous()
        else:
            scale = 0.05 if "embed" in name or "head" in name else 0.1
            weights[name] = draw(parameter.shape, scale)
    return weights


def floats(weights):
    return {name: weight.float() for name, weight in weights.items()}


def write_folder(folder, config, weights):
    write_json(folder / "config.json", config)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(folder)


def shards(folder, seed):
    """Three files and their index, as transformers writes them; biases everywhere, head untied."""
    config = LLAMA | {"tie_word_embeddings": False, "attention_bias": True, "mlp_bias": True}
    weights = draw_weights(config, seed)
    model = model_of(config, weights).bfloat16()
    model.save_pretrained(folder, max_shard_size="120KB")
    assert len(list(folder.glob("*.safetensors"))) >= 3
    write_json(folder / "config.json", config)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_tokenizer(folder)
    return config, floats(weights)


def bitsandbytes_nf4(folder, seed, double_quant):
    """As transformers saves a model that it loaded in 4 bits."""
    weights = draw_weights(LLAMA, seed)
    write_folder(folder, LLAMA, weights)
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double_quant,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, quantization_config=quantization)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    exact = floats(weights)
    for name, module in model.named_modules():
        if hasattr(getattr(module, "weight", None), "quant_state"):
            state = module.weight.quant_state
            state.dtype = torch.float32
            exact[f"{name}.weight"] = bnb.dequantize_4bit(module.weight.data, state)
    return LLAMA, exact


def grouped(folder, seed, quantization, pack):
    """GPTQ or AWQ: `pack` gives the tensors of a linear layer and the values that they stand for."""
    weights = draw_weights(LLAMA, seed)
    config = LLAMA | {"torch_dtype": "float16", "quantization_config": quantization}
    stored, exact = {}, {}
    for name, weight in weights.items():
        if name.endswith("_proj.weight"):
            tensors, exact[name] = pack(weight.float())
            stored |= {name.removesuffix("weight") + part: tensor for part, tensor in tensors.items()}
        else:
            stored[name] = weight.half()
            exact[name] = stored[name].float()
    write_folder(folder, config, stored)
    return LLAMA, exact


def gptq(folder, seed, group_size, symmetric, act_order, first_layout):
    random = torch.Generator().manual_seed(seed)
    config = {
        "quant_method": "gptq",
        "bits": 4,
        "group_size": group_size,
        "desc_act": act_order,
        "sym": symmetric,
        "checkpoint_format": "gptq" if first_layout else "gptq_v2",
    }
    pack = lambda weight: packings.gptq(weight, group_size, symmetric, act_order, first_layout, random)
    return grouped(folder, seed, config, pack)


def awq(folder, seed, group_size):
    config = {"quant_method": "awq", "bits": 4, "group_size": group_size, "version": "gemm", "zero_point": True}
    return grouped(folder, seed, config, lambda weight: packings.awq(weight, group_size))


GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    path, suffix = name.rsplit(".", 1)
    if path in GGUF_NAMES:
        return f"{GGUF_NAMES[path]}.{suffix}"
    _, _, layer, module = path.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[module]}.{suffix}"


def rows_of(name, config):
    """The heads of a matrix whose rows llama.cpp's converter reorders: the halves of each are interleaved."""
    if config["model_type"] != "llama":
        return None
    return {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}.get(name.split(".")[-2])


def interleave(weight, heads):
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def in_halves(weight, heads):
    return weight.reshape(heads, -1, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def random_blocks(shape, kind, random):
    """Any bytes are codes; the scales give values of a deviation of about 0.1."""
    blocks = shape[0] * shape[1] // 256
    half = lambda value: np.full((blocks, 1), value, np.float16).view(np.uint8)
    bytes_ = lambda count, below=256: random.integers(0, below, (blocks, count), dtype=np.uint8)
    if kind == Q.Q4_K:
        parts = [half(4e-4), half(3e-3), bytes_(12), bytes_(128)]
    else:
        assert kind == Q.Q6_K
        scales = random.integers(-90, 90, (blocks, 16), dtype=np.int8).view(np.uint8)
        parts = [bytes_(128), bytes_(64), scales, half(1.2e-4)]
    return np.concatenate(parts, 1).reshape(shape[0], -1)


def write_gguf(folder, seed, config, kinds, rope_factor=None):
    """`kinds`: by module, the type that its weights are stored in; F32 where nothing is said."""
    weights = floats(draw_weights(config, seed))
    random = np.random.default_rng(seed)
    architecture = config["model_type"]
    writer = gguf.GGUFWriter(folder / "model.gguf", architecture)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if architecture == "llama":
        writer.add_vocab_size(config["vocab_size"])
        writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    add_tokenizer(writer, folder)
    exact = {}
    for name, weight in weights.items():
        module = name.split(".")[-2]
        kind = Q.F32 if name.endswith(".bias") else kinds.get(module, Q.F32)
        heads = rows_of(name, config)
        ordered = interleave(weight, heads).numpy() if heads else weight.numpy()
        if kind in (Q.Q4_K, Q.Q6_K):
            stored = random_blocks(ordered.shape, kind, random)
        else:
            stored = gguf.quants.quantize(ordered, kind)
        values = torch.from_numpy(gguf.quants.dequantize(stored, kind).astype(np.float32).reshape(ordered.shape))
        # What is not F32, F16 or BF16 is unpacked to float16 where it is the embedding or the head.
        if module in ("embed_tokens", "lm_head") and kind not in (Q.F32, Q.F16, Q.BF16):
            values = values.half().float()
        exact[name] = in_halves(values, heads) if heads else values
        writer.add_tensor(gguf_name(name), stored, raw_dtype=kind)
    if rope_factor is not None:
        head_dim = config["hidden_size"] // config["num_attention_heads"]
        writer.add_tensor("rope_freqs.weight", llama3_factors(config["rope_theta"], head_dim, rope_factor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return exact


def llama3_factors(theta, head_dim, factor, low=1, high=4, original=8192):
    """By what each frequency is divided, as llama.cpp's converter works it out."""
    factors = []
    for i in range(0, head_dim, 2):
        wavelength = 2 * math.pi * theta ** (i / head_dim)
        smooth = min(max((original / wavelength - low) / (high - low), 0), 1)
        factors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(factors, np.float32)


def add_tokenizer(writer, folder):
    """The tiny tokenizer in the file, and in no other."""
    write_tokenizer(folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    vocabulary = tokenizer["model"]["vocab"] | {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    tokens = sorted(vocabulary, key=vocabulary.get)
    special = {t["content"] for t in tokenizer["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if t in special else gguf.TokenType.NORMAL for t in tokens])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(vocabulary[settings["eos_token"]])
    writer.add_chat_template(settings["chat_template"])


def gguf_llama(folder, seed):
    """All types that the package writes, rotary scaling llama3 by its factors, a tied head."""
    kinds = {
        "embed_tokens": Q.F16,
        "q_proj": Q.Q8_0,
        "k_proj": Q.Q4_0,
        "v_proj": Q.Q4_1,
        "o_proj": Q.BF16,
        "gate_proj": Q.Q4_0,
        "up_proj": Q.F16,
        "down_proj": Q.Q8_0,
    }
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    config = LLAMA | {"rope_scaling": scaling | {"original_max_position_embeddings": 8192}}
    return config, write_gguf(folder, seed, LLAMA, kinds, rope_factor=8.0)


def gguf_llama_k(folder, seed):
    """llama.cpp's K types, a head of its own, and an embedding and a head that are unpacked."""
    config = LLAMA | {"hidden_size": 256, "intermediate_size": 256, "num_key_value_heads": 1}
    config |= {"tie_word_embeddings": False}
    kinds = dict.fromkeys(("q_proj", "k_proj", "gate_proj", "up_proj", "o_proj"), Q.Q4_K)
    kinds |= {"v_proj": Q.Q6_K, "down_proj": Q.Q6_K, "embed_tokens": Q.Q8_0, "lm_head": Q.Q6_K}
    return config, write_gguf(folder, seed, config, kinds)


def gguf_qwen2(folder, seed):
    """Biases of q, k and v, and rows in their own order."""
    kinds = dict.fromkeys(("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"), Q.Q8_0)
    return QWEN2, write_gguf(folder, seed, QWEN2, kinds | {"embed_tokens": Q.BF16, "down_proj": Q.Q4_1})


FORMATS = {
    "shards": shards,
    "bnb_nf4": lambda folder, seed: bitsandbytes_nf4(folder, seed, double_quant=False),
    "bnb_nf4_double": lambda folder, seed: bitsandbytes_nf4(folder, seed, double_quant=True),
    "gptq": lambda folder, seed: gptq(folder, seed, 32, symmetric=False, act_order=True, first_layout=True),
    "gptq_symmetric": lambda folder, seed: gptq(folder, seed, 128, symmetric=True, act_order=False, first_layout=False),
    "awq": lambda folder, seed: awq(folder, seed, 64),
    "gguf_llama": gguf_llama,
    "gguf_llama_k": gguf_llama_k,
    "gguf_qwen2": gguf_qwen2,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "fixtures" / "formats")
    output = parser.parse_args().output
    for index, (name, write) in enumerate(FORMATS.items()):
        folder = output / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        config, weights = write(folder, 100 + index)
        family = {
            "seed": 100 + index,
            "variants": ["f32"],
            "lora": {"r": 2, "lora_alpha": 4, "use_rslora": False},
            "load": lambda _, __: model_of(config, weights),
        }
        write_expected(folder, family, write_adapter(folder, family), None)
        print(f"{name}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()
