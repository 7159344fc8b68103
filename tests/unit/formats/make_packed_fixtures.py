"""Writes fixtures/packed.json: weights as bitsandbytes, GPTQ, AWQ and GGUF files store them, and the values that are meant.

    python -m venv venv && venv/bin/pip install torch==2.15.0 bitsandbytes==0.50.2 gguf==0.19.0 safetensors numpy==2.4.6
    venv/bin/python tests/unit/formats/make_packed_fixtures.py

Files are base64, values SHA-256 of their float32 bytes. bitsandbytes and gguf dequantise by themselves; GPTQ and AWQ are
packed here bit by bit as AutoGPTQ and AutoAWQ do, and dequantised from the numbers that were packed.
"""

import base64
import hashlib
import json
import tempfile
from pathlib import Path

import bitsandbytes.functional as F
import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import quants
from safetensors.torch import save

torch.set_num_threads(1)
rng = np.random.default_rng(7)

HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY = 32, 64, 2, 1, 16, 8
PREFIX = "model.layers.0."
LINEAR = {
    "self_attn.q_proj": (HEADS * HEAD_DIM, HIDDEN),
    "self_attn.k_proj": (KV_HEADS * HEAD_DIM, HIDDEN),
    "self_attn.v_proj": (KV_HEADS * HEAD_DIM, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HEADS * HEAD_DIM),
    "mlp.gate_proj": (INTERMEDIATE, HIDDEN),
    "mlp.up_proj": (INTERMEDIATE, HIDDEN),
    "mlp.down_proj": (HIDDEN, INTERMEDIATE),
}


def base64_of(content):
    return base64.b64encode(bytes(content)).decode()


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.float32).tobytes()).hexdigest()


def normal(*shape):
    """Vectors are weights of norms, around 1."""
    return (rng.standard_normal(shape) * 0.2 + (len(shape) == 1)).astype(np.float32)


def dense():
    names = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    names |= {f"{PREFIX}{norm}.weight": (HIDDEN,) for norm in ("input_layernorm", "post_attention_layernorm")}
    return {name: torch.tensor(normal(*shape)) for name, shape in names.items()}


def bitsandbytes_checkpoint(blocksize, double, skip=()):
    tensors, values = dense(), {}
    for module, shape in LINEAR.items():
        name = f"{PREFIX}{module}.weight"
        weight = torch.tensor(normal(*shape))
        if module in skip:
            tensors[name] = weight
            continue
        codes, state = F.quantize_4bit(weight, quant_type="nf4", blocksize=blocksize, compress_statistics=double)
        tensors[name] = codes
        tensors |= {f"{name}.{part}": tensor for part, tensor in state.as_dict(packed=True).items()}
        # Blocks go over the flattened matrix. The library's kernel for CPUs mistakes those that straddle the rows of a
        # matrix, so it is given a vector.
        flat_codes, flat = F.quantize_4bit(
            weight.flatten(), quant_type="nf4", blocksize=blocksize, compress_statistics=double
        )
        assert torch.equal(codes, flat_codes) and torch.equal(state.absmax, flat.absmax)
        values[name] = digest(F.dequantize_4bit(flat_codes, flat).numpy())
    return {"file": base64_of(save(tensors)), "values": values}


