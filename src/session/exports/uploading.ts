import { message } from '../../core/messages/message';
import type { Hub } from '../../hub/types';
import { uploadModel, type UploadFile, type UploadProgress, type Uploaded } from '../../hub/upload';
import type { OnProgress } from '../progress';

/** The repository of an upload. */
export interface UploadTarget {
  /** owner/name */
  readonly repo: string;
  /** Whether only the owner may see the files. */
  readonly isPrivate: boolean;
  /** Whether the files may join or replace those of a repository that has some. */
  readonly update: boolean;
  /** First line of the commit's message. */
  readonly title: string;
}

/** Uploads written files with progress; see `uploadModel`. */
export async function uploadFiles(
  hub: Hub,
  target: UploadTarget,
  files: readonly UploadFile[],
  { onProgress, signal }: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal } = {},
): Promise<Uploaded> {
  return await uploadModel(
    hub,
    { ...target, files },
    { signal, onProgress: (progress) => onProgress?.(asProgress(progress)) },
  );
}

function asProgress({ doing, path, bytes, totalBytes }: UploadProgress): Parameters<OnProgress>[0] {
  const fraction = bytes / Math.max(1, totalBytes);
  switch (doing) {
    case 'hashing':
      return { label: message('upload_hashing', { file: path }), fraction, bytes, totalBytes };
    case 'uploading':
      return { label: message('upload_sending', { file: path }), fraction, bytes, totalBytes };
    case 'committing':
      return { label: message('upload_committing'), fraction, bytes, totalBytes };
  }
}
