import { expect, it } from 'vitest';
import { requireAll } from '../../../../src/exports/onnx/check';
import { checkpointTensors } from '../../../../src/models/spec';
import { tinySpec } from '../../session/tiny';

it('a graph that leaves a weight out is refused by the weight’s name', () => {
  const tensors = checkpointTensors(tinySpec).map((from) => ({ from }));
  requireAll(tinySpec, tensors);
  for (const { from } of tensors) {
    const others = tensors.filter((each) => each.from !== from);
    expect(() => requireAll(tinySpec, others)).toThrow(
      expect.objectContaining({ code: 'export_differs', detail: `The graph has no ${from.name}.` }),
    );
  }
});
