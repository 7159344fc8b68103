import { peers, type PeersEnvironment } from './index';
import type { Peer } from './peer';

/** Kept here, because Dawn crashes the process if this object is garbage-collected while its devices are in use. */
let dawn: GPU | undefined;

/** The peers on Dawn in Node. Sets `navigator.gpu`, where they look for WebGPU, before it loads them. */
export async function peersInNode(environment: PeersEnvironment): Promise<readonly Peer[]> {
  if (!dawn) {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    dawn = create([]);
    Object.defineProperty(globalThis, 'navigator', {
      value: { gpu: dawn, userAgent: `Node ${process.versions.node}` },
      configurable: true,
    });
  }
  return await peers(environment);
}
