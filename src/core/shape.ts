/** The lengths of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** How many elements a tensor of this shape has: 1 for a scalar, 0 if an axis is empty. */
export function elementCount(shape: Shape): number {
  return shape.reduce((count, length) => count * length, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** `[2, 3]`, as messages show a shape. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
