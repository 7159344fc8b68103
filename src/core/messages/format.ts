const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** The short words for units of time in a language. */
export interface TimeUnits {
  readonly seconds: string;
  readonly minutes: string;
  readonly hours: string;
  readonly days: string;
}

/** Lists as a language writes them. */
export interface Lists {
  /** "a, b, and c". */
  readonly list: (items: readonly string[]) => string;
  /** "a, b, or c". */
  readonly alternatives: (items: readonly string[]) => string;
  /** "a, b, c": places, names and numbers that need no word between them. */
  readonly series: (items: readonly string[]) => string;
  /** Sentences, one after the other. */
  readonly paragraph: (sentences: readonly string[]) => string;
  /** A few words as a sentence. */
  readonly sentence: (words: string) => string;
  /** Between a sentence and the next, if they are different elements. */
  readonly gap: string;
}

/** Numbers, sizes, times and dates as a language writes them. */
export interface Formats extends Lists {
  /** 12345 → "12,345". */
  readonly count: (value: number) => string;
  /** 4213760 → "4.21M". */
  readonly compact: (value: number) => string;
  /** Three significant digits; very small and very large values in scientific notation. */
  readonly number: (value: number) => string;
  /** 0.42 → "42%". */
  readonly percent: (fraction: number) => string;
  /** Decimal units, as disks and downloads are sold: 8400000 → "8.4 MB". */
  readonly bytes: (bytes: number) => string;
  /** The memory that something takes, rounded up: 1310000000 → "1.4 GB", 146200000 → "147 MB". */
  readonly bytesNeeded: (bytes: number) => string;
  /** A length of time: "45 s", "3 min 20 s", "2 h 5 min". */
  readonly seconds: (seconds: number) => string;
  /** An ISO date in the person's time zone: "Nov 2, 2026, 2:03 PM". A text that is no date stays as it is. */
  readonly date: (iso: string) => string;
}

/** The formats of a locale. @param locale a BCP 47 tag */
export function formatsOf(locale: string, units: TimeUnits, lists: Lists): Formats {
  const numbers = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const whole = numbers({ maximumFractionDigits: 0 });
  const compact = numbers({ notation: 'compact', maximumSignificantDigits: 3 });
  const significant = numbers({ minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
  const scientific = numbers({ notation: 'scientific', maximumSignificantDigits: 3 });
  const percent = numbers({ style: 'percent', maximumFractionDigits: 0 });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const byteFormats = byteUnits.map((unit) =>
    numbers({
      style: 'unit',
      unit,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumSignificantDigits: 3,
    }),
  );
  const needed = (unit: 'gigabyte' | 'megabyte', fractionDigits: number): Intl.NumberFormat =>
    numbers({
      style: 'unit',
      unit,
      minimumFractionDigits: fractionDigits,
      maximumFractionDigits: fractionDigits,
      roundingMode: 'ceil',
    });
  const [gigabytes, megabytes] = [needed('gigabyte', 1), needed('megabyte', 0)];
  const joined = (large: number, largeUnit: string, small: number, smallUnit: string): string => {
    const first = `${whole.format(large)} ${largeUnit}`;
    return small === 0 ? first : `${first} ${whole.format(small)} ${smallUnit}`;
  };
  return {
    count: (value) => whole.format(value),
    compact: (value) => compact.format(value),
    number: (value) => {
      if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : '∞';
      if (value === 0) return '0';
      const size = Math.abs(value);
      if (size < 1e-3 || size >= 1e6) return scientific.format(value).toLowerCase();
      return size >= 1000 ? whole.format(value) : significant.format(value);
    },
    percent: (fraction) => percent.format(fraction),
    bytes: (bytes) => {
      const power = bytes < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
      return (byteFormats[power] ?? whole).format(bytes / 1000 ** power);
    },
    bytesNeeded: (bytes) => (bytes >= 1e9 ? gigabytes.format(bytes / 1e9) : megabytes.format(bytes / 1e6)),
    seconds: (seconds) => {
      const total = Math.max(0, Math.round(seconds));
      if (total < 60) return `${whole.format(total)} ${units.seconds}`;
      if (total < 600) return joined(Math.floor(total / 60), units.minutes, total % 60, units.seconds);
      const minutes = Math.round(total / 60);
      if (minutes < 60) return `${whole.format(minutes)} ${units.minutes}`;
      const hours = Math.round(minutes / 60);
      if (hours < 48) return joined(Math.floor(minutes / 60), units.hours, minutes % 60, units.minutes);
      return joined(Math.floor(hours / 24), units.days, hours % 24, units.hours);
    },
    date: (iso) => {
      const date = new Date(iso);
      return Number.isNaN(date.getTime()) ? iso : dateTime.format(date);
    },
    ...lists,
  };
}
