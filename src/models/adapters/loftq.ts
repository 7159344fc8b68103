import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import { cutPair } from '../../core/pair_svd';
import { blockOf, truncatedSvd } from '../../core/truncated_svd';
import type { AdapterKind } from './kind';
import { lora, pairParts } from './lora';
import type { WholeSettings } from './settings';

/**
 * LoftQ (Li et al. 2023, arXiv 2310.08659) with one iteration, as PEFT's default: LoRA whose pair begins as the best
 * approximation of the base's quantisation error, scale · B₀ A₀ ≈ W − NF4(W), from its largest singular values. One
 * iteration leaves the base as QLoRA quantises it, so the trained adapter is plain LoRA for the same 4-bit base. PEFT
 * leaves out the scale: the starts are equal if lora_alpha = r.
 */
export const loftq: AdapterKind = {
  ...lora,
  name: 'loftq',
  title: 'LoftQ',
  isMeant: ({ init_lora_weights }) => init_lora_weights === 'loftq',
  check({ use_dora }) {
    if (!use_dora) return;
    const values = {
      setting: 'init_lora_weights',
      value: 'loftq',
      other: 'use_dora',
      hint: message('pissa_or_dora'),
    };
    throw new TunesmithError({ code: 'settings_conflict', values });
  },
  parts: (shape) => pairParts(shape).map((part) => ({ ...part, start: 'weight' }) as const),
  origin: {
    of: 'quantisation_error',
    block: (shape) => blockOf(shape, shape.rank),
    async start(error, { rank, scale }, _, random) {
      const { A, B } = cutPair(await truncatedSvd(error, rank, random), rank);
      return { lora_A: A, lora_B: B.map((value) => value / scale) };
    },
  },
  plain: {
    settings: (settings): WholeSettings => ({ ...settings, init_lora_weights: true }),
    parts: ({ parts }) => parts,
  },
};
