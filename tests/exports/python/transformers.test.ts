import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  adapted,
  families,
  loadFixture,
  type Adapted,
  type Family,
  type Variant,
} from '../../parity/fixtures';
import { report } from '../report';
import { exportTo, pathsOf, useDevice, useFolder, withTuned } from '../tuned';
import { usePython } from './python';

/** Exports as transformers and peft open them, against base and adapter as they compute them. */

const device = useDevice();
const folder = useFolder();
const python = usePython();

const cases = [...families, ...adapted].flatMap((name) =>
  loadFixture(name).variants.map((variant): [Family | Adapted, Variant] => [name, variant]),
);

/** The rounding is the same code for all families and bases; the names and shapes of tensors are not. */
function dtypesOf(name: Family | Adapted, variant: Variant): readonly string[] {
  if (variant === 'nf4') return ['float32'];
  return name === 'llama' ? ['float32', 'float16', 'bfloat16'] : ['float32', 'bfloat16'];
}

it.each(cases)('%s, %s', async (name, variant) => {
  const paths = pathsOf(loadFixture(name), variant);
  const load_in_4bit = variant === 'nf4';
  const { base, ids: input_ids } = paths;
  const at = folder(`${name.replace('/', '-')}-${variant}`);
  await withTuned(device.open(), paths, async (tuned) => {
    const peft = await exportTo(`${at}-peft`, tuned, 'peft');
    const logits = `${at}.f32`;
    await writeFile(logits, tuned.logits);
    const request = { base, load_in_4bit, input_ids };
    const adapter = await python('adapter', { ...request, adapter: peft.folder, logits });
    report({ program: 'peft', model: `${name}, ${variant}`, export: 'peft', ...adapter });
    expect(adapter.difference).toBeLessThanOrEqual(adapter.allowed);
    expect(adapter.allowed).toBeLessThan(adapter.effect);

    for (const dtype of dtypesOf(name, variant)) {
      const options = { export_dtype: dtype, max_shard_size: '60KB' };
      const merged = await exportTo(`${at}-${dtype}`, tuned, 'merged', options);
      const { weights, ...answer } = await python('merged', {
        ...request,
        adapter: peft.folder,
        merged: merged.folder,
      });
      report({
        program: 'transformers',
        model: `${name}, ${variant}`,
        export: `merged ${dtype}`,
        ...answer,
      });
      expect(answer.difference).toBeLessThanOrEqual(answer.allowed);
      expect(answer.allowed).toBeLessThan(answer.effect);
      expect(weights).toBeLessThanOrEqual(1);
    }
  });
});
