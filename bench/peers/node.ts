import { peers, type PeersEnvironment } from './index';
import type { Peer } from './peer';

/** Dawn crashes the process where this object is collected while its devices are in use: hence it is kept here. */
let dawn: GPU | undefined;

/** The rivals on Dawn in Node: `navigator.gpu`, where they look for WebGPU, is put in place before they are loaded. */
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
