import { SETTINGS, type TrainSettings } from '../../../core/settings/settings';
import type { SourceOptions } from '../../../core/settings/sources';
import type { SettingsState } from '../../train/settings.svelte';

type Sources = TrainSettings['sources'];

/** The options of a file. */
export function optionsOf(sources: Sources | undefined, name: string): SourceOptions {
  return (sources && Object.hasOwn(sources, name) ? sources[name] : undefined) ?? {};
}

/** Sets options of a file beside its others; undefined takes one away. Returns whether the values are allowed. */
export function setOptions(
  settings: Pick<SettingsState, 'values' | 'set'>,
  name: string,
  change: { readonly [Option in keyof SourceOptions]?: SourceOptions[Option] | undefined },
): boolean {
  const sources = settings.values?.sources;
  const entries: [string, unknown][] = Object.entries({ ...optionsOf(sources, name), ...change });
  const options = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  const read = SETTINGS.sources.kind.read({ ...sources, [name]: options });
  if (read) settings.set('sources', read.value);
  return read !== undefined;
}

/** The setting without the options of a file that is no longer there, and of those in it if it is an archive. */
export function withoutFile(sources: Sources, name: string): Sources {
  return Object.fromEntries(Object.entries(sources).filter(([each]) => !isOf(each, name)));
}

/** Whether a source comes from a file: it is the file, or lies in it. */
export function isOf(source: string, file: string): boolean {
  return source === file || source.startsWith(`${file}/`);
}
