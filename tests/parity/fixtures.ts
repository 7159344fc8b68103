import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { floatsOf, isFloatDtype } from '../../src/core/dtype';
import { readTensors, type TensorBytes } from '../../src/formats/safetensors';

/** The files that make_fixtures.py wrote, typed. README.md beside it says how each number was computed. */

/** Those with 20 updates and bitsandbytes' bytes. */
export const trainedFamilies = ['llama', 'qwen2', 'qwen3', 'lfm2'] as const;
export const families = [
  ...trainedFamilies,
  'mistral',
  'qwen2_sliding',
  'smollm3',
  'gemma3',
  'gemma3_conditional',
  'ernie4_5',
  'glm',
  'lfm2_bias',
  'llama_linear',
  'llama_dynamic',
  'llama_yarn',
] as const;
export type Family = (typeof families)[number];

/** The fixtures of make_dora.py, make_pissa.py and make_kinds.py: other kinds of adapters over models of the above. */
export const adapted = ['dora/qwen2', 'pissa/qwen2', 'oft/qwen2', 'ia3/qwen2'] as const;
export type Adapted = (typeof adapted)[number];

/** The fixtures of make_formats.py: the ways in which weights are published. */
export const formats = [
  'shards',
  'bnb_nf4',
  'bnb_nf4_double',
  'gptq',
  'gptq_symmetric',
  'awq',
  'gguf_llama',
  'gguf_llama_k',
  'gguf_qwen2',
] as const;
export type Format = (typeof formats)[number];

/** The base in float32, or with its decoder's linear layers in NF4 with double quantisation. */
export type Variant = 'f32' | 'nf4';

/** One example without padding; -100 marks labels that are not trained on. */
export interface Example {
  readonly input_ids: readonly number[];
  readonly labels: readonly number[];
}

/** One family's expected.json. */
export interface Expected {
  readonly lora: {
    readonly r: number;
    readonly lora_alpha: number;
    readonly lora_dropout: number;
    readonly use_rslora: boolean;
    readonly target_modules: readonly string[] | string;
  };
  /** Of the updates; for `trainedFamilies` only, as `train`. */
  readonly settings?: {
    readonly learning_rate: number;
    readonly lr_scheduler_type: 'linear';
    readonly warmup_steps: number;
    readonly max_steps: number;
    readonly per_device_train_batch_size: number;
    readonly gradient_accumulation_steps: number;
    readonly adam_beta1: number;
    readonly adam_beta2: number;
    readonly adam_epsilon: number;
    readonly weight_decay: number;
    readonly max_grad_norm: number;
  };
  readonly batch: readonly Example[];
  readonly train?: {
    readonly examples: readonly Example[];
    /** Indices into `examples`: [step][micro-batch][example]. */
    readonly micro_batches: readonly (readonly (readonly number[])[])[];
  };
  /** Absent if the tokenizer is in a GGUF file. */
  readonly chat?: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly text: string;
    readonly input_ids: readonly number[];
  };
  readonly tolerance_factor: number;
  readonly variants: Readonly<Partial<Record<Variant, ExpectedVariant>>>;
}

/** The results of 20 updates, one number for each. */
export interface ExpectedUpdates {
  readonly losses: readonly number[];
  /** Before clipping. */
  readonly grad_norms: readonly number[];
  /** The rate that the update was made with. */
  readonly learning_rates: readonly number[];
  readonly target_tokens: readonly number[];
}

/**
 * Computed in float64, but for `torch_error`: how far PyTorch in float32 is from it at most, by tensor or number.
 * Updates are there for `trainedFamilies` only.
 */
export interface ExpectedVariant extends Partial<ExpectedUpdates> {
  /** Of the batch, with the adapter. */
  readonly loss: number;
  /** Twelve tokens after the second example of the batch, by the base alone and with the adapter. */
  readonly greedy: { readonly base: readonly number[]; readonly adapter: readonly number[] };
  readonly torch_error: Readonly<Record<string, number>>;
}

/** A weight as bitsandbytes stores it. */
export interface ExpectedNF4 {
  /** Two codes a byte. */
  readonly codes: Uint8Array;
  readonly absmax: Uint8Array;
  readonly nestedAbsmax: Float32Array;
  readonly nestedQuantMap: Float32Array;
  readonly offset: number;
}

export interface Fixture {
  /** Path of the model's folder. */
  readonly folder: string;
  /** Path of the adapter's. */
  readonly adapterFolder: string;
  readonly expected: Expected;
  /** The checkpoint's tensors by name, as stored. */
  readonly weights: () => ReadonlyMap<string, TensorBytes>;
  /** The adapter's tensors by PEFT's names, f32. */
  readonly adapter: ReadonlyMap<string, TensorBytes>;
  /** PiSSA's pair before the training, by PEFT's names, f32; the adapter is the pair after it. */
  readonly start: ReadonlyMap<string, TensorBytes> | undefined;
  /** The numbers were computed with each of these. */
  readonly variants: readonly Variant[];
  /** `logits`, `base_logits`, `token_losses`, `grad.<PEFT's name>` or `trained.<PEFT's name>`, in float64. */
  readonly exact: (variant: Variant, name: string) => Float64Array;
  /** How far from `exact` a float32 computation of the tensor may be anywhere. */
  readonly tolerance: (variant: Variant, name: string) => number;
}

export function loadFixture(name: Family | Adapted): Fixture {
  const pathOf = (folder: string): string => fileURLToPath(new URL(`fixtures/${folder}/`, import.meta.url));
  return readFixture(pathOf(name), pathOf(name.slice(name.indexOf('/') + 1)));
}

