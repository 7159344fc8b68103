import { compile } from '../../graph/compile';
import { plan } from '../../graph/plan';
import type { Program } from '../../graph/program';
import { Trace } from '../../graph/trace';
import { BoundWeights } from '../layout';
import type { Model } from '../model';
import { BoundAdapter } from './bound';
import type { AdapterLayout } from './layout';

/**
 * Computes the values that an adapter's kind derives from its parts and the base, as one program without an arena; if
 * only a part of the base is on the device, the values that belong to it.
 */
export class Derivation {
  readonly #layout: AdapterLayout;
  readonly #buffers: ReadonlyMap<string, GPUBuffer>;
  #compiled: { readonly model: Model; readonly program: Program } | undefined;

  constructor(layout: AdapterLayout, buffers: ReadonlyMap<string, GPUBuffer>) {
    this.#layout = layout;
    this.#buffers = buffers;
  }

  async run(model: Model): Promise<void> {
    if (this.#compiled?.model !== model) {
      this.destroy();
      const { limits } = model.device;
      const buffers = new Map([...model.buffers, ...this.#buffers]);
      const program = await compile(model.device, planDerivation(model, this.#layout, limits), { buffers });
      this.#compiled = { model, program };
    }
    await this.#compiled.program.run({});
  }

  destroy(): void {
    this.#compiled?.program.destroy();
    this.#compiled = undefined;
  }
}

function planDerivation(model: Model, layout: AdapterLayout, limits: Model['device']['limits']) {
  const { derived } = layout.kind;
  const trace = new Trace();
  const weights = new BoundWeights(trace, model.layout);
  const adapter = new BoundAdapter(trace, layout, false);
  for (const { path } of layout.modules) {
    if (!model.layout.tensors.has(`${path}.weight`)) continue;
    const module = adapter.around(path);
    if (module) derived?.fill(trace, weights.weight(`${path}.weight`), module);
  }
  return plan(trace, trace.nodes, { capacity: 1, limits });
}
