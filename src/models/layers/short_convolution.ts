import type { Tensor } from '../../ops/op';
import { cachedShortConvolution, shortConvolution } from '../../ops/short_convolution';
import type { CacheSpec, Layer, LayerScope, LinearSpec, VectorSpec } from './layer';

export interface ShortConvolutionSettings {
  readonly hiddenSize: number;
  /** Tokens that the convolution sees, including the row's own (`conv_L_cache`). */
  readonly kernel: number;
  /** Whether both maps and the convolution have a bias. */
  readonly bias: boolean;
}

/** Rows of the ring of states: enough for a prefill pass and the tokens before it, and to run some tokens again. */
const RING_ROWS = 128;

/** out(C ⊙ conv(B ⊙ x)) with B, C, x = in(…): the gated short convolution of LFM2. */
export class ShortConvolution implements Layer {
  readonly kind = 'short_convolution';
  readonly path = 'conv';
  readonly settings: ShortConvolutionSettings;

  constructor(settings: ShortConvolutionSettings) {
    this.settings = settings;
  }

  linears(): readonly LinearSpec[] {
    const { hiddenSize, bias } = this.settings;
    return [
      { name: 'in_proj', gguf: 'shortconv.in_proj', out: 3 * hiddenSize, in: hiddenSize, bias },
      { name: 'out_proj', gguf: 'shortconv.out_proj', out: hiddenSize, in: hiddenSize, bias },
    ];
  }

  vectors(): readonly VectorSpec[] {
    const { hiddenSize, kernel, bias } = this.settings;
    return [
      { name: 'conv.weight', gguf: 'shortconv.conv.weight', shape: [hiddenSize, 1, kernel] },
      ...(bias ? [{ name: 'conv.bias', gguf: 'shortconv.conv.bias', shape: [hiddenSize] }] : []),
    ];
  }

  caches(): readonly CacheSpec[] {
    const { hiddenSize, kernel } = this.settings;
    return [{ name: 'state', columns: hiddenSize, rows: { ring: RING_ROWS, history: kernel - 1 } }];
  }

  forward(scope: LayerScope, x: Tensor, residual?: Tensor): Tensor {
    const { trace, rows } = scope;
    const inputs = {
      bcx: scope.linear('in_proj', x),
      weight: scope.vector('conv.weight'),
      bias: this.settings.bias ? scope.vector('conv.bias') : undefined,
    };
    const y =
      rows.kind === 'cache'
        ? cachedShortConvolution(trace, { ...inputs, state: scope.cache('state') })
        : shortConvolution(trace, { ...inputs, segments: rows.segments });
    return scope.linear('out_proj', y, residual);
  }
}
