/** Share of the slots that may be full. */
const MOST_FULL = 0.75;

/** The first row for each of many keys of 32 bits, in 8 bytes a slot: a hash table with linear probing. */
export class RowIndex {
  #keys = new Uint32Array(1024);
  /** The row plus one; 0 for an empty slot. */
  #rows = new Uint32Array(1024);
  #count = 0;

  get(key: number): number | undefined {
    const row = this.#rows[this.#slot(key)]!;
    return row === 0 ? undefined : row - 1;
  }

  /** Adds a row for a key that has none. */
  add(key: number, row: number): void {
    if (this.#count >= MOST_FULL * this.#keys.length) this.#rebuild(2 * this.#keys.length, () => true);
    const slot = this.#slot(key);
    if (this.#rows[slot] !== 0) return;
    this.#keys[slot] = key;
    this.#rows[slot] = row + 1;
    this.#count++;
  }

  /** Forgets the rows from a number on. */
  truncate(rows: number): void {
    this.#rebuild(this.#keys.length, (row) => row < rows);
  }

  #rebuild(size: number, isKept: (row: number) => boolean): void {
    const [keys, rows] = [this.#keys, this.#rows];
    this.#keys = new Uint32Array(size);
    this.#rows = new Uint32Array(size);
    this.#count = 0;
    for (const [at, row] of rows.entries()) if (row !== 0 && isKept(row - 1)) this.add(keys[at]!, row - 1);
  }

  /** The slot of a key, or the empty one where it belongs. */
  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = key & mask;
    while (this.#rows[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }
}
