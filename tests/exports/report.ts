import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A comparison of a program’s results with those of base and adapter here. */
export interface Figure {
  readonly program: string;
  readonly model: string;
  /** The export and its options: "gguf Q4_K_M". */
  readonly export: string;
  /** The largest difference of a logit or of a logarithm of a probability. */
  readonly difference?: number;
  /** The difference that rounding explains. */
  readonly allowed?: number;
  /** How far the adapter moves the same numbers. */
  readonly effect?: number;
  /** Kullback-Leibler divergence from base and adapter, in nats. */
  readonly divergence?: number;
  /** The divergence that the error of the weights explains. */
  readonly explained?: number;
  /** e to the power of the mean loss of a text. */
  readonly perplexity?: number;
  /** The share of a text's positions with the likeliest token of base and adapter. */
  readonly agreeing?: number;
  /** The share of an answer's tokens that are those of base and adapter. */
  readonly sameAnswer?: number;
  readonly bytes?: number;
  /** To plan and write the export. */
  readonly seconds?: number;
}

const folder = join(import.meta.dirname, '..', '..', 'test-results');

/** Adds a figure to test-results/exports.jsonl, from which tools/export_figures.mjs makes the tables of docs/exports.md. */
export function report(figure: Figure): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, 'exports.jsonl'), `${JSON.stringify(figure)}\n`);
}
