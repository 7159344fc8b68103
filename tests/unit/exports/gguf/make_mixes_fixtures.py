"""Writes fixtures/mixes.json: the types that llama.cpp's own quantiser gives the tensors of made-up models.

    npm pack @node-llama-cpp/linux-x64@3.21.1 && tar xzf node-llama-cpp-linux-x64-3.21.1.tgz
    python -m venv venv && venv/bin/pip install gguf==0.19.0 numpy==2.4.6
    venv/bin/python tests/unit/exports/gguf/make_mixes_fixtures.py package/bins/linux-x64

Each model is written as F32, quantised by `llama_model_quantize`, and its header read back.
"""

import ctypes
import json
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

LIBRARIES = Path(sys.argv[1])
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "BF16": 32}
VOCABULARY = 32


class Parameters(ctypes.Structure):
    """llama_model_quantize_params of llama.h."""

    _fields_ = [
        ("threads", ctypes.c_int32),
        ("ftype", ctypes.c_int),
        ("output_tensor_type", ctypes.c_int),
        ("token_embedding_type", ctypes.c_int),
        ("allow_requantize", ctypes.c_bool),
        ("quantize_output_tensor", ctypes.c_bool),
        ("only_copy", ctypes.c_bool),
        ("pure", ctypes.c_bool),
        ("keep_split", ctypes.c_bool),
        ("dry_run", ctypes.c_bool),
        ("imatrix", ctypes.c_void_p),
        ("kv_overrides", ctypes.c_void_p),
        ("tt_overrides", ctypes.c_void_p),
        ("prune_layers", ctypes.c_void_p),
        ("max_buf_size", ctypes.c_size_t),
    ]


for name in ("libggml-base.so", "libggml.v0.4.0.so"):
    ctypes.CDLL(str(LIBRARIES / name), ctypes.RTLD_GLOBAL)
llama = ctypes.CDLL(str(LIBRARIES / "libllama.v0.4.0.so"))
llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_model_quantize.restype = ctypes.c_uint32
llama.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
llama.llama_backend_init()


def model(architecture, layers, width, inner, tied, attention=lambda layer: True):
    """Names and shapes [rows, columns] of a model's tensors."""
    tensors = {"token_embd.weight": (VOCABULARY, width), "output_norm.weight": (width,)}
    if not tied:
        tensors["output.weight"] = (VOCABULARY, width)
    for layer in range(layers):
        block = f"blk.{layer}."
        tensors |= {block + "attn_norm.weight": (width,), block + "ffn_norm.weight": (width,)}
        tensors |= {block + f"ffn_{part}.weight": (inner, width) for part in ("gate", "up")}
        tensors[block + "ffn_down.weight"] = (width, inner)
        if attention(layer):
            tensors |= {block + f"attn_{part}.weight": (width, width) for part in "qkv"}
            tensors[block + "attn_output.weight"] = (width, width)
        else:
            tensors[block + "shortconv.conv.weight"] = (width, 3)
            tensors[block + "shortconv.in_proj.weight"] = (3 * width, width)
            tensors[block + "shortconv.out_proj.weight"] = (width, width)
        if architecture == "qwen2":
            tensors |= {block + f"attn_{part}.bias": (width,) for part in "qkv"}
    return {"architecture": architecture, "layers": layers, "tensors": tensors, "width": width, "inner": inner}


MODELS = {
    "16 layers, tied": model("llama", 16, 256, 256, True),
    "16 layers": model("llama", 16, 256, 256, False),
    "24 layers, tied": model("llama", 24, 256, 256, True),
    "24 layers": model("llama", 24, 256, 256, False),
    "7 layers": model("llama", 7, 256, 256, False),
    "30 layers of 576 columns, tied": model("llama", 30, 576, 256, True),
    "24 layers of 896 columns, tied": model("qwen2", 24, 896, 256, True),
    "4 layers of 896 columns": model("qwen2", 4, 896, 256, False),
    "4 layers with rows of 336": model("llama", 4, 256, 336, False),
    "16 layers, 6 of them attention": model("lfm2", 16, 256, 256, True, lambda layer: layer in (2, 5, 8, 10, 12, 14)),
}


def write(path, model):
    architecture, layers, tensors = model["architecture"], model["layers"], model["tensors"]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(layers)
    writer.add_context_length(64)
    writer.add_embedding_length(model["width"])
    writer.add_feed_forward_length(model["inner"])
    writer.add_head_count(4)
    heads = [4 if f"blk.{layer}.attn_v.weight" in tensors else 0 for layer in range(layers)]
    writer.add_head_count_kv(4 if all(heads) else heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    if architecture == "lfm2":
        writer.add_shortconv_l_cache(3)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(VOCABULARY)])
    rng = np.random.default_rng(0)
    for name, shape in tensors.items():
        writer.add_tensor(name, rng.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def types(path):
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}


def main():
    result = {}
    for label, made in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            source, target = f"{folder}/source.gguf", f"{folder}/target.gguf"
            write(source, made)
            found = {}
            for file_type, number in FILE_TYPES.items():
                parameters = llama.llama_model_quantize_default_params()
                parameters.ftype = number
                parameters.threads = 2
                assert llama.llama_model_quantize(source.encode(), target.encode(), parameters) == 0
                found[file_type] = types(target)
            # A column of types a file type, in the order of the tensors.
            tensors = made["tensors"]
            result[label] = {
                "tensors": [[name, *shape] for name, shape in tensors.items()],
                "types": {name: " ".join(chosen[each] for each in tensors) for name, chosen in found.items()},
            }
    path = Path(__file__).parent / "fixtures" / "mixes.json"
    rows = ",\n".join(f" {json.dumps(label)}: {json.dumps(entry)}" for label, entry in result.items())
    path.write_text("{\n" + rows + "\n}\n")


if __name__ == "__main__":
    main()
