// The page in which browser.ts lets transformers.js compute.

/**
 * @typedef {{ data: ArrayLike<number | bigint> }} Values
 * @typedef {((inputs: object) => Promise<{ logits: Values }>) & { generate(options: object): Promise<Values> }} Model
 * @typedef {object} Transformers
 * @property {{ localModelPath: string, allowLocalModels: boolean, allowRemoteModels: boolean, useBrowserCache: boolean,
 *   backends: { onnx: { wasm: { wasmPaths: object } } } }} env
 * @property {{ from_pretrained(name: string, options: object): Promise<Model> }} AutoModelForCausalLM
 * @property {new (type: string, data: BigInt64Array, dims: number[]) => object} Tensor
 */

const transformers = '/modules/@huggingface/transformers/dist/transformers.min.js';
const runtime = '/modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify';

/** @param {import('./browser').BrowserRequest} request */
async function compute({ name, dtype, device, ids, prompt, count }) {
  /** @type {Promise<Transformers>} */
  const module = import(transformers);
  const { env, AutoModelForCausalLM, Tensor } = await module;
  env.localModelPath = '/models/';
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.useBrowserCache = false;
  env.backends.onnx.wasm.wasmPaths = { mjs: `${runtime}.mjs`, wasm: `${runtime}.wasm` };
  const model = await AutoModelForCausalLM.from_pretrained(name, { dtype, device });
  /** @param {bigint[]} values */
  const tensor = (values) => new Tensor('int64', BigInt64Array.from(values), [1, values.length]);
  /** @param {readonly number[]} values */
  const inputs = (values) => ({
    input_ids: tensor(values.map(BigInt)),
    attention_mask: tensor(values.map(() => 1n)),
  });
  const { logits } = await model(inputs(ids));
  const options = { max_new_tokens: count, do_sample: false, eos_token_id: -1 };
  const generated = await model.generate({ ...inputs(prompt), ...options });
  return {
    logits: Array.from(logits.data, Number),
    greedy: Array.from(generated.data, Number).slice(prompt.length),
  };
}

Object.assign(globalThis, { compute });
