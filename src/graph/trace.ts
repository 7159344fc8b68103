import type { Builder, Node, Op, Shape, Tensor, Tensors, TensorType, ElementType } from '../ops/op';

/** A node with its place in the model: `block` is the transformer block it belongs to, if any. */
export interface TracedNode {
  readonly node: Node;
  readonly block: number | undefined;
  readonly backward: boolean;
}

/** Records ops as a model applies them. Nothing touches a device. */
export class Trace implements Builder {
  readonly nodes: TracedNode[] = [];
  readonly #names = new Map<string, number>();
  #tensors = 0;
  #block: number | undefined;
  #backward = false;

  /** A tensor whose bytes are in the buffer named `slot` from the byte `offset` (a multiple of 256) on. */
  bound(slot: string, type: ElementType, shape: Shape, offset = 0, name = slot): Tensor {
    return { id: this.#tensors++, name, type, shape, storage: { kind: 'bound', slot, offset } };
  }

  planned(name: string, { type, shape }: TensorType): Tensor {
    return { id: this.#tensors++, name, type, shape, storage: { kind: 'planned' } };
  }

  /** Marks the ops applied by `body` as one transformer block, the unit of recomputation. */
  block<T>(index: number, body: () => T): T {
    return this.#within(index, this.#backward, body);
  }

  /** Marks the ops applied by `body` as backward ops of the given block. */
  backwardOf<T>(block: number | undefined, body: () => T): T {
    return this.#within(block, true, body);
  }

  apply<I extends Tensors, O extends Record<string, Tensor>, A>(
    op: Op<I, O, A>,
    inputs: I,
    outputs: { readonly [K in keyof O]: TensorType },
    attributes: A,
  ): O {
    const made = Object.fromEntries(
      Object.entries(outputs).map(([key, type]) => [
        key,
        this.planned(this.#name(`${op.name}.${key}`), type),
      ]),
    ) as O;
    const node: Node<I, O, A> = { op, inputs, outputs: made, attributes };
    this.nodes.push({ node, block: this.#block, backward: this.#backward });
    return made;
  }

  #within<T>(block: number | undefined, backward: boolean, body: () => T): T {
    const before = [this.#block, this.#backward] as const;
    this.#block = block;
    this.#backward = backward;
    try {
      return body();
    } finally {
      [this.#block, this.#backward] = before;
    }
  }

  #name(base: string): string {
    const place = this.#block === undefined ? base : `blocks.${this.#block}.${base}`;
    const count = this.#names.get(place) ?? 0;
    this.#names.set(place, count + 1);
    return count === 0 ? place : `${place}.${count}`;
  }
}

/** The given tensors of a record, in its order. */
export function present(tensors: Tensors): Tensor[] {
  return Object.values(tensors).filter((tensor) => tensor !== undefined);
}
