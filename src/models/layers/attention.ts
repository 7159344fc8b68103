import { attention, cachedAttention } from '../../ops/attention';
import type { Tensor } from '../../ops/op';
import { rmsNorm } from '../../ops/rms_norm';
import { rotary } from '../../ops/rotary';
import { rotaryCache } from '../../ops/rotary_cache';
import type { CacheSpec, Layer, LayerScope, LinearSpec, VectorSpec } from './layer';

export interface AttentionSettings {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Factor of the scores. */
  readonly scale: number;
  /** Most keys that a token sees, including its own; if absent, all. */
  readonly window?: number;
  /** Index of the rotary embedding of queries and keys; if absent, none. */
  readonly rotary?: number;
  /** Biases of the maps of queries, keys and values. */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  /** The epsilon of RMS norms on the queries' and keys' heads; if absent, no norms. */
  readonly headNormEps?: number;
  /** Names of modules that differ from Llama's in Transformers. */
  readonly names?: { readonly output?: string; readonly queryNorm?: string; readonly keyNorm?: string };
  /**
   * GGUF files interleave the rows of queries and keys, because llama.cpp rotates neighbours and Transformers rotates
   * halves.
   */
  readonly ggufInterleaved?: true;
}

/** The settings of all attention layers, in order. */
export function attentionsOf(
  blocks: readonly (readonly { readonly layer: Layer }[])[],
): readonly AttentionSettings[] {
  return blocks.flatMap((residuals) =>
    residuals.flatMap(({ layer }) => (layer instanceof Attention ? [layer.settings] : [])),
  );
}

/** Causal attention of grouped heads (Ainslie et al. 2023), with rotary embeddings (Su et al. 2021). */
export class Attention implements Layer {
  readonly kind = 'attention';
  readonly path = 'self_attn';
  readonly settings: AttentionSettings;

  constructor(settings: AttentionSettings) {
    this.settings = settings;
  }

  linears(): readonly LinearSpec[] {
    const { hiddenSize, heads, kvHeads, headDim, qkvBias, outputBias, ggufInterleaved } = this.settings;
    const input = (name: string, gguf: string, count: number, turned: boolean): LinearSpec => ({
      ...{ name, gguf, out: count * headDim, in: hiddenSize, bias: qkvBias },
      ...(turned && ggufInterleaved && { ggufHeads: count }),
    });
    return [
      input('q_proj', 'attn_q', heads, true),
      input('k_proj', 'attn_k', kvHeads, true),
      input('v_proj', 'attn_v', kvHeads, false),
      {
        name: this.#names.output,
        gguf: 'attn_output',
        out: hiddenSize,
        in: heads * headDim,
        bias: outputBias,
      },
    ];
  }

  vectors(): readonly VectorSpec[] {
    const { headDim, headNormEps } = this.settings;
    if (headNormEps === undefined) return [];
    const norm = (name: string, gguf: string): VectorSpec => ({
      ...{ name: `${name}.weight`, gguf: `${gguf}.weight`, shape: [headDim], norm: true },
    });
    return [norm(this.#names.queryNorm, 'attn_q_norm'), norm(this.#names.keyNorm, 'attn_k_norm')];
  }

  caches(): readonly CacheSpec[] {
    const { kvHeads, headDim } = this.settings;
    const columns = kvHeads * headDim;
    return [
      { name: 'key', columns, rows: 'tokens' },
      { name: 'value', columns, rows: 'tokens' },
    ];
  }

  forward(scope: LayerScope, x: Tensor, residual?: Tensor): Tensor {
    return scope.linear(this.#names.output, this.#attended(scope, x), residual);
  }

  #attended(scope: LayerScope, x: Tensor): Tensor {
    const { trace, rows } = scope;
    const { heads, kvHeads, headDim, scale, window, rotary: index, headNormEps } = this.settings;
    const { q: ofQ, k: ofK, v } = scope.linears(x, { q: 'q_proj', k: 'k_proj', v: 'v_proj' });
    const headNorm = (name: string, y: Tensor, groups: number): Tensor =>
      headNormEps === undefined
        ? y
        : rmsNorm(trace, { x: y, weight: scope.vector(`${name}.weight`) }, { eps: headNormEps, groups });
    const q = headNorm(this.#names.queryNorm, ofQ, heads);
    const k = headNorm(this.#names.keyNorm, ofK, kvHeads);
    const attributes = { heads, kvHeads, headDim, scale, window };
    const turns = index === undefined ? undefined : scope.rotary(index);
    if (rows.kind === 'cache') {
      const caches = { keyCache: scope.cache('key'), valueCache: scope.cache('value') };
      const inputs = { q, k, v, ...caches, table: turns?.table };
      const turned = rotaryCache(trace, inputs, { heads, kvHeads, headDim, rotary: turns });
      return cachedAttention(trace, { q: turned, ...caches }, attributes);
    }
    const { positions, segments } = rows;
    const turn = (y: Tensor, count: number): Tensor => {
      if (!turns) return y;
      const { table, dim, interleaved } = turns;
      return rotary(trace, { x: y, positions, table }, { heads: count, headDim, dim, interleaved });
    };
    return attention(trace, { q: turn(q, heads), k: turn(k, kvHeads), v, segments }, attributes);
  }

  get #names(): { readonly output: string; readonly queryNorm: string; readonly keyNorm: string } {
    return { output: 'o_proj', queryNorm: 'q_norm', keyNorm: 'k_norm', ...this.settings.names };
  }
}
