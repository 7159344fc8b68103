import { message, type Message } from '../../core/messages/message';
import type { MixSettings } from '../../core/settings/mixing';
import { sameTemplates } from '../../data/template';
import { mixAdapters } from '../../models/adapters/mixing';
import type { ModelSpec } from '../../models/spec';
import { trainedTemplate, type TunedAdapter } from './loaded';
import type { AdapterTemplate } from './open';

/** An adapter that was read or made, with notes for the person. */
export interface ReadTuned {
  readonly tuned: TunedAdapter;
  readonly notes: readonly Message[];
}

/** An adapter in a mix. */
export interface MixPart {
  readonly name: string;
  readonly weight: number;
  readonly tuned: TunedAdapter;
}

/**
 * Mixes adapters as `mixAdapters`, which see for the errors. The mix has the chat template of the first adapter that tells
 * one; a note says so if another one tells another.
 */
export function mixTuned(spec: ModelSpec, parts: readonly MixPart[], settings: MixSettings): ReadTuned {
  const mixed = mixAdapters(
    spec,
    parts.map(({ name, weight, tuned }) => ({ name, weight, adapter: tuned })),
    settings,
  );
  const told = parts.flatMap(({ name, tuned }) => {
    const template = trainedTemplate(tuned);
    return template === undefined ? [] : [{ name, template }];
  });
  const [first] = told;
  if (!first) return { tuned: mixed, notes: [] };
  const other = told.find(({ template }) => !isSame(template, first.template));
  const notes = other ? [message('mix_templates', { used: first.name, other: other.name })] : [];
  return { tuned: { ...mixed, template: first.template }, notes };
}

function isSame(a: AdapterTemplate, b: AdapterTemplate): boolean {
  return typeof a === 'object' && typeof b === 'object' ? sameTemplates(a.source, b.source) : a === b;
}
