// Writes ONNX models: the part of the protobuf format that a decoder needs. The field numbers are from the standard's
// onnx.proto.
import protobuf from 'protobufjs';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5; string domain = 7;
  }
  message AttributeProto { string name = 1; float f = 2; int64 i = 3; int32 type = 20; }
  message TensorProto {
    repeated int64 dims = 1; int32 data_type = 2; string name = 8; repeated Entry external_data = 13;
    int32 data_location = 14;
  }
  message Entry { string key = 1; string value = 2; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TypeProto { TensorType tensor_type = 1; }
  message TensorType { int32 elem_type = 1; TensorShapeProto shape = 2; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message Dimension { int64 dim_value = 1; string dim_param = 2; }
`);
const ModelProto = root.lookupType('ModelProto');

const TYPES = { float32: 1, int32: 6, int64: 7 } as const;
const FLOAT_ATTRIBUTE = 1;
const INT_ATTRIBUTE = 2;
const EXTERNAL = 1;

/** A size, or the name of a size that is known only when the model runs. */
type Dimension = number | string;

interface Value {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  readonly shape: readonly Dimension[];
}

interface Attributes {
  readonly ints?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
  /** The domain of an op outside the standard. */
  readonly domain?: string;
}

/** Builds a graph. The weights are stored beside the model, in one file. */
export class OnnxGraph {
  readonly #nodes: object[] = [];
  readonly #initializers: object[] = [];
  readonly #weights: Float32Array[] = [];
  #weightBytes = 0;

  /** @returns the name of the weight */
  weight(name: string, shape: readonly number[], values: Float32Array): string {
    this.#initializers.push({
      name,
      dims: shape,
      dataType: TYPES.float32,
      dataLocation: EXTERNAL,
      externalData: Object.entries({
        location: 'weights',
        offset: this.#weightBytes,
        length: values.byteLength,
      }).map(([key, value]) => ({ key, value: String(value) })),
    });
    this.#weights.push(values);
    this.#weightBytes += values.byteLength;
    return name;
  }

  /**
   * @param inputs names; an empty name leaves an input out
   * @param outputs names
   * @returns the first output's name
   */
  op(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes = {},
  ): string {
    const { ints = {}, floats = {}, domain = '' } = attributes;
    this.#nodes.push({
      opType: type,
      name: outputs[0],
      domain,
      input: inputs,
      output: outputs,
      attribute: [
        ...Object.entries(ints).map(([name, i]) => ({ name, i, type: INT_ATTRIBUTE })),
        ...Object.entries(floats).map(([name, f]) => ({ name, f, type: FLOAT_ATTRIBUTE })),
      ],
    });
    return outputs[0] ?? '';
  }

  /** The model's file, and the bytes of the file that it refers to as `weights`. */
  encode(inputs: readonly Value[], outputs: readonly Value[]) {
    const info = ({ name, type, shape }: Value) => ({
      name,
      type: {
        tensorType: {
          elemType: TYPES[type],
          shape: {
            dim: shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })),
          },
        },
      },
    });
    const model = ModelProto.encode({
      irVersion: 10,
      producerName: 'tunesmith',
      graph: {
        name: 'decoder',
        node: this.#nodes,
        initializer: this.#initializers,
        input: inputs.map(info),
        output: outputs.map(info),
      },
      opsetImport: [
        { domain: '', version: 21 },
        { domain: 'com.microsoft', version: 1 },
      ],
    }).finish();
    const weights = new Float32Array(this.#weightBytes / Float32Array.BYTES_PER_ELEMENT);
    let at = 0;
    for (const values of this.#weights) {
      weights.set(values, at);
      at += values.length;
    }
    return { model, weights: new Uint8Array(weights.buffer) };
  }
}
