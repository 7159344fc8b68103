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
  /** Model, examples and settings stay as they are. */
  readonly locked: boolean;
}

/** The visitor chooses a model: the demo, one of the hub, one from disk, or one that is kept. */
export class ModelChoice {
  readonly #parts: Parts;
  /** The less used settings of the model step are unfolded. */
  more = $state(false);
  /** Branch, tag or commit of what is fetched from the hub if its name does not say one; empty: the newest. */
  hubRevision = $state('');

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Bytes of storage that opening the candidate lacks; undefined if there is room enough or nobody knows. */
  readonly missingRoom = $derived.by(() => {
    const { storageNeeded = 0, storageFree } = this.#parts.candidate.preview ?? {};
    return storageFree !== undefined && storageNeeded > storageFree ? storageNeeded - storageFree : undefined;
  });
  /** The candidate can be opened. */
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
  /** The open model can be loaded otherwise, and the visitor need not choose its files again for that. */
  readonly canReopen = $derived.by(() => {
    const { wanted, report } = this.#parts.model;
    return wanted.kind === 'hub' || (wanted.kind === 'stored' && report?.repo !== undefined);
  });

  /** Shows another way to a model. What is being looked at belongs to the way that it was found on. */
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

  /** Looks at a model that is kept, or at the rest of one that is not whole yet. */
  lookAtSaved(saved: SavedModelReport): void {
    const { candidate } = this.#parts;
    const { id, name, repo, commit, partial } = saved;
    if (!partial || repo === undefined) candidate.look({ kind: 'stored', id }, repo ?? name);
    else candidate.look({ kind: 'hub', repo, ...(commit !== undefined && { revision: commit }) }, repo);
  }

  /** Looks at a model of the hub, at the revision that is set if its name says none. */
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

  /** Asks anew what the model that is being looked at would take. */
  refresh(): void {
    const { settings, candidate } = this.#parts;
    const { values, quantization } = settings;
    if (values) void candidate.refresh(quantization, values);
  }

  /** Opens what is being looked at; what is missing of it is downloaded. */
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
    // After it is unfolded.
    requestAnimationFrame(() => {
      document.getElementById(`hub-${field}`)?.focus();
    });
  }

  /** Looks at the model of before a reload, if it is kept: it opens without a network. */
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
