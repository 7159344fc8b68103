import type { App } from '../app.svelte';
import { sayError, t } from '../language.svelte';

export interface Obstacle {
  readonly words: string;
  /** Whether the settings can solve it. */
  readonly inSettings?: boolean;
  /**
   * Whether it refers to an earlier text. The present one may be sent; the engine reports an error if it is refused
   * too.
   */
  readonly outdated?: boolean;
}

type Parts = Pick<App, 'chat' | 'training' | 'work'>;

/** Why nothing can be sent now; undefined if something can. Reads state: call it within `$derived`. */
export function obstacleTo({ chat, training, work }: Parts): Obstacle | undefined {
  switch (work?.kind) {
    case 'training':
      return { words: training.phase === 'paused' ? t.chat.trainingPaused : t.chat.training };
    case 'exporting':
      return { words: t.chat.exporting };
    case 'writing':
      return { words: t.chat.writingRows };
    case 'importing':
      return { words: t.chat.importing };
    case 'reducing':
      return { words: t.chat.reducing };
    case 'opening_run':
    case 'opening_model':
    case 'starting':
    case 'preparing':
      return { words: t.chat.opening };
  }
  if (!chat.speaker) return { words: t.chat.noModel };
  const [wrong] = chat.settings.problems.keys();
  if (wrong !== undefined) return { words: t.chat.wrongSetting(wrong), inSettings: true };
  const outdated = !chat.counter.fresh;
  if (chat.counter.error) return { words: sayError(chat.counter.error).message, outdated };
  if (chat.excess > 0) return { words: t.chat.tooLong(chat.excess, chat.counter.count?.room ?? 0), outdated };
  return undefined;
}
