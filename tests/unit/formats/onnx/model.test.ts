import protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import { encodeOnnx } from '../../../../src/formats/onnx/model';

/** The messages of the standard's onnx.proto, as far as a decoder needs them. */
const { root } = protobuf.parse(`
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5; optional string domain = 7;
  }
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
    repeated int64 ints = 8; optional int32 type = 20;
  }
  message TensorProto {
    repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9;
    repeated Entry external_data = 13; optional int32 data_location = 14;
  }
  message Entry { optional string key = 1; optional string value = 2; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message TensorType { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
`);

function decoded(bytes: Uint8Array): unknown {
  const type = root.lookupType('ModelProto');
  return type.toObject(type.decode(bytes), { longs: Number, bytes: Array });
}

it('writes what a reader of protobuf reads', () => {
  const bytes = encodeOnnx({
    producer: 'tunesmith',
    name: 'decoder',
    nodes: [
      {
        type: 'MatMulNBits',
        domain: 'com.microsoft',
        inputs: ['x', '', 'w'],
        outputs: ['y'],
        attributes: {
          K: { int: 300 },
          axis: { int: -1 },
          epsilon: { float: 0.5 },
          perm: { ints: [0, 2, -1] },
          mode: { string: 'é' },
        },
      },
    ],
    tensors: [
      {
        name: 'c',
        type: 'int64',
        shape: [2],
        data: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0),
      },
      {
        name: 'w',
        type: 'uint8',
        shape: [200_000, 1],
        data: { location: 'model.onnx_data', offset: 4096, length: 5_000_000_000 },
      },
    ],
    inputs: [{ name: 'x', type: 'float32', shape: ['batch_size', 64] }],
    outputs: [{ name: 'y', type: 'float16', shape: [] }],
  });
  expect(decoded(bytes)).toEqual({
    irVersion: 10,
    producerName: 'tunesmith',
    opsetImport: [
      { domain: '', version: 21 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'decoder',
      node: [
        {
          name: 'y',
          opType: 'MatMulNBits',
          domain: 'com.microsoft',
          input: ['x', '', 'w'],
          output: ['y'],
          attribute: [
            { name: 'K', i: 300, type: 2 },
            { name: 'axis', i: -1, type: 2 },
            { name: 'epsilon', f: 0.5, type: 1 },
            { name: 'perm', ints: [0, 2, -1], type: 7 },
            { name: 'mode', s: [...new TextEncoder().encode('é')], type: 3 },
          ],
        },
      ],
      initializer: [
        { name: 'c', dims: [2], dataType: 7, rawData: [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0] },
        {
          name: 'w',
          dims: [200_000, 1],
          dataType: 2,
          externalData: [
            { key: 'location', value: 'model.onnx_data' },
            { key: 'offset', value: '4096' },
            { key: 'length', value: '5000000000' },
          ],
          dataLocation: 1,
        },
      ],
      input: [
        {
          name: 'x',
          type: {
            tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch_size' }, { dimValue: 64 }] } },
          },
        },
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 10, shape: {} } } }],
    },
  });
});
