import { describe, expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../../src/exports/formats';
import { byPurpose, FORMATS_BY_PURPOSE } from '../../../src/ui/export/purposes';
import type { ExportOffer } from '../../../src/worker/protocol';

const names = EXPORT_FORMATS.map(({ name }) => name);

describe('the choice of a format on the page', () => {
  it('offers each format of the engine under one purpose', () => {
    const offers = names.map((format): ExportOffer => ({
      ...{ format, options: [], fileName: '', files: [], bytes: 0 },
    }));
    const grouped = byPurpose(offers).flatMap((group) => group.offers.map(({ offer }) => offer.format));
    expect(grouped.toSorted()).toEqual(names.toSorted());
  });

  it('leaves out a purpose without an offer', () => {
    expect(byPurpose([])).toEqual([]);
  });

  it('shows the same formats while there is nothing to export', () => {
    const shown = FORMATS_BY_PURPOSE.flatMap(({ formats }) => formats.map(({ name }) => name));
    expect(shown.toSorted()).toEqual(names.toSorted());
  });
});
