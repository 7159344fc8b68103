import { read, update, type Builder, type Tensor, defineOp } from './op';

interface Inputs {
  readonly [name: string]: Tensor;
  readonly metrics: Tensor;
  readonly ring: Tensor;
}

const definition = defineOp<Inputs, Record<string, never>, null>({
  name: 'metrics_ring',
  lower({ inputs: { metrics, ring } }) {
    return [{ kernel: 'metrics_ring', bindings: [read(metrics), update(ring)], workgroups: () => [1, 1, 1] }];
  },
});

/**
 * Copies metrics (f32 [w], w a multiple of 4) to the slot
 * `run.counter` modulo the ring's length (f32 [slots, w]). Reading back waits for the
 * device, so one read covers many steps.
 */
export function metricsRing(
  builder: Builder,
  inputs: { readonly metrics: Tensor; readonly ring: Tensor },
): void {
  const { metrics, ring } = inputs;
  builder.apply(definition, { metrics, ring }, {}, null);
}
