import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { PipelineCache } from '../../../src/gpu/pipelines';

const request = { kernel: 'adamw', constants: {}, overrides: {}, writes: [true] };

beforeEach(() => vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 }));
afterEach(() => vi.unstubAllGlobals());

/** Pipelines of a device that makes none. @param failure what the device reports */
function refused(getCompilationInfo: () => Promise<unknown>, failure?: TunesmithError): PipelineCache {
  const gpu = {
    lost: Promise.resolve(),
    createShaderModule: () => ({ getCompilationInfo }),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: () => Promise.reject(new Error('no pipeline')),
  } as unknown as GPUDevice;
  const check = (): void => {
    if (failure) throw failure;
  };
  return new PipelineCache({ gpu, check });
}

describe('a pipeline that can’t be made', () => {
  it('is refused with the compiler’s words', async () => {
    const messages = [{ lineNum: 3, message: 'unknown type' }];
    await expect(refused(() => Promise.resolve({ messages })).get(request)).rejects.toMatchObject({
      code: 'shader_rejected',
      detail: 'adamw:3: unknown type',
    });
  });

  it.each([
    ['has no words', () => Promise.resolve({ messages: [] })],
    ['can’t be asked', () => Promise.reject(new Error('Instance dropped'))],
  ])('is told as the loss of the device if the compiler %s', async (_, ask) => {
    const lost = new TunesmithError({ code: 'device_lost' });
    await expect(refused(ask, lost).get(request)).rejects.toBe(lost);
    await expect(refused(ask).get(request)).rejects.toMatchObject({ code: 'shader_rejected' });
  });
});
