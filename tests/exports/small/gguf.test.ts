import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GGUF_FILE_TYPES } from '../../../src/exports/gguf/file_types';
import { isGgmlPacked } from '../../../src/formats/ggml/types';
import { families, loadFixture, type Family } from '../../parity/fixtures';
import { quantizeFile } from '../llama_cpp/ggml';
import { judgeFloats, judgeQuantised, tensorsOf } from '../llama_cpp/judge';
import { MADE_MODELS, writeMadeModel, type MadeName } from '../made_models';
import { report } from '../report';
import {
  exportTo,
  pathsOf,
  useDevice,
  useFolder,
  useTuned,
  withBaseAlone,
  type Exported,
  type Tuned,
  type TunedPaths,
} from '../tuned';

/** GGUF exports in llama.cpp. */

const device = useDevice();
const folder = useFolder();

/** Fixtures with settings that llama.cpp has as constants of its own. A made-up model has the same family without them. */
const REFUSED: readonly Family[] = [
  ...(['smollm3', 'gemma3', 'gemma3_conditional', 'glm', 'lfm2_bias', 'llama_yarn'] as const),
];

/** llama.cpp attends to all tokens in families whose windows it does not know: shorter texts are the same. */
const WINDOWS: Readonly<Record<string, number>> = { mistral: 6, qwen2_sliding: 5 };

/** F32 comes first: llama.cpp makes the quantised files of it. */
const FLOATS = GGUF_FILE_TYPES.filter(({ type }) => !isGgmlPacked(type)).reverse();
const QUANTISED = GGUF_FILE_TYPES.filter(({ type }) => isGgmlPacked(type));

/** Exported in every type: rows of whole blocks, heads of their own and tied ones, and what a family adds to Llama's. */
const WHOLE: readonly string[] = ['wide_llama', 'wide_qwen2_tied', 'lfm2', 'gemma3_head_scale'];
/** The types of a file, of which the others have those that show where llama.cpp puts which. */
const typesOf = (model: string) =>
  WHOLE.includes(model)
    ? { floats: FLOATS, quantised: QUANTISED }
    : {
        floats: FLOATS.filter(({ name }) => name === 'F32'),
        quantised: QUANTISED.filter(({ name }) => name === 'Q4_K_M'),
      };

interface Case {
  readonly name: string;
  readonly paths: TunedPaths | (() => Promise<TunedPaths>);
}

/** An adapter whose modules have ranks and alphas of their own. */
const patterns = fileURLToPath(new URL('../../parity/fixtures/merged/lora/adapter', import.meta.url));

const cases: readonly Case[] = [
  ...families
    .filter((family) => !REFUSED.includes(family))
    .map((name) => ({ name, paths: pathsOf(loadFixture(name), 'f32') })),
  { name: 'qwen3_nf4', paths: pathsOf(loadFixture('qwen3'), 'nf4') },
  { name: 'qwen3_patterns', paths: otherAdapter(pathsOf(loadFixture('qwen3'), 'f32'), patterns) },
  { name: 'pissa', paths: pathsOf(loadFixture('pissa/qwen2'), 'f32') },
  ...(Object.keys(MADE_MODELS) as MadeName[]).map((name) => ({
    name,
    paths: () => writeMadeModel(name, folder(`made-${name}`)),
  })),
];

/** A base with an adapter whose logits are not known. */
function otherAdapter({ base, variant, ids }: TunedPaths, adapter: string): TunedPaths {
  return { base, adapter, variant, ids };
}

async function ggufOf(
  tuned: Tuned,
  at: string,
  quantization: string,
): Promise<Exported & { readonly path: string }> {
  const exported = await exportTo(at, tuned, 'gguf', { quantization });
  return { ...exported, path: exported.files.find((name) => name.endsWith('.gguf'))! };
}

describe.each(cases)('$name', ({ name, paths }) => {
  const tuned = useTuned(device, paths);
  const at = (file: string): string => folder(`${name}-${file}`);
  const count = (): number => WINDOWS[name] ?? tuned().ids.length;
  const program = 'llama.cpp';
  const { floats: floatTypes, quantised } = typesOf(name);
  let floats = '';

  it.each(floatTypes)('gguf $name', async ({ name: quantization }) => {
    const { path, bytes, seconds } = await ggufOf(tuned(), at(quantization), quantization);
    if (quantization === 'F32') floats = path;
    const judged = await judgeFloats(tuned(), path, { count: count() });
    report({ program, model: name, export: `gguf ${quantization}`, ...judged, bytes, seconds });
    expect(judged.difference).toBeLessThanOrEqual(judged.allowed);
    expect(judged.allowed).toBeLessThan(judged.effect);
  });

  it.each(quantised)('gguf $name is what llama.cpp makes of F32', async (fileType) => {
    const { name: quantization } = fileType;
    const { path, bytes, seconds } = await ggufOf(tuned(), at(quantization), quantization);
    const theirs = at(`${quantization}.gguf`);
    quantizeFile(floats, theirs, fileType);
    const [ours, expected] = [await tensorsOf(path), await tensorsOf(theirs)];
    expect([...ours.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [tensor, { type, bytes: encoded }] of expected) {
      expect(ours.get(tensor)?.type, tensor).toBe(type);
      expect(Buffer.compare(ours.get(tensor)!.bytes, encoded), tensor).toBe(0);
    }
    const judged = await judgeQuantised(tuned(), path, floats, count());
    report({ program, model: name, export: `gguf ${quantization}`, ...judged, bytes, seconds });
    expect(judged.divergence).toBeLessThanOrEqual(judged.explained);
  });

  it('gguf-lora over the base in F32', async () => {
    const base = await withBaseAlone(tuned(), () => ggufOf(tuned(), at('base'), 'F32'));
    const { files, bytes, seconds } = await exportTo(at('lora'), tuned(), 'gguf-lora');
    const lora = files.find((file) => file.endsWith('.gguf'))!;
    const judged = await judgeFloats(tuned(), base.path, { count: count(), lora });
    report({ program, model: name, export: 'gguf-lora', ...judged, bytes, seconds });
    expect(judged.difference).toBeLessThanOrEqual(judged.allowed);
    expect(judged.allowed).toBeLessThan(judged.effect);
  });
});

describe.each(REFUSED)('%s', (family) => {
  const tuned = useTuned(device, pathsOf(loadFixture(family), 'f32'));

  it('is refused by name', async () => {
    for (const format of ['gguf', 'gguf-lora']) {
      const refused = exportTo(folder(`refused-${family}-${format}`), tuned(), format);
      await expect(refused).rejects.toMatchObject({ code: 'gguf_unrunnable' });
    }
  });
});
