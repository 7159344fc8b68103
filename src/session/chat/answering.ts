import { answer, type AnswerResult } from '../../chat/answer';
import type { AnswerSettings } from '../../core/settings/settings';
import type { Message } from '../../data/records';
import type { Generator } from '../../models/generation';
import { PREFILL_ROWS } from '../../models/generation_graph';
import { blockParameters } from '../../models/spec';
import { lacksRoom } from '../exports/comparison';
import { FIT_SECONDS, type PrepareOptions } from '../kernels';
import { mostChatRows, type TunedAdapter } from '../models/loaded';
import type { AdapterTemplate } from '../models/open';
import type { OpenedModel } from '../models/opened';
import type { DeviceSpeed } from '../plans/plan_report';
import type { OnProgress } from '../progress';
import type { SessionDevice } from '../session_device';
import { chatContext, conversationIds } from './conversation';
import { hasRoomForTwo } from './two_answers';

export interface AnsweringParts {
  readonly device: SessionDevice;
  /** Throws `no_model`. */
  readonly opened: () => OpenedModel;
  /** Throws `no_adapter`. */
  readonly tuned: () => TunedAdapter;
}

/** Answers with the open model: with the base alone, with the tuned adapter, or with both at the same time. */
export class Answering {
  readonly #parts: AnsweringParts;

  constructor(parts: AnsweringParts) {
    this.#parts = parts;
  }

  /** The number of tokens of a conversation rendered with the template. Throws if the template refuses it. */
  countTokens(messages: readonly Message[], template: AdapterTemplate): number {
    const { loadable } = this.#parts.opened();
    return conversationIds(chatContext(loadable.open, template), messages).length;
  }

  /** Most tokens of a conversation, prompt and answer together. */
  get room(): number {
    return mostChatRows(this.#parts.opened().layout);
  }

  /** Prepares answers with the base: tunes the kernels to the device, if necessary, and compiles them. */
  async prepare(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#generator('base', { onProgress, signal });
  }

  /**
   * Prepares simultaneous answers of the base and the tuned adapter. Returns false if the device has no room for two
   * conversations of this many tokens. Throws `no_adapter`.
   */
  async prepareTwo(tokens: number): Promise<boolean> {
    const { device, opened, tuned } = this.#parts;
    const { layout } = tuned();
    const { limits } = await device.device();
    if (!hasRoomForTwo(opened().layout, layout, tokens, limits)) {
      device.dropBeside();
      return false;
    }
    try {
      const loaded = await device.alive(opened().loadable);
      // `hasRoomForTwo` does not count memory that former answers have left on the device.
      if (!loaded.isReadyForTwo(layout, tokens)) loaded.dropChat();
      await this.#generator('tuned');
      await this.#generator('base', { beside: true });
      return true;
    } catch (error) {
      if (!lacksRoom(error)) throw error;
      device.dropBeside();
      return false;
    }
  }

  /**
   * Answers with the base or with the tuned adapter. Throws `no_adapter` if there is none.
   *
   * @param options.beside the base answers at the same time as the tuned adapter; only after `prepareTwo`
   */
  async chat(
    which: 'base' | 'tuned',
    messages: readonly Message[],
    sampling: AnswerSettings,
    options: {
      readonly template?: AdapterTemplate;
      readonly onText?: (delta: string) => void;
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
      readonly beside?: boolean;
    } = {},
  ): Promise<AnswerResult> {
    const context = chatContext(this.#parts.opened().loadable.open, options.template ?? 'model');
    const promptIds = conversationIds(context, messages);
    const generator = await this.#generator(which, options);
    const { tokenizer, stopIds } = context;
    const { onText, signal } = options;
    return await answer({ generator, tokenizer, promptIds, sampling, stopIds, onText, signal });
  }

  /**
   * Measures the speed of this device with the open model: reads a few tokens and generates one, once to compile and
   * once timed.
   */
  async measureSpeed(): Promise<DeviceSpeed> {
    const { device, opened } = this.#parts;
    const generator = await this.#generator('base');
    const { queue } = await device.device();
    const tokens = Array.from({ length: Math.min(PREFILL_ROWS, generator.room - 1) }, (_, i) => i);
    const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await work();
      await queue.idle();
      return Math.max((performance.now() - started) / 1000, 1e-4);
    };
    const read = (): Promise<unknown> => generator.remember(tokens, 0);
    const say = (): Promise<unknown> => generator.likeliest([0], tokens.length);
    for (const warmUp of [read, say]) await warmUp();
    const rate = (2 * blockParameters(opened().layout.spec) * tokens.length) / (await secondsOf(read));
    return { rate, tokenSeconds: await secondsOf(say) };
  }

  async #generator(
    which: 'base' | 'tuned',
    options: Pick<PrepareOptions, 'onProgress' | 'signal'> & { readonly beside?: boolean } = {},
  ): Promise<Generator> {
    const { device, opened } = this.#parts;
    const tuned = which === 'base' ? undefined : this.#parts.tuned();
    const loaded = await device.alive(opened().loadable);
    if (!loaded.isCompiled(tuned?.layout)) {
      const programs = () => ({ programs: loaded.chatPrograms(tuned?.layout) });
      const request = { seconds: FIT_SECONDS, ...options };
      await device.kernels.prepare(loaded.model, programs, request);
    }
    if (tuned) return await loaded.tuned(tuned);
    return options.beside ? await loaded.baseBeside() : await loaded.base();
  }
}
