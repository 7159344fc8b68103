import { string } from 'valibot';
import { keep, readKept } from '../shared/persist';

const OWNER = 'hub_owner';

/** The repository that the visitor enters for an upload. */
export class UploadForm {
  readonly #folderName: () => string;
  /** owner/name as typed; undefined until the visitor types. */
  #typed: string | undefined = $state();
  isPrivate = $state(true);
  /** Whether the visitor allows that the files of an existing repository change. */
  update = $state(false);
  /** Owner of the last upload. */
  #owner = $state(readKept(OWNER, string()) ?? '');

  /** @param folderName the present export's own name, which is proposed as the repository's */
  constructor(folderName: () => string) {
    this.#folderName = folderName;
  }

  readonly repo = $derived.by(
    () => this.#typed ?? (this.#owner === '' ? '' : `${this.#owner}/${this.#folderName()}`),
  );

  setRepo(typed: string): void {
    this.#typed = typed;
    // The consent was for another repository.
    this.update = false;
  }

  /** Remembers the owner after a successful upload. */
  remember(repo: string): void {
    this.#owner = repo.split('/')[0] ?? '';
    keep(OWNER, this.#owner);
  }
}
