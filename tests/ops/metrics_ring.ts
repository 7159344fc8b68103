import { metricsRing } from '../../src/ops/metrics_ring';
import { combine, describe, normal, type OpCase } from './case';

export const cases: readonly OpCase[] = combine({
  slots: [1, 64],
  width: [4, 12],
  counter: [0, 63, 64, 1000],
}).map((parameters): OpCase => {
  const { slots, width, counter } = parameters;
  return {
    op: 'metrics_ring',
    name: describe(parameters),
    rows: 1,
    run: { counter },
    inputs: {
      metrics: { type: 'f32', shape: [width], data: normal('metrics', width) },
      ring: { type: 'f32', shape: [slots, width], data: normal('ring', slots * width) },
    },
    build(builder, { metrics, ring }) {
      metricsRing(builder, { metrics: metrics!, ring: ring! });
      return { ring: ring! };
    },
    reference: {
      forward({ metrics, ring }) {
        const result = ring!.slice();
        result.set(metrics!, (counter % slots) * width);
        return { ring: result };
      },
    },
    tolerance: { ring: 0 },
  };
});
