import { FORMAT_FACTS, type ExportOffer, type FormatName } from '../../worker/protocol';

type Facts = (typeof FORMAT_FACTS)[number];

const PURPOSES = [...new Set(FORMAT_FACTS.map(({ purpose }) => purpose))];

/** The page’s words about a format. */
export function factsOf(format: FormatName): Facts {
  return FORMAT_FACTS.find(({ name }) => name === format)!;
}

/** The formats by what a person wants to do with the files, the most wanted first. */
export const FORMATS_BY_PURPOSE = PURPOSES.map((purpose) => ({
  purpose,
  formats: FORMAT_FACTS.filter((facts) => facts.purpose === purpose),
}));

/** The offers in groups of one purpose each; a purpose without offers is left out. */
export function byPurpose(offers: readonly ExportOffer[]): readonly {
  readonly purpose: Facts['purpose'];
  readonly offers: readonly { readonly facts: Facts; readonly offer: ExportOffer }[];
}[] {
  return FORMATS_BY_PURPOSE.map(({ purpose, formats }) => ({
    purpose,
    offers: formats.flatMap((facts) => {
      const offer = offers.find(({ format }) => format === facts.name);
      return offer ? [{ facts, offer }] : [];
    }),
  })).filter((group) => group.offers.length > 0);
}
