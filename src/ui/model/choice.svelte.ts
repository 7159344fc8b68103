import type { ModelReference } from '../../core/model_reference';
import type { SavedModelReport } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { FormerAdapter } from '../runs/former.svelte';
import type { RunsState } from '../runs/runs.svelte';
import type { PickedFiles } from '../shared/files';
import type { RouteState } from '../shell/route.svelte';
import type { SettingsState } from '../train/settings.svelte';
import type { CandidateState } from './candidate.svelte';
import { wayOf, type ModelState, type Way } from './model.svelte';
import type { SearchState } from './search.svelte';
import type { SavedModelsState } from './saved.svelte';

interface Parts {
  readonly engine: EngineState;
  readonly route: RouteState;
  readonly settings: SettingsState;
  readonly model: ModelState;
  readonly candidate: CandidateState;
  readonly search: SearchState;
  readonly saved: SavedModelsState;
  readonly runs: RunsState;
  readonly former: FormerAdapter;
  /** Whether model, examples and settings can't be changed. */
  readonly locked: boolean;
}

/** The visitor's choice of a model: the demo, one of the hub, one from disk, or a saved one. */
export class ModelChoice {
  readonly #parts: Parts;
  /** Whether the less used settings of the model step are unfolded. */
  more = $state(false);
  /** Branch, tag or commit for a model of the hub whose name has none; empty: the newest. */
  hubRevision = $state('');

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Bytes of storage missing for opening the candidate; undefined if there is enough room or if it is unknown. */
  readonly missingRoom = $derived.by(() => {
    const { storageNeeded = 0, storageFree } = this.#parts.candidate.preview ?? {};
    return storageFree !== undefined && storageNeeded > storageFree ? storageNeeded - storageFree : undefined;
  });
  /** Whether the candidate can be opened. */
  readonly canOpen = $derived.by(() => {
    const { engine, locked, model, settings, candidate } = this.#parts;
    return (
      engine.usable &&
      !locked &&
      !model.busyLong &&
      settings.valid &&
      candidate.preview?.fits === true &&
      this.missingRoom === undefined
    );
  });
  /** Whether the open model can be loaded with other settings without choosing its files again. */
  readonly canReopen = $derived.by(() => {
    const { wanted, report } = this.#parts.model;
    return wanted.kind === 'hub' || (wanted.kind === 'stored' && report?.repo !== undefined);
  });

  /** Shows another way to choose a model. Drops the candidate, because it belongs to the former way. */
  chooseWay(way: Way): void {
    const { model, former, search, candidate, saved } = this.#parts;
    if (way === 'demo') {
      if (model.wanted.kind !== 'demo') former.forget();
      model.chooseDemo();
    }
    model.way = way;
    search.cancel();
    candidate.forget();
    if (way === 'kept') void saved.refresh();
  }

  /** Opens a model from the visitor's disk. */
  chooseFiles(picked: PickedFiles): void {
    const { model, former, candidate } = this.#parts;
    candidate.forget();
    former.forget();
    model.way = 'disk';
    model.chooseFiles(picked);
  }

  /** Previews a saved model, or an unfinished download. */
  lookAtSaved(saved: SavedModelReport): void {
    const { candidate } = this.#parts;
    const { id, name, repo, commit, partial } = saved;
    if (!partial || repo === undefined) candidate.look({ kind: 'stored', id }, repo ?? name);
    else candidate.look({ kind: 'hub', repo, ...(commit !== undefined && { revision: commit }) }, repo);
  }

  /** Previews a model of the hub, at the set revision if its name has none. */
  lookAtHub({ repo, revision = this.hubRevision.trim(), file }: ModelReference): void {
    this.#parts.candidate.look({
      kind: 'hub',
      repo,
      ...(revision !== '' && { revision }),
      ...(file !== undefined && { file }),
    });
  }

  setHubRevision(revision: string): void {
    this.hubRevision = revision;
    const { source } = this.#parts.candidate;
    if (source?.kind !== 'hub') return;
    const { repo, file } = source;
    this.lookAtHub({ repo, ...(file !== undefined && { file }) });
  }

  /** Requests the candidate's preview again. */
  refresh(): void {
    const { settings, candidate } = this.#parts;
    const { values, quantization } = settings;
    if (values) void candidate.refresh(quantization, values);
  }

  /** Opens the candidate; downloads its missing files. */
  open(): void {
    const { model, former, candidate, search, runs, route } = this.#parts;
    const { source, name } = candidate;
    if (!source || !this.canOpen) return;
    if (runs.unfinished) runs.putAside(runs.unfinished);
    former.forget();
    model.choose(source, name);
    model.way = wayOf(source);
    search.clear();
    candidate.forget();
    route.go('model');
  }

  /** Unfolds the settings of the hub and goes to one of them. */
  toHubSettings(field: 'endpoint' | 'token'): void {
    this.#parts.route.go('model');
    this.more = true;
    // After the settings are unfolded.
    requestAnimationFrame(() => {
      document.getElementById(`hub-${field}`)?.focus();
    });
  }

  /** Previews the model from before a reload, if it is saved: it opens without a network. */
  offerFormer(): void {
    const { model, saved } = this.#parts;
    const { former } = model;
    if (!former) return;
    if ('folder' in former) model.way = 'disk';
    const kept = saved.list.find(({ name, source, partial, repo }) =>
      'folder' in former ? !partial && source === 'files' && name === former.folder : repo === former.repo,
    );
    if (!kept) return;
    model.way = 'kept';
    this.lookAtSaved(kept);
  }
}
