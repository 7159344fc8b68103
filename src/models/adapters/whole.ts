import { TunesmithError } from '../../core/errors';
import { DEFAULT_BINDING_BYTES } from '../../ops/op';
import { rowParts } from '../layout';
import {
  blockPath,
  checkpointTensors,
  embeddingName,
  headName,
  type ModelSpec,
  type TensorSpec,
} from '../spec';
import type { WholeSettings } from './settings';

/** A tensor of the base that is trained itself. */
export interface WholeTensor extends Pick<TensorSpec, 'name' | 'shape' | 'kind' | 'add'> {
  /** f32 elements from the start of the flat buffer of parameters; a multiple of 64. */
  readonly offset: number;
  /** The same as `shape`: nothing is padded. */
  readonly padded: readonly number[];
}

/** The runs of a trained matrix's rows, each small enough for one binding of any device. */
export function wholeParts({ shape }: Pick<WholeTensor, 'shape'>): ReturnType<typeof rowParts> {
  const [out = 0, input = 1] = shape;
  return rowParts(out, input, 4, DEFAULT_BINDING_BYTES);
}

/**
 * The tensors of the base that the settings train themselves, in the order of the checkpoint: all of them with the
 * `finetuning_type` full, some of them with freeze.
 *
 * @throws TunesmithError `trained_module_unknown` for a name that the model lacks
 */
export function wholeTensors(spec: ModelSpec, settings: WholeSettings): readonly TensorSpec[] {
  const all = checkpointTensors(spec);
  const { finetuning_type: type } = settings;
  if (type === 'full') return all;
  if (type !== 'freeze') return [];
  const chosen = freezeTensors(spec, settings);
  return all.filter(({ name }) => chosen.has(name));
}

/**
 * LLaMA-Factory's freeze tuning: of the last `freeze_trainable_layers` blocks, or the first ones if it is negative, the
 * modules that `freeze_trainable_modules` names; and `freeze_extra_modules` outside the blocks.
 */
function freezeTensors(
  spec: ModelSpec,
  {
    freeze_trainable_layers: layers,
    freeze_trainable_modules: modules,
    freeze_extra_modules: extra,
  }: WholeSettings,
): ReadonlySet<string> {
  const count = spec.blocks.length;
  const blocks = [...spec.blocks.keys()].slice(
    ...(layers > 0 ? [Math.max(0, count - layers), count] : [0, Math.min(-layers, count)]),
  );
  const names = checkpointTensors(spec).map(({ name }) => name);
  const insideOf = (block: number): readonly string[] => {
    const path = blockPath(spec, block) + '.';
    return names.filter((name) => name.startsWith(path)).map((name) => name.slice(path.length));
  };
  const isAll = modules.includes('all');
  const known = new Set([...spec.blocks.keys()].flatMap(insideOf).map(firstName));
  requireKnown('freeze_trainable_modules', isAll ? [] : modules, [...known]);
  return new Set([
    ...blocks.flatMap((block) =>
      insideOf(block)
        .filter((name) => isAll || modules.includes(firstName(name)))
        .map((name) => `${blockPath(spec, block)}.${name}`),
    ),
    ...outerTensors(spec, extra),
  ]);
}

/** The tensors of modules outside the blocks: the embedding, the last norm, the head. A tied head is the embedding. */
function outerTensors(spec: ModelSpec, modules: readonly string[]): readonly string[] {
  const outer = checkpointTensors({ ...spec, blocks: [] }).map(({ name }) => name);
  const nameOf = (tensor: string): string => tensor.split('.').at(-2) ?? tensor;
  const known = new Map(outer.map((tensor) => [nameOf(tensor), tensor]));
  if (spec.tiedHead) known.set(nameOf(headName()), embeddingName(spec));
  requireKnown('freeze_extra_modules', modules, [...known.keys()]);
  return modules.flatMap((module) => known.get(module) ?? []);
}

function firstName(path: string): string {
  return path.split('.')[0] ?? path;
}

function requireKnown(setting: string, given: readonly string[], names: readonly string[]): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TunesmithError({ code: 'trained_module_unknown', values: { setting, name: unknown, names } });
}
