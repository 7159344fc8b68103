import type { OnnxGraph } from './graph';
import type { RunValues } from './scope';

const INT32 = 6;

/** Adds the inputs of a run, and what several ops compute from them, each when it is first needed. */
export function runValues(graph: OnnxGraph): RunValues {
  const tokens = graph.input({
    name: 'input_ids',
    type: 'int64',
    shape: ['batch_size', 'sequence_length'],
  });
  const mask = graph.input({
    name: 'attention_mask',
    type: 'int64',
    shape: ['batch_size', 'total_sequence_length'],
  });
  const axis = { axis: { int: 0 } };
  const int32 = (x: string): string => graph.op('Cast', [x], { attributes: { to: { int: INT32 } } });
  const sizes = once(() => graph.op('Shape', [tokens]));
  const total = once(() => graph.op('Gather', [graph.op('Shape', [mask]), graph.ints([1], [])]));
  return {
    tokens: graph.op('Reshape', [tokens, graph.ints([-1])]),
    sequences: once(() => graph.op('Concat', [sizes(), graph.ints([-1])], { attributes: axis })),
    lastKeys: once(() => {
      const keys = graph.op('ReduceSum', [mask, graph.ints([1])], { attributes: { keepdims: { int: 0 } } });
      return int32(graph.op('Sub', [keys, graph.ints([1], [])]));
    }),
    totalLength: once(() => int32(total())),
    past: once(() => {
      const length = graph.op('Gather', [sizes(), graph.ints([1], [])]);
      return graph.op('Reshape', [graph.op('Sub', [total(), length]), graph.ints([1])]);
    }),
  };
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