/** Its numbers are those of the variant `f32`, computed with what the stored bytes stand for. */
export function loadFormat(format: Format): Fixture {
  return readFixture(fileURLToPath(new URL(`fixtures/formats/${format}/`, import.meta.url)));
}

function readFixture(folder: string, base = folder): Fixture {
  const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Expected;
  const tensors = readFile(`${folder}expected.safetensors`);
  const variants = (['f32', 'nf4'] as const).filter((variant) => expected.variants[variant]);
  const exact = (variant: Variant, name: string): Float64Array => {
    const { dtype, data } = tensorOf(tensors, `${variant}.${name}`);
    const { buffer } = data.slice();
    return dtype === 'F64' ? new Float64Array(buffer) : Float64Array.from(new Float32Array(buffer));
  };

  return {
    folder: base,
    adapterFolder: `${folder}adapter`,
    expected,
    weights: () => readFile(`${base}model.safetensors`),
    adapter: readFile(`${folder}adapter/adapter_model.safetensors`),
    start: existsSync(`${folder}start.safetensors`) ? readFile(`${folder}start.safetensors`) : undefined,
    variants,
    exact,
    tolerance(variant, name) {
      const relative = variants.flatMap((each) =>
        Object.entries(expected.variants[each]?.torch_error ?? {})
          .filter(([other]) => kind(other) === kind(name))
          .map(([other, error]) => error / largest(exact(each, other))),
      );
      return expected.tolerance_factor * Math.max(...relative) * largest(exact(variant, name));
    },
  };
}

/** The updates of one of `trainedFamilies`. */
export function updatesOf(
  { settings, train, variants }: Expected,
  variant: Variant,
): { settings: NonNullable<Expected['settings']>; train: NonNullable<Expected['train']> } & ExpectedUpdates {
  const { losses, grad_norms, learning_rates, target_tokens } = variants[variant] ?? {};
  if (!settings || !train || !losses || !grad_norms || !learning_rates || !target_tokens) {
    throw new Error('This fixture has no updates.');
  }
  return { settings, train, losses, grad_norms, learning_rates, target_tokens };
}

/** A fixture's weights as bitsandbytes quantises them, for `trainedFamilies`. */
export function loadNF4(family: (typeof trainedFamilies)[number]): {
  /** Names of the weights that 4-bit loading quantises. */
  readonly quantized: readonly string[];
  readonly nf4: (weight: string) => ExpectedNF4;
} {
  const tensors = readFile(fileURLToPath(new URL(`fixtures/${family}/nf4.safetensors`, import.meta.url)));
  return {
    quantized: [...tensors.keys()].filter((name) => name.endsWith('.weight')),
    nf4: (weight) => readNF4(tensors, weight),
  };
}

/**
 * How far from `expected.variants[…][name]` a float32 computation may be. For a loss, the error of all losses counts,
 * those of the tokens where there are no others: a single one may be right by luck.
 */
export function numberTolerance(expected: Expected, name: 'loss' | 'losses' | 'grad_norms'): number {
  const names = name === 'grad_norms' ? [name] : ['loss', expected.train ? 'losses' : 'token_losses'];
  const errors = Object.values(expected.variants).flatMap(({ torch_error }) =>
    names.map((each) => torch_error[each] ?? NaN),
  );
  return expected.tolerance_factor * Math.max(...errors);
}

/** A tensor of floats, exactly, as f32 values. */
export function valuesOf(tensors: ReadonlyMap<string, TensorBytes>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor || !isFloatDtype(tensor.dtype)) throw new Error(`There is no tensor of floats "${name}".`);
  return floatsOf(tensor.dtype, tensor.data);
}

/** The path of a fixture's model: its folder, or the GGUF file in it. */
export function modelPath({ folder }: Fixture): string {
  const gguf = readdirSync(folder).find((name) => name.endsWith('.gguf'));
  return gguf === undefined ? folder : `${folder}/${gguf}`;
}

/** The largest difference anywhere; NaN if any value is NaN or the lengths differ. */
export function maxError(ours: ArrayLike<number>, exact: ArrayLike<number>): number {
  if (ours.length !== exact.length) return NaN;
  let error = 0;
  for (let i = 0; i < exact.length; i++) error = Math.max(error, Math.abs(ours[i]! - exact[i]!));
  return error;
}

function readFile(path: string): Map<string, TensorBytes> {
  return readTensors(new Uint8Array(readFileSync(path)), path).tensors;
}

function tensorOf(tensors: ReadonlyMap<string, TensorBytes>, name: string): TensorBytes {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`The fixture has no tensor "${name}".`);
  return tensor;
}

function bytesOfTensor(tensors: ReadonlyMap<string, TensorBytes>, name: string): Uint8Array {
  return tensorOf(tensors, name).data;
}

function readNF4(tensors: ReadonlyMap<string, TensorBytes>, weight: string): ExpectedNF4 {
  const state = bytesOfTensor(tensors, `${weight}.quant_state.bitsandbytes__nf4`);
  const { nested_offset } = JSON.parse(new TextDecoder().decode(state)) as { nested_offset: number };
  return {
    codes: bytesOfTensor(tensors, weight),
    absmax: bytesOfTensor(tensors, `${weight}.absmax`),
    nestedAbsmax: valuesOf(tensors, `${weight}.nested_absmax`),
    nestedQuantMap: valuesOf(tensors, `${weight}.nested_quant_map`),
    offset: nested_offset,
  };
}

/** Tensors of one kind err alike, relative to their largest value; the worst of them is no accident of one tensor. */
function kind(name: string): string {
  const part = /lora_([AB]|magnitude_vector)|oft_R|ia3_l/.exec(name);
  return part ? `${name.split('.')[0] ?? ''}.${part[0]}` : name.replace('base_', '');
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
