// Measures peers on this GPU adapter for comparison: the same computations, with checked results.
import { dependencies, devDependencies } from '../../package.json';
import { blockArrays, type BlockResults } from './block';
import { checkSmallBlock, compareBlocks, SMALL_BLOCK } from './check';
import type { Framework } from './framework';
import { measurement, type Measurement, type Peer } from './peer';
import {
  BLOCK,
  blockName,
  DECODER,
  MATMULS,
  type BlockShape,
  type DecoderShape,
  type MatmulShape,
} from './shapes';

export type { Measurement, Peer } from './peer';

export interface PeersEnvironment {
  readonly matmuls?: readonly MatmulShape[];
  readonly block?: BlockShape;
  readonly decoder?: DecoderShape;
}

interface Opened {
  readonly measurements: readonly Measurement[];
  close(): Promise<void>;
}

/**
 * Opens the peers on the adapter that `navigator.gpu` prefers, each with its own device. In Node, `navigator.gpu` must
 * already be Dawn's. A peer that does not run here has no measurements, and a note with the reason.
 */
export async function peers(environment: PeersEnvironment): Promise<readonly Peer[]> {
  const { matmuls = MATMULS, block = BLOCK, decoder = DECODER } = environment;
  const blockResults = new Map<string, BlockResults>();

  const peer = async (
    name: string,
    version: string,
    open: (notes: string[]) => Promise<Opened>,
  ): Promise<Peer> => {
    const notes: string[] = [];
    try {
      return { name, version, notes, ...(await open(notes)) };
    } catch (error) {
      notes.push(`does not run here: ${error instanceof Error ? error.message : String(error)}`);
      return { name, version, notes, measurements: [], close: () => Promise.resolve() };
    }
  };

  const framework = async (name: string, opened: Framework, notes: string[]): Promise<Opened> => {
    const small = opened.block(blockArrays(SMALL_BLOCK));
    notes.push(...checkSmallBlock(await small.results()));
    small.dispose();
    const running = opened.block(blockArrays(block));
    const compare = async () => {
      const results = await running.results();
      for (const [other, theirs] of blockResults)
        notes.push(...compareBlocks(theirs, results).map((text) => `beside ${other}: ${text}`));
      blockResults.set(name, results);
    };
    return {
      measurements: [
        ...matmuls.map((shape) => opened.matmul(shape)),
        measurement(
          blockName(block),
          () => {
            running.start();
          },
          () => opened.finish(),
          compare,
        ),
      ],
      close: () => {
        running.dispose();
        opened.close();
        return Promise.resolve();
      },
    };
  };

  // Imported only now, because the caller may have set up the globals that they use just before.
  return [
    await peer('jax-js', devDependencies['@jax-js/jax'], async (notes) => {
      const { openJax } = await import('./jax');
      return framework('jax-js', await openJax(), notes);
    }),
    await peer('TensorFlow.js', devDependencies['@tensorflow/tfjs-core'], async (notes) => {
      const { openTensorFlow } = await import('./tfjs');
      return framework('TensorFlow.js', await openTensorFlow(), notes);
    }),
    await peer('onnxruntime-web', dependencies['onnxruntime-web'], async (notes) => {
      if (!('location' in globalThis)) throw new Error('it runs in a browser only');
      const { openOnnxRuntime } = await import('./onnxruntime');
      return openOnnxRuntime(decoder, notes);
    }),
  ];
}
