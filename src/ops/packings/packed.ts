import type { ShaderConstants } from '../../gpu/shaders';
import { read, type Binding } from '../op';
import type { PackedWeight, Packing } from '../weight';
import { awqFormat } from './awq';
import type { PackedBuffers, PackedReader, WeightFormat } from './format';
import { ggmlFormat } from './ggml';
import { gptqFormat } from './gptq';
import { nf4Format } from './nf4';
import { message, type Message } from '../../core/messages/message';

/** Bytes of each buffer that a matrix [out, in] takes in a packing. */
export function packedBuffers(packing: Packing, out: number, input: number): PackedBuffers {
  return shaped(packing, out, input).buffers();
}

/** Why a matrix [out, in] can't be packed so, in words that follow "[out, in] "; undefined if it can. */
export function packingRefusal(packing: Packing, out: number, input: number): Message | undefined {
  if (input % 4 !== 0) return message('packing_rows', { multiple: 4 });
  return shaped(packing, out, input).refusal();
}

/**
 * Binds a packed weight for a kernel that includes lib/packed_weight: the codes go to @binding(codesBinding), the
 * scales are appended to `bindings`.
 */
export function readPacked(
  { packing, out, in: input, tensors }: PackedWeight,
  codesBinding: number,
  bindings: Binding[],
): PackedReader {
  const { constants, overrides } = shaped(packing, out, input).reader();
  const { scales } = tensors;
  const places = {
    CODES_BINDING: codesBinding,
    ...(scales && { SCALES_BINDING: bindings.push(read(scales)) }),
  };
  const all: ShaderConstants = { WEIGHT_PACKED: true, ...constants, ...places };
  return { constants: all, overrides };
}

/** A packing with the format that it names. */
function shaped(packing: Packing, out: number, input: number): Shaped {
  switch (packing.format) {
    case 'nf4':
      return bind(nf4Format, packing, out, input);
    case 'gptq':
      return bind(gptqFormat, packing, out, input);
    case 'awq':
      return bind(awqFormat, packing, out, input);
    case 'q8_0':
    case 'q4_0':
    case 'q4_1':
    case 'q4_k':
    case 'q6_k':
      return bind(ggmlFormat, packing, out, input);
  }
}

interface Shaped {
  buffers(): PackedBuffers;
  refusal(): Message | undefined;
  reader(): PackedReader;
}

function bind<P extends Packing>(format: WeightFormat<P>, packing: P, out: number, input: number): Shaped {
  return {
    buffers: () => format.buffers(packing, out, input),
    refusal: () => format.refusal(packing, out, input),
    reader: () => format.reader(packing, out, input),
  };
}
