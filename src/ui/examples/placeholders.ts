import type { DataReport } from '../../worker/protocol';

/** Placeholders of the examples that have no text yet. */
export function unfilledPlaceholders(
  report: Pick<DataReport, 'placeholders'> | undefined,
  settings: { readonly placeholders: Readonly<Record<string, string>> } | undefined,
): DataReport['placeholders'] {
  const fillings = settings?.placeholders ?? {};
  return (report?.placeholders ?? []).filter(({ name }) => !Object.hasOwn(fillings, name));
}

/** Sets the text for a placeholder. An empty text leaves the placeholder in the examples. */
export function withFilling(
  fillings: Readonly<Record<string, string>>,
  name: string,
  text: string,
): Readonly<Record<string, string>> {
  const others = Object.entries(fillings).filter(([each]) => each !== name);
  const trimmed = text.trim();
  return Object.fromEntries(trimmed === '' ? others : [...others, [name, trimmed]]);
}
