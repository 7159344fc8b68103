import { basename, dirname } from 'node:path';

/** transformers.js in Node, with models on disk alone. */

interface Tensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint>;
  readonly type: string;
  dispose(): void;
}
interface Tokenizer {
  encode(text: string, options: { readonly add_special_tokens: boolean }): readonly number[];
  apply_chat_template(messages: readonly object[], options: object): string;
}
interface Model {
  (inputs: Readonly<Record<string, Tensor>>): Promise<{ readonly logits: Tensor }>;
  generate(options: object): Promise<Tensor>;
  dispose(): Promise<unknown>;
}
export interface Transformers {
  readonly env: { localModelPath: string; allowRemoteModels: boolean };
  readonly AutoTokenizer: { from_pretrained(name: string): Promise<Tokenizer> };
  readonly AutoModelForCausalLM: {
    from_pretrained(name: string, options: object): Promise<Model>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => Tensor;
}

/** The package is installed for these tests alone, so the type checker does not see it. */
const PACKAGE = '@huggingface/transformers';

/** The results of one model. */
export interface Results {
  /** [ids, vocabulary] */
  readonly logits: Float32Array;
  /** The likeliest tokens after the prompt. */
  readonly greedy: readonly number[];
  readonly encoded: readonly number[];
  readonly rendered: string;
}

/** Opens an exported folder and computes with it. */
export async function inTransformers(
  folder: string,
  dtype: string,
  request: {
    readonly ids: readonly number[];
    /** The ids of a prompt, and the number of tokens to answer with. */
    readonly prompt: readonly number[];
    readonly count: number;
    readonly text: string;
    readonly messages: readonly object[];
  },
): Promise<Results> {
  const { env, AutoTokenizer, AutoModelForCausalLM, Tensor } = (await import(PACKAGE)) as Transformers;
  env.localModelPath = `${dirname(folder)}/`;
  env.allowRemoteModels = false;
  const name = basename(folder);
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model = await AutoModelForCausalLM.from_pretrained(name, { dtype, device: 'cpu' });
  const { ids, prompt, count, text, messages } = request;
  const input = (values: readonly number[]): Tensor =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const inputs = (values: readonly number[]) => ({
    input_ids: input(values),
    attention_mask: input(values.map(() => 1)),
  });
  const { logits } = await model(inputs(ids));
  const generated = await model.generate({
    ...inputs(prompt),
    max_new_tokens: count,
    do_sample: false,
    eos_token_id: -1,
  });
  const results = {
    logits: Float32Array.from(logits.data as ArrayLike<number>),
    greedy: Array.from(generated.data, Number).slice(prompt.length),
    encoded: [...tokenizer.encode(text, { add_special_tokens: false })],
    rendered: tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: false }),
  };
  await model.dispose();
  return results;
}
