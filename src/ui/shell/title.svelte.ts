import type { App } from '../app.svelte';
import { t } from '../language.svelte';

/**
 * The tab's title: the running work and its progress, else the present place. Reads state: call it within `$derived`.
 */
export function titleOf(app: App): string {
  const { place } = app.route;
  const said = working(app) ?? news(app) ?? (place === 'start' ? '' : t.shell.titles[place]);
  return said === '' ? t.shell.name : t.shell.tab(said);
}

function working({ work, training }: App): string | undefined {
  switch (work?.kind) {
    case 'training': {
      const { phase } = training;
      const what =
        phase === 'paused' ? t.shell.paused : phase === 'running' ? t.shell.training : t.shell.opening;
      // Before the first step the fraction is that of the kernels, which says nothing of the run.
      return withPercent(what, phase === 'preparing' ? undefined : work.fraction);
    }
    case 'exporting':
      return withPercent(t.shell.exporting, work.fraction);
    case 'reducing':
      return withPercent(t.shell.reducing, work.fraction);
    case 'writing':
      return withPercent(t.shell.writing, work.fraction);
    case 'opening_model':
    case 'opening_run':
      return withPercent(t.shell.opening, work.fraction);
    default:
      return undefined;
  }
}

/** The percentage comes first: a narrow tab shows little more. */
function withPercent(what: string, fraction: number | undefined): string {
  return fraction === undefined ? what : `${t.format.percent(fraction)} · ${what}`;
}

function news({ news: { outcome } }: App): string | undefined {
  if (outcome === undefined) return undefined;
  return outcome === 'done' ? t.shell.tabDone : t.shell.failedTitle;
}
