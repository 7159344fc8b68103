import { message } from '../../core/messages/message';
import type { Hub } from '../../hub/types';
import { uploadModel, type UploadFile, type UploadProgress, type Uploaded } from '../../hub/upload';
import type { UploadTarget as UploadRepository } from '../../hub/upload_target';
import type { OnProgress } from '../progress';

/** The repository of an upload, and the first line of the commit's message. */
export interface UploadTarget extends UploadRepository {
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
