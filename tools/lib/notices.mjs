import license from 'rollup-plugin-license';

/**
 * Collects the licences of all packages in the page and in its worker, and writes them beside the page as
 * third-party-notices.txt.
 */
export function thirdPartyNotices() {
  /** @type {Map<string, string>} */
  const notices = new Map();
  const collect = () =>
    license({
      thirdParty: (dependencies) => {
        for (const { name, version, license, licenseText, noticeText } of dependencies) {
          const head = `${name ?? ''} ${version ?? ''} (${license ?? 'no licence named'})`;
          notices.set(head, [head, licenseText, noticeText].filter(Boolean).join('\n\n'));
        }
      },
    });
  /** @type {import('vite').Plugin} */
  const write = {
    name: 'third-party-notices',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler() {
        const source = [...notices.keys()]
          .sort()
          .map((head) => notices.get(head))
          .join(`\n\n${'-'.repeat(80)}\n\n`);
        this.emitFile({ type: 'asset', fileName: 'third-party-notices.txt', source: `${source}\n` });
      },
    },
  };
  return { collect, write };
}
