import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inEnglish } from '../../../../src/core/messages/english';
import { writeSafetensors } from '../../../../src/formats/safetensors';
import { fetchWithoutWeights, findOnHub } from '../../../../src/session/models/hub';
import { startHub } from '../../../hub/server';
import { hubAt } from '../../hub/world';
import { CONFIG, madeUpTensors } from '../../models/made_up';

it('tells which of the small files is being fetched', async () => {
  const names = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];
  const demo = new URL('../../../../public/models/demo/', import.meta.url);
  const small = names.map((name) => [name, new Uint8Array(readFileSync(new URL(name, demo)))] as const);
  const files = Object.fromEntries([
    ...small,
    ['model.safetensors', writeSafetensors(madeUpTensors(CONFIG))] as const,
  ]);
  const server = await startHub({ models: [{ repo: 'maker/model', files }] });
  try {
    const hub = hubAt(server.url);
    const told: unknown[] = [];
    await fetchWithoutWeights(hub, await findOnHub(hub, { repo: 'maker/model' }), ({ label }) =>
      told.push(inEnglish(label)),
    );
    expect(told.toSorted()).toEqual(names.map((name) => `Downloading ${name} of maker/model`));
  } finally {
    await server.close();
  }
});
