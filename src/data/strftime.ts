/**
 * Python's `strftime` in English, for the directives that chat templates use. Unknown directives stay unchanged, as on
 * Linux.
 */
export function strftime(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const word = (options: Intl.DateTimeFormatOptions): string => date.toLocaleDateString('en-US', options);
  const hour = date.getHours() % 12 === 0 ? 12 : date.getHours() % 12;
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const directives: Readonly<Record<string, () => string>> = {
    Y: () => String(year),
    y: () => two(year % 100),
    m: () => two(month),
    d: () => two(day),
    e: () => String(day).padStart(2, ' '),
    B: () => word({ month: 'long' }),
    b: () => word({ month: 'short' }),
    A: () => word({ weekday: 'long' }),
    a: () => word({ weekday: 'short' }),
    j: () =>
      String(Math.round((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 0)) / 86_400_000)).padStart(
        3,
        '0',
      ),
    H: () => two(date.getHours()),
    I: () => two(hour),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    p: () => (date.getHours() < 12 ? 'AM' : 'PM'),
    F: () => `${year}-${two(month)}-${two(day)}`,
    T: () => `${time}:${two(date.getSeconds())}`,
    R: () => time,
    '%': () => '%',
  };
  return format.replace(/%(-?)(.)/g, (whole, minus: string, directive: string) => {
    const written = Object.hasOwn(directives, directive) ? directives[directive]?.() : undefined;
    if (written === undefined) return whole;
    return minus === '' ? written : written.replace(/^0+(?=\d)/, ''); // %-d: without leading zeros
  });
}
