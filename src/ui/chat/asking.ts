import { describeError, type ErrorDescription } from '../../core/errors';
import type { AnswerSettings } from '../../core/settings/settings';
import {
  callback,
  type ChatEvent,
  type ChatMessage,
  type ChatOutcome,
  type ChatRequest,
  type TokenCount,
} from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { Side } from './conversation';
import type { OnnxState } from './onnx.svelte';

/** Those that answer: the engine with its model, and an ONNX folder in a worker of its own. */
export interface Answerers {
  readonly engine: Pick<EngineState, 'remote'>;
  readonly onnx: Pick<OnnxState, 'answer' | 'count' | 'stop'>;
}

/** The outcome of each side, and the error of an engine that asked none. */
export interface Asked {
  readonly outcomes: readonly ChatOutcome[];
  readonly error: ErrorDescription | undefined;
}

function isEngines(request: ChatRequest<Side>): request is ChatRequest {
  return request.side !== 'export';
}

/** Asks the engine and the ONNX folder at the same time. Never throws. */
export async function ask(
  { engine, onnx }: Answerers,
  requests: readonly ChatRequest<Side>[],
  settings: AnswerSettings,
  onEvent: (event: ChatEvent) => void,
): Promise<Asked> {
  const hear = callback(onEvent);
  const ofEngine = requests.filter(isEngines);
  const ofExport = requests.find((request): request is ChatRequest<'export'> => request.side === 'export');
  let error: ErrorDescription | undefined;
  const asked: Promise<readonly ChatOutcome[]>[] = [];
  if (ofEngine.length > 0) {
    const outcomes = engine.remote.chats.answer(ofEngine, settings, hear);
    asked.push(
      outcomes.catch((reason: unknown) => {
        error = describeError(reason);
        return [];
      }),
    );
  }
  if (ofExport) asked.push(onnx.answer(ofExport, settings, hear).then((outcome) => [outcome]));
  const outcomes = (await Promise.all(asked)).flat();
  return { outcomes, error };
}

/** Stops one side, or all of them. */
export async function stop(
  { engine, onnx }: Answerers,
  side: Side | undefined,
  asked: readonly Side[],
): Promise<void> {
  const stopped = asked.filter((each) => side === undefined || side === each);
  const engineSide = side === 'export' ? undefined : side;
  await Promise.all([
    stopped.some((each) => each !== 'export') ? engine.remote.chats.stop(engineSide) : undefined,
    stopped.includes('export') ? onnx.stop() : undefined,
  ]);
}

/**
 * Counts the tokens of the sides' conversations. The engine's sides read alike, so that they decide if there are some:
 * an ONNX folder that has less room says so itself.
 */
export async function count(
  { engine, onnx }: Answerers,
  sides: readonly Side[],
  conversations: readonly (readonly ChatMessage[])[],
): Promise<TokenCount> {
  const ofEngine = conversations.filter((_, index) => sides[index] !== 'export');
  return await (ofEngine.length > 0 ? engine.remote.chats.count(ofEngine) : onnx.count(conversations));
}
