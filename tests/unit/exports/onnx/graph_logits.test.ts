import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { firstWithRoom } from '../../../../src/exports/onnx/graph_logits';

const full = (): Promise<string> =>
  Promise.reject(new TunesmithError({ code: 'onnx_no_memory', values: { file: 'model.onnx' } }));

describe('the runtime without memory for the whole model', () => {
  it('goes on in pieces', async () => {
    expect(await firstWithRoom([full, () => Promise.resolve('pieces')])).toBe('pieces');
  });

  it('gives up if it has none for pieces either', async () => {
    expect(await firstWithRoom([full, full])).toBeUndefined();
  });

  it('tells other errors', async () => {
    const refused = new TunesmithError({ code: 'export_onnx_float16' });
    const broken = () => Promise.reject(refused);
    await expect(firstWithRoom([broken, () => Promise.resolve('pieces')])).rejects.toBe(refused);
  });
});
