import { ProtoMessage } from '../protobuf';

/** Element types of tensors, with their numbers in onnx.proto. */
export const ONNX_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;
export type OnnxType = keyof typeof ONNX_TYPES;

/** Bytes of an element. */
export const ONNX_BYTES: Readonly<Record<OnnxType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  float16: 2,
};

/** The domain of the ops that ONNX Runtime adds to the standard. */
export const MICROSOFT = 'com.microsoft';

/** The value of an attribute. The type is part of it, because 1 can be an integer or a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export interface OnnxNode {
  readonly type: string;
  /** '' is the standard's own. */
  readonly domain: string;
  /** Names of values; '' leaves an input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A range of a file beside the model. */
export interface OnnxExternalData {
  /** The file's name, relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant of a graph, with its elements in the model or in another file. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian, in row-major order. */
  readonly data: Uint8Array | OnnxExternalData;
}

/** An input or output of a graph. A dimension is a number, or the name of one that varies. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly producer: string;
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  /** ONNX Runtime infers types that are left out. */
  readonly outputs: readonly (OnnxValue | Pick<OnnxValue, 'name'>)[];
}

/** The versions that the written ops are from: opset 21, with IR version 10. */
const IR_VERSION = 10;
const OPSETS = [
  ['', 21],
  [MICROSOFT, 1],
] as const;

/** Data in another file (TensorProto.EXTERNAL). */
const EXTERNAL = 1;

/** The bytes of a .onnx file: a ModelProto. The field numbers are from the standard's onnx.proto. */
export function encodeOnnx({
  producer,
  name,
  nodes,
  tensors,
  inputs,
  outputs,
}: OnnxModel): Uint8Array<ArrayBuffer> {
  const graph = new ProtoMessage();
  nodes.forEach((node, index) => graph.message(1, nodeProto(node, index)));
  graph.string(2, name);
  for (const tensor of tensors) graph.message(5, tensorProto(tensor));
  for (const value of inputs) graph.message(11, valueProto(value));
  for (const value of outputs) graph.message(12, valueProto(value));
  const model = new ProtoMessage().int(1, IR_VERSION).string(2, producer).message(7, graph);
  for (const [domain, version] of OPSETS)
    model.message(8, new ProtoMessage().string(1, domain).int(2, version));
  return model.encode();
}

function nodeProto({ type, domain, inputs, outputs, attributes }: OnnxNode, index: number): ProtoMessage {
  const node = new ProtoMessage();
  for (const input of inputs) node.string(1, input);
  for (const output of outputs) node.string(2, output);
  node.string(3, outputs.find((output) => output !== '') ?? `${type}_${index}`).string(4, type);
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeProto(name, value));
  if (domain !== '') node.string(7, domain);
  return node;
}

function attributeProto(name: string, value: OnnxAttribute): ProtoMessage {
  const attribute = new ProtoMessage().string(1, name);
  if ('float' in value) return attribute.float(2, value.float).int(20, 1);
  if ('int' in value) return attribute.int(3, value.int).int(20, 2);
  if ('string' in value) return attribute.string(4, value.string).int(20, 3);
  for (const each of value.ints) attribute.int(8, each);
  return attribute.int(20, 7);
}

function tensorProto({ name, type, shape, data }: OnnxTensor): ProtoMessage {
  const tensor = new ProtoMessage();
  for (const size of shape) tensor.int(1, size);
  tensor.int(2, ONNX_TYPES[type]).string(8, name);
  if (data instanceof Uint8Array) return tensor.bytes(9, data);
  for (const [key, value] of Object.entries(data))
    tensor.message(13, new ProtoMessage().string(1, key).string(2, String(value)));
  return tensor.int(14, EXTERNAL);
}

function valueProto(value: OnnxModel['outputs'][number]): ProtoMessage {
  if (!('type' in value)) return new ProtoMessage().string(1, value.name);
  const { name, type, shape } = value;
  const dimensions = new ProtoMessage();
  for (const size of shape) {
    const dimension = new ProtoMessage();
    dimensions.message(1, typeof size === 'number' ? dimension.int(1, size) : dimension.string(2, size));
  }
  const tensor = new ProtoMessage().int(1, ONNX_TYPES[type]).message(2, dimensions);
  return new ProtoMessage().string(1, name).message(2, new ProtoMessage().message(1, tensor));
}
