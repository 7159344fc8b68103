import {
  f32,
  rowElements,
  type Builder,
  type Dispatch,
  type Tensor,
  type Tensors,
  type TensorType,
  defineOp,
} from './op';
import type { Dropout } from './products/algorithm';
import { wholeWeight } from './products/dense_parts';
import { matmul, matmulGradient, matmulTransposed } from './products/products';
import { biasGradient } from './bias_gradient';
import { weightGradientProducts, weightGradients } from './weight_gradient';
import { weightTensors, type Weight } from './weight';

/** A low-rank pair beside a linear map (Hu et al. 2021, "LoRA"): y += scale · dropout(x) Aᵀ Bᵀ. */
export interface LoraPair {
  /** f32 [rank, in]; the rank is padded to a multiple of 4 with rows of zeros, which stay zero. */
  readonly A: Tensor;
  /** f32 [out, rank], padded likewise. */
  readonly B: Tensor;
  /** alpha / r, or alpha / √r with rsLoRA. */
  readonly scale: number;
  readonly dropout?: Dropout;
}

export interface LinearInputs {
  /** f32 [rows, in] */
  readonly x: Tensor;
  /** [out, in]; a trainable one is f32, in the slot of the parameters. */
  readonly weight: Weight;
  /** f32 [out]; a trainable one in the slot of the parameters. */
  readonly bias?: Tensor;
  readonly lora?: LoraPair;
  /** f32 [rows, out], added to the result. */
  readonly residual?: Tensor;
}

interface Attributes {
  readonly weight: Weight;
  readonly lora: { readonly scale: number; readonly dropout?: Dropout } | undefined;
}

interface Inputs extends Tensors {
  readonly x: Tensor;
  readonly bias: Tensor | undefined;
  readonly lora_A: Tensor | undefined;
  readonly lora_B: Tensor | undefined;
  readonly residual: Tensor | undefined;
}

interface Outputs extends Record<string, Tensor> {
  readonly y: Tensor;
}

/** y = x Wᵀ + bias + scale · dropout(x) Aᵀ Bᵀ + residual, f32 [rows, out]. */
export function linear(builder: Builder, { x, weight, bias, lora, residual }: LinearInputs): Tensor {
  const inputs: Inputs = { x, bias, lora_A: lora?.A, lora_B: lora?.B, residual, ...weightTensors(weight) };
  const attributes: Attributes = { weight, lora: lora && { scale: lora.scale, dropout: lora.dropout } };
  const y = f32('rows', weight.out);
  const outputs: { y: TensorType } & Record<string, TensorType> = {
    y,
    ...(lora && { z: f32('rows', rowElements(lora.B.shape)) }),
  };
  return builder.apply(definition, inputs, outputs, attributes).y;
}

const definition = defineOp<Inputs, Outputs, Attributes>({
  name: 'linear',
  lower({ inputs, outputs, attributes: { weight, lora } }, lowering) {
    const { x, bias, residual, lora_A: A, lora_B: B } = inputs;
    const z = outputs['z'];
    const pair = lora && A && B && z ? { A, B, z, ...lora } : undefined;
    return matmul(lowering, { x, y: outputs.y, weight, bias, lora: pair, residual });
  },
  gradient(node, tape) {
    const { inputs, outputs, attributes } = node;
    const { x, bias, residual, lora_A: A, lora_B: B } = inputs;
    const dy = tape.gradientOf(outputs.y);
    if (!dy) return;
    if (tape.needsGradient(residual)) tape.addGradient(residual, dy);
    biasGradient(tape, bias, dy);
    const needsInput = tape.needsGradient(x);
    const types = {
      ...(needsInput && { dx: f32('rows', attributes.weight.in) }),
      ...(A && { dz: f32('rows', rowElements(outputs['z']?.shape ?? [])) }),
    };
    const { tensors: dW, further: W } = weightGradients(tape, attributes.weight);
    const dA = A && tape.parameterGradient(A);
    const dB = B && tape.parameterGradient(B);
    const { dx } = tape.apply(
      backward,
      {
        ...weightTensors(attributes.weight),
        dy,
        x,
        z: outputs['z'],
        lora_A: A,
        lora_B: B,
        soFar: needsInput ? tape.gradientOf(x) : undefined,
        dA: dA?.tensor,
        dB: dB?.tensor,
        ...dW,
      },
      types,
      { ...attributes, further: { A: dA?.further, B: dB?.further, W } },
    );
    if (dx) tape.setGradient(x, dx);
  },
});

interface BackwardInputs extends Tensors {
  readonly dy: Tensor;
  readonly x: Tensor;
}

interface BackwardAttributes extends Attributes {
  readonly further: { readonly A?: boolean; readonly B?: boolean; readonly W?: readonly boolean[] };
}

/** With z = dropout(x) Aᵀ:  dz = scale · dy B,  dB = scale · dyᵀ z,  dA = dzᵀ dropout(x),  dW = dyᵀ x,  dx = dy W + dropout(dz A). */
const backward = defineOp<BackwardInputs, Record<string, Tensor>, BackwardAttributes>({
  name: 'linear_backward',
  lower(node, lowering) {
    const { inputs, outputs, attributes } = node;
    const { dy, x, z, lora_A: A, lora_B: B, dA, dB, soFar } = inputs;
    const { dx, dz } = outputs;
    const { weight, lora, further } = attributes;
    const dispatches: Dispatch[] = [];
    dispatches.push(...weightGradientProducts(lowering, inputs, { weight, further: further.W }, { dy, x }));
    if (lora && z && B && dz && dB) {
      dispatches.push(
        ...matmulGradient(lowering, { dy, x: z, gradient: target(dB, further.B), scale: lora.scale }),
        ...matmulTransposed(lowering, { dy, dx: dz, weight: wholeWeight(B), scale: lora.scale }),
      );
    }
    if (lora && dz && dA) {
      const gradient = target(dA, further.A);
      dispatches.push(...matmulGradient(lowering, { dy: dz, x, gradient, dropout: lora.dropout }));
    }
    if (dx) {
      const pair = lora && dz && A ? { dz, A, dropout: lora.dropout } : undefined;
      dispatches.push(...matmulTransposed(lowering, { dy, dx, weight, soFar, lora: pair }));
    }
    return dispatches;
  },
});

/** x = y W, f32 [rows, in]: the way back through a linear map. Not differentiated. */
export function transposedLinear(builder: Builder, y: Tensor, weight: Weight): Tensor {
  const inputs = { ...weightTensors(weight), dy: y, x: y };
  const outputs: Record<string, TensorType> = { dx: f32('rows', weight.in) };
  return builder.apply(backward, inputs, outputs, { weight, lora: undefined, further: {} })['dx']!;
}

function target(tensor: Tensor, further = false): { tensor: Tensor; further: boolean } {
  return { tensor, further };
}
