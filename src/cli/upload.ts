import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { TunesmithError } from '../core/errors';
import type { UploadFile } from '../hub/upload';
import { uploadFiles } from '../session/exports/uploading';
import { isTemporary } from '../storage/file_store';
import { JSON_OPTION, type Command } from './command';
import { RUNS } from './former_output';
import { t } from './language';
import { HUB_OPTIONS, hubOf } from './library';
import { progressText } from './open';
import { interruptible } from './signals';

export const uploadCommand: Command = {
  name: 'upload',
  summary: t.cli.summaries.upload,
  options: {
    input: { value: 'DIR', kind: 'text', required: true, help: t.cli.options.uploadInput },
    hub_model_id: { value: 'OWNER/NAME', kind: 'text', required: true, help: t.cli.options.hubModelId },
    public: { value: '', kind: 'flag', help: t.cli.options.uploadPublic },
    update: { value: '', kind: 'flag', help: t.cli.options.uploadUpdate },
    endpoint: HUB_OPTIONS.endpoint!,
    token: { ...HUB_OPTIONS.token!, help: t.cli.options.uploadToken },
    json: JSON_OPTION,
  },
  settings: [],
  async run(args, output) {
    const files = await filesToUpload(args.required('input'));
    const target = {
      repo: args.required('hub_model_id'),
      isPrivate: !args.flag('public'),
      update: args.flag('update'),
      title: t.exporting.uploadTitle(files.length),
    };
    try {
      const { address, commit } = await interruptible((signal) =>
        uploadFiles(hubOf(args, undefined, process.env), target, files, {
          signal,
          onProgress: (told) => output.progress(progressText(told)),
        }),
      );
      output.progress('');
      output.json({ address, commit, files: files.map(({ path }) => path) });
      output.line(t.cli.uploaded(files.length, address));
    } finally {
      output.progress('');
    }
  },
};

/**
 * The files in a folder and its subfolders, without hidden ones and without a training's checkpoints. Throws
 * `folder_missing`, `folder_empty`, and `upload_unfinished` if an export into the folder was interrupted.
 */
export async function filesToUpload(folder: string): Promise<readonly UploadFile[]> {
  const info = await stat(folder).catch(() => undefined);
  const values = { option: 'input', path: folder };
  if (!info?.isDirectory()) throw new TunesmithError({ code: 'folder_missing', values });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }))
    .filter(({ name }) => !name.startsWith(`${RUNS}/`) && !/(?:^|\/)\./.test(name));
  const torn = paths.find(({ name }) => isTemporary(name));
  if (torn)
    throw new TunesmithError({ code: 'upload_unfinished', values: { path: folder, file: torn.name } });
  if (paths.length === 0) throw new TunesmithError({ code: 'folder_empty', values });
  return await Promise.all(
    paths.map(async ({ path, name }) => ({ path: name, content: await openAsBlob(path) })),
  );
}
