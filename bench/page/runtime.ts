/** The browser and its version, from its user agent. */
export function runtimeOf(userAgent: string): string {
  const [, name = 'Browser', version = ''] = /(Edg|Firefox|Chrome)\/([\d.]+)/.exec(userAgent) ?? [];
  return `${name === 'Chrome' ? 'Chromium' : name} ${version}`.trim();
}
