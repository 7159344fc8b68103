/**
 * llama.cpp, as node-llama-cpp 3.21.1 builds it for processors. The keys and values of attention stay in float32, so that
 * only the products of llama.cpp round.
 */

type Input =
  number | readonly [id: number, options: { readonly generateNext: { readonly probabilities: true } }];
interface Sequence {
  controlledEvaluate(
    input: readonly Input[],
  ): Promise<
    readonly ({ readonly next: { readonly probabilities: ReadonlyMap<number, number> } } | undefined)[]
  >;
}
interface Context {
  getSequence(): Sequence;
  dispose(): Promise<void>;
}
interface Model {
  readonly tokens: { readonly bos: number | null; readonly eos: number | null };
  createContext(options: object): Promise<Context>;
  tokenize(text: string, specialTokens: boolean): readonly number[];
  dispose(): Promise<void>;
}
interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<Model>;
}
interface NodeLlamaCpp {
  getLlama(options: object): Promise<Llama>;
}

/** The package is installed for these tests alone, so the type checker does not see it. */
const PACKAGE = 'node-llama-cpp';

let running: Promise<Llama> | undefined;

function llamaCpp(): Promise<Llama> {
  running ??= import(PACKAGE).then((module: NodeLlamaCpp) =>
    module.getLlama({ build: 'never', gpu: false, logLevel: 'error' }),
  );
  return running;
}

export interface LlamaOptions {
  /** Path of an adapter. */
  readonly lora?: string | undefined;
  readonly threads?: number | undefined;
}

export interface GreedyOptions {
  readonly count: number;
  readonly isLast: (id: number) => boolean;
  readonly threads?: number;
}

/** A GGUF file that llama.cpp has opened. */
export interface LlamaModel {
  /** The logarithms of the probabilities of every token after each of `ids`, [ids, vocabulary]. */
  logProbabilities(ids: readonly number[], options?: LlamaOptions): Promise<Float64Array>;
  /** The likeliest tokens after `ids`, one after the other, up to one that `isLast` or to `count` of them. */
  greedy(ids: readonly number[], options: GreedyOptions): Promise<readonly number[]>;
  /** The tokens of a text, without the ones that begin or end it. Text in the form of a special token is one. */
  tokenize(text: string): readonly number[];
}

/** Opens a GGUF file in llama.cpp while `work` runs. */
export async function withLlama<T>(path: string, work: (model: LlamaModel) => Promise<T>): Promise<T> {
  const llama = await llamaCpp();
  const model = await llama.loadModel({ modelPath: path });
  try {
    return await work({
      logProbabilities: (ids, options) => logProbabilities(model, ids, options),
      greedy: (ids, options) => greedy(model, ids, options),
      tokenize: (text) => model.tokenize(text, true),
    });
  } finally {
    await model.dispose();
  }
}

const EVERY = { generateNext: { probabilities: true } } as const;

async function logProbabilities(
  model: Model,
  ids: readonly number[],
  options: LlamaOptions = {},
): Promise<Float64Array> {
  return await withSequence(model, { ...options, length: ids.length + 1 }, async (sequence) => {
    const rows = await sequence.controlledEvaluate(ids.map((id) => [id, EVERY]));
    const vocabulary = rows[0]?.next.probabilities.size ?? 0;
    const result = new Float64Array(ids.length * vocabulary).fill(NaN);
    rows.forEach((row, position) =>
      row?.next.probabilities.forEach((probability, token) => {
        result[position * vocabulary + token] = Math.log(probability);
      }),
    );
    return result;
  });
}

async function greedy(
  model: Model,
  ids: readonly number[],
  { count, isLast, threads }: GreedyOptions,
): Promise<readonly number[]> {
  return await withSequence(model, { threads, length: ids.length + count }, async (sequence) => {
    const answer: number[] = [];
    let next = ids;
    while (answer.length < count) {
      const input = next.map((id, at): Input => (at === next.length - 1 ? [id, EVERY] : id));
      const rows = await sequence.controlledEvaluate(input);
      let [likeliest, most] = [NaN, -Infinity];
      for (const [id, probability] of rows.at(-1)?.next.probabilities ?? [])
        if (probability > most) [likeliest, most] = [id, probability];
      answer.push(likeliest);
      if (isLast(likeliest)) break;
      next = [likeliest];
    }
    return answer;
  });
}

async function withSequence<T>(
  model: Model,
  { lora, threads = 1, length }: LlamaOptions & { readonly length: number },
  work: (sequence: Sequence) => Promise<T>,
): Promise<T> {
  const context = await model.createContext({
    contextSize: Math.max(32, length),
    // Threads that wait for one another take a thousand times as long as the products of a tiny model.
    threads,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
    ...(lora !== undefined && { lora: { adapters: [{ filePath: lora, scale: 1 }] } }),
  });
  try {
    return await work(context.getSequence());
  } finally {
    await context.dispose();
  }
}
