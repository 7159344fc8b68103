import type { App } from '../app.svelte';
import { formatPercent } from '../shared/format';
import { text } from './text';

/** The tab's title: what goes on and how far it is, else where the page stands. Reads state: call it within `$derived`. */
export function titleOf(app: App): string {
  const { place } = app.route;
  const said = working(app) ?? news(app) ?? (place === 'start' ? '' : text.titles[place]);
  return said === '' ? text.name : text.tab(said);
}

function working({ training, model, exports, opening, runs }: App): string | undefined {
  if (training.active) {
    const { phase, last, fraction, progress } = training;
    const far = last ? last.step / last.steps : (progress?.fraction ?? fraction);
    const what = phase === 'paused' ? text.paused : phase === 'running' ? text.training : text.opening;
    return withPercent(what, far);
  }
  if (exports.exporting) return withPercent(text.exporting, exports.progress?.fraction);
  if (model.busyLong) return withPercent(text.opening, model.progress?.fraction);
  return opening ? withPercent(text.opening, runs.progress?.fraction) : undefined;
}

/** The percentage comes first: a narrow tab shows little more. */
function withPercent(what: string, fraction: number | undefined): string {
  return fraction === undefined ? what : `${formatPercent(fraction)} · ${what}`;
}

function news({ news: { outcome } }: App): string | undefined {
  if (outcome === undefined) return undefined;
  return outcome === 'done' ? text.tabDone : text.failedTitle;
}
