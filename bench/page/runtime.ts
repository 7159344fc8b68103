/** The browser and its version, out of what it calls itself. */
export function runtimeOf(userAgent: string): string {
  const [, name = 'Browser', version = ''] = /(Edg|Firefox|Chrome)\/([\d.]+)/.exec(userAgent) ?? [];
  return `${name === 'Chrome' ? 'Chromium' : name} ${version}`.trim();
}