def nibbles(numbers):
    """Eight numbers of the last axis to a word, the first in the low bits."""
    words = np.zeros((*numbers.shape[:-1], numbers.shape[-1] // 8), dtype=np.uint32)
    for i in range(8):
        words |= numbers[..., i::8].astype(np.uint32) << np.uint32(4 * i)
    return words


def int32(words):
    return torch.tensor(np.ascontiguousarray(words).view(np.int32))


def grouped(out, size, group_size):
    groups = -(-size // group_size)
    codes = rng.integers(0, 16, (size, out))
    zeros = rng.integers(0, 16, (groups, out))
    return codes, zeros, (rng.standard_normal((groups, out)) * 0.04).astype(np.float16)


def gptq_checkpoint(group_size, act_order, version, bias):
    tensors, values = dense(), {}
    for module, (out, size) in LINEAR.items():
        codes, zeros, scales = grouped(out, size, size if group_size == -1 else group_size)
        index = np.arange(size) // (size if group_size == -1 else group_size)
        if act_order:
            index = index[rng.permutation(size)]
        name = PREFIX + module
        tensors[f"{name}.qweight"] = int32(nibbles(codes.T).T)
        tensors[f"{name}.qzeros"] = int32(nibbles(zeros) - np.uint32(0x11111111 if version == 1 else 0))
        tensors[f"{name}.scales"] = torch.tensor(scales)
        tensors[f"{name}.g_idx"] = torch.tensor(index.astype(np.int32))
        if bias:
            tensors[f"{name}.bias"] = torch.zeros(out, dtype=torch.float16)
        values[f"{name}.weight"] = digest((scales.astype(np.float32)[index] * (codes - zeros[index]).astype(np.float32)).T)
    return {"file": base64_of(save(tensors)), "values": values}


AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def awq_nibbles(numbers):
    return nibbles(numbers.reshape(*numbers.shape[:-1], -1, 8)[..., AWQ_ORDER].reshape(numbers.shape))


def awq_checkpoint(group_size):
    tensors, values = dense(), {}
    for module, (out, size) in LINEAR.items():
        codes, zeros, scales = grouped(out, size, group_size)
        index = np.arange(size) // group_size
        name = PREFIX + module
        tensors[f"{name}.qweight"] = int32(awq_nibbles(codes))
        tensors[f"{name}.qzeros"] = int32(awq_nibbles(zeros))
        tensors[f"{name}.scales"] = torch.tensor(scales)
        values[f"{name}.weight"] = digest((scales.astype(np.float32)[index] * (codes - zeros[index]).astype(np.float32)).T)
    return {"file": base64_of(save(tensors)), "values": values}


GGUF_NAMES = {
    "self_attn.q_proj": ("attn_q", Type.Q8_0),
    "self_attn.k_proj": ("attn_k", Type.Q4_0),
    "self_attn.v_proj": ("attn_v", Type.Q4_1),
    "self_attn.o_proj": ("attn_output", Type.Q5_0),
    "mlp.gate_proj": ("ffn_gate", Type.F16),
    "mlp.up_proj": ("ffn_up", Type.BF16),
    "mlp.down_proj": ("ffn_down", Type.Q5_1),
}


def interleaved(weight, heads):
    """As llama.cpp's converter orders the rows of q and k."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def llama3_factors(theta, factor, low=1.0, high=4.0, original=8192.0):
    """By what llama.cpp's converter divides the frequencies of Llama 3.1."""
    wavelengths = 2 * np.pi * theta ** (np.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    smooth = (original / wavelengths - low) / (high - low)
    between = 1 / ((1 - smooth) / factor + smooth)
    return np.where(smooth >= 1, 1.0, np.where(smooth <= 0, factor, between)).astype(np.float32)


def gguf_checkpoint():
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_block_count(1)
        writer.add_context_length(64)
        writer.add_embedding_length(HIDDEN)
        writer.add_feed_forward_length(INTERMEDIATE)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_rope_dimension_count(HEAD_DIM)
        writer.add_rope_freq_base(500_000.0)
        writer.add_layer_norm_rms_eps(1e-6)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(["<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "b", "ab"])
        writer.add_token_scores([0.0, 0.0, 0.0, 0.0, -3.0, -4.0, -5.0, -1.0])
        writer.add_token_types([2, 3, 3, 6, 1, 1, 1, 1])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_chat_template("{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}")
        writer.add_uint8("test.u8", 200)
        writer.add_int8("test.i8", -100)
        writer.add_uint16("test.u16", 60000)
        writer.add_int16("test.i16", -30000)
        writer.add_int32("test.i32", -2_000_000_000)
        writer.add_float32("test.f32", 0.5)
        writer.add_uint64("test.u64", 2**63 + 1)
        writer.add_int64("test.i64", -(2**40))
        writer.add_float64("test.f64", 0.1)
        writer.add_bool("test.bool", True)
        writer.add_array("test.texts", ["a", "ß", "日本語", "", "a text of more than twenty-four bytes"])
        writer.add_array("test.numbers", [1.5, -2.0])

        def add(own, name, weight, dtype, heads=None):
            stored = weight if heads is None else interleaved(weight, heads)
            packed = quants.quantize(stored, dtype)
            writer.add_tensor(own, packed, raw_dtype=dtype)
            values[name] = digest(quants.dequantize(quants.quantize(weight, dtype), dtype))

        add("token_embd.weight", "model.embed_tokens.weight", normal(VOCABULARY, HIDDEN), Type.Q8_0)
        add("output_norm.weight", "model.norm.weight", normal(HIDDEN), Type.F32)
        add("blk.0.attn_norm.weight", f"{PREFIX}input_layernorm.weight", normal(HIDDEN), Type.F32)
        add("blk.0.ffn_norm.weight", f"{PREFIX}post_attention_layernorm.weight", normal(HIDDEN), Type.F32)
        heads = {"self_attn.q_proj": HEADS, "self_attn.k_proj": KV_HEADS}
        for module, shape in LINEAR.items():
            own, dtype = GGUF_NAMES[module]
            add(f"blk.0.{own}.weight", f"{PREFIX}{module}.weight", normal(*shape), dtype, heads.get(module))
        writer.add_tensor("rope_freqs.weight", llama3_factors(500_000.0, 8.0))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return {"file": base64_of(path.read_bytes()), "values": values}


# Where each format's blocks have half-precision numbers, which are kept below 2 in magnitude.
BLOCKS = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
    "IQ4_NL": [0],
    "IQ4_XS": [0],
    "MXFP4": [],
}


def blocks(name):
    dtype = Type[name]
    _, size = gguf.GGML_QUANT_SIZES[dtype]
    content = rng.integers(0, 256, (6, size), dtype=np.uint8)
    for at in BLOCKS[name]:
        content[:, at + 1] &= 0xBF
    return {"bytes": base64_of(content.tobytes()), "values": digest(quants.dequantize(content, dtype))}


fixtures = {
    "bitsandbytes": bitsandbytes_checkpoint(64, True),
    "bitsandbytes_plain": bitsandbytes_checkpoint(128, False, skip=("self_attn.o_proj",)),
    "bitsandbytes_long": bitsandbytes_checkpoint(4096, True),
    "gptq": gptq_checkpoint(32, False, 1, True),
    "gptq_act_order": gptq_checkpoint(16, True, 1, False),
    "gptq_v2": gptq_checkpoint(-1, False, 2, False),
    "awq": awq_checkpoint(32),
    "gguf": gguf_checkpoint(),
    "blocks": {name: blocks(name) for name in BLOCKS},
}
path = Path(__file__).parent / "fixtures" / "packed.json"
path.write_text(json.dumps(fixtures, indent=1, allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes")
