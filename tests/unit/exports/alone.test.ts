import { expect, it, vi } from 'vitest';
import { aloneOf, planAlone } from '../../../src/exports/alone';
import type { ExportFile, ExportPlan } from '../../../src/exports/format';
import { runExport } from '../../../src/exports/run';
import { memoryTarget } from '../../../src/exports/targets/memory_target';

const file = (name: string): ExportFile => ({ name, size: 3, parts: () => [new Uint8Array([1, 2, 3])] });
const check = vi.fn<ExportPlan['check']>(() => Promise.resolve({ checked: [], difference: 0, allowed: 0 }));
const files = [file('tiny.gguf'), file('Modelfile'), file('README.md')];

it('a file that works without the others is written and checked alone', async () => {
  const target = memoryTarget();
  await runExport(planAlone({ files, check, alone: { name: 'tiny.gguf' } }), target);
  expect([...target.files.keys()]).toEqual(['tiny.gguf']);
  expect([...check.mock.calls[0]![0].keys()]).toEqual(['tiny.gguf']);
});

it('a plan without such a file keeps all of them', () => {
  expect(planAlone({ files, check }).files).toEqual(files);
});

it('its size is told, without that of the others', () => {
  expect(aloneOf({ files, check, alone: { name: 'tiny.gguf' } })).toEqual({ name: 'tiny.gguf', bytes: 3 });
  expect(aloneOf({ files, check })).toBeUndefined();
});
