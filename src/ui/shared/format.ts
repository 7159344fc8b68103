/** Numbers, sizes, times and dates as the page shows them. The page is in English, so the numbers are too. */
const locale = 'en';

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 });
const significant = new Intl.NumberFormat(locale, {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
const scientific = new Intl.NumberFormat(locale, { notation: 'scientific', maximumSignificantDigits: 3 });
const percentFormat = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const byteFormats = byteUnits.map(
  (unit) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumSignificantDigits: 3,
    }),
);

/** 12345 → "12,345". */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** 4213760 → "4.21M". */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** Three significant digits; very small and very large values in scientific notation. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : '∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return scientific.format(value).toLowerCase();
  return size >= 1000 ? whole.format(value) : significant.format(value);
}

/** 0.42 → "42%". */
export function formatPercent(fraction: number): string {
  return percentFormat.format(fraction);
}

/** Decimal units, as disks and downloads are sold: 8400000 → "8.4 MB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  return (byteFormats[power] ?? whole).format(bytes / 1000 ** power);
}

/** A length of time for a person: "45 s", "3 min 20 s", "2 h 5 min". */
export function formatSeconds(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${whole.format(total)} s`;
  if (total < 600) return joinUnits(Math.floor(total / 60), 'min', total % 60, 's');
  const minutes = Math.round(total / 60);
  if (minutes < 60) return `${whole.format(minutes)} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return joinUnits(Math.floor(hours / 24), 'days', hours % 24, 'h');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const first = `${whole.format(large)} ${largeUnit}`;
  return small === 0 ? first : `${first} ${whole.format(small)} ${smallUnit}`;
}

/** An ISO date in the visitor's time zone: "Nov 2, 2026, 2:03 PM". */
export function formatDate(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : dateTime.format(date);
}

/** "1 example", "2 examples". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}
