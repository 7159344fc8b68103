"""Writes quantized.json: rows that ONNX Runtime's own tools quantise, and their results.

    pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    python tests/unit/formats/onnx/make_fixture.py
"""

import base64
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto
from onnxruntime.capi._pybind_state import quantize_matmul_4bits
from onnxruntime.quantization.quant_utils import quantize_data, QuantType

ROWS, COLUMNS, BLOCK = 12, 80, 32


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def rows():
    random = np.random.default_rng(7)
    values = random.standard_normal((ROWS, COLUMNS)).astype(np.float32) * 0.05
    values[1] = 0  # no range at all
    values[2] = np.abs(values[2])  # one sign
    values[3] = -np.abs(values[3])
    values[4, 5] = 40  # an outlier
    values[5] = np.tile(np.float32([1, -1, 0.5, -0.5]), COLUMNS // 4)  # equal magnitudes
    values[6] = np.arange(COLUMNS, dtype=np.float32) / 2 - 20  # halves between codes
    values[7] *= np.float32(1e-30)
    return values


def blocks4(values):
    blocks = -(-COLUMNS // BLOCK)
    codes = np.zeros((ROWS, blocks, BLOCK // 2), np.uint8)
    scales = np.zeros(ROWS * blocks, np.float32)
    zero_points = np.zeros(ROWS * ((blocks + 1) // 2), np.uint8)
    quantize_matmul_4bits(codes, np.ascontiguousarray(values.T), scales, zero_points, BLOCK, ROWS, COLUMNS, False)
    return {"codes": text(codes), "scales": text(scales), "zero_points": text(zero_points)}


def rows8(values):
    codes, scales, zero_points = [], [], []
    for row in values:
        zero_point, scale, quantized = quantize_data(row, TensorProto.UINT8, False)[-3:]
        codes.append(quantized)
        scales.append(np.float32(scale))
        zero_points.append(np.uint8(zero_point))
    return {"codes": text(np.array(codes, np.uint8)), "scales": text(np.array(scales)), "zero_points": text(np.array(zero_points))}


values = rows()
fixture = {"columns": COLUMNS, "values": text(values), "q4": blocks4(values), "q8": rows8(values)}
Path(__file__).with_name("quantized.json").write_text(json.dumps(fixture, indent=2) + "\n")
