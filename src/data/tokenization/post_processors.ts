import { isRecord } from '../../core/json';
import { message } from '../../core/messages/message';
import { component, components, typeOf, UnusableComponent, unknownType, type Component } from './fields';

/** The ids that a tokenizer adds around a text. */
export interface Surroundings {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** @throws UnusableComponent if no supported model has a post-processor of its type */
export function readPostProcessor(value: unknown): Surroundings {
  const part = component(value, 'post_processor');
  return part ? postProcessor(part) : { before: [], after: [] };
}

function postProcessor(part: Component): Surroundings {
  switch (typeOf(part)) {
    case 'ByteLevel':
      return { before: [], after: [] }; // changes offsets only
    case 'Sequence':
      return components(part.processors, 'post_processor')
        .map(postProcessor)
        .reduce((inner, outer) => ({
          before: [...outer.before, ...inner.before],
          after: [...inner.after, ...outer.after],
        }));
    case 'TemplateProcessing':
      return template(part);
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [idOfPair(part.cls)], after: [idOfPair(part.sep)] };
    default:
      throw unknownType(part, 'post_processor');
  }
}

function template(part: Component): Surroundings {
  const pieces = components(part.single, 'post_processor');
  const sequences = pieces.flatMap((piece, index) => (isRecord(piece.Sequence) ? [index] : []));
  const [at = 0] = sequences;
  if (sequences.length !== 1) throw new UnusableComponent(message('tokenizer_text_once'));
  return { before: pieces.slice(0, at).flatMap(idsOf), after: pieces.slice(at + 1).flatMap(idsOf) };

  function idsOf(piece: Component): readonly number[] {
    const name = isRecord(piece.SpecialToken) ? piece.SpecialToken.id : undefined;
    const known = isRecord(part.special_tokens) ? part.special_tokens : {};
    const token = typeof name === 'string' ? known[name] : undefined;
    const ids: unknown = isRecord(token) ? token.ids : undefined;
    if (Array.isArray(ids) && ids.every((id) => typeof id === 'number')) return ids;
    throw new UnusableComponent(message('tokenizer_post_token', { token: JSON.stringify(name ?? null) }));
  }
}

function idOfPair(pair: unknown): number {
  const id: unknown = Array.isArray(pair) ? pair[1] : undefined;
  if (typeof id === 'number') return id;
  throw new UnusableComponent(message('tokenizer_post_id'));
}
