/** A prompt with its inputs in place of their names. What an input says is not read as a name again. */
export function filled(prompt: string, fields: Readonly<Record<string, string | number>>): string {
  return prompt.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(fields, name) ? String(fields[name]) : whole,
  );
}

/** The different lines of a text that are not empty. */
export function linesIn(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(lines.filter((line) => line !== ''));
}
