import { describe, expect, it } from 'vitest';
import { CATALOGUES, type Language } from '../../../src/core/messages/languages';
import { EXPORT_FORMATS } from '../../../src/exports/formats';
import { byPurpose, PURPOSES } from '../../../src/ui/export/purposes';
import type { ExportOffer } from '../../../src/worker/protocol';

const names = EXPORT_FORMATS.map(({ name }) => name);

describe('the choice of a format on the page', () => {
  it('offers each format of the engine under one purpose', () => {
    const offers = names.map((format): ExportOffer => ({
      ...{ format, options: [], fileName: '', files: [], bytes: 0 },
    }));
    const grouped = byPurpose(offers).flatMap((group) => group.offers.map(({ format }) => format));
    expect(grouped.toSorted()).toEqual(names.toSorted());
  });

  it('leaves out a purpose without an offer', () => {
    expect(byPurpose([])).toEqual([]);
  });

  it.each<Language>(['en', 'zh'])('has words for each of them: %s', (language) => {
    const { formatNames, formatHelp, useHelp } = CATALOGUES[language].exporting;
    for (const name of PURPOSES.flatMap(([, formats]) => formats)) {
      expect(formatNames[name], name).toBeTruthy();
      expect(formatHelp[name], name).toBeTruthy();
      expect(useHelp[name], name).toBeTruthy();
    }
  });
});
