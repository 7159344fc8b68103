import { format } from '../format';

const GOES_ON = 'What has arrived is kept: the download goes on from there.';
const SPEAKS_AS_HUB = 'Check that the endpoint in the settings speaks as the Hugging Face Hub does.';

/** `kept`: a download that goes on from what it has. */
function hintOf(hint: string, kept: boolean | undefined): string {
  return kept ? `${hint} ${GOES_ON}` : hint;
}

export const hubErrors = {
  download_changed: ({ reason }: { reason: string }) => ({
    message: reason,
    hint: 'Begin the download anew: it then takes the files as they are now.',
  }),
  download_failed: ({ reason, kept }: { reason: string; kept?: boolean }) => ({
    message: reason,
    hint: hintOf('Try again in a while.', kept),
  }),
  /** `missing`: bytes still to come; `excess`: bytes to free. */
  download_no_room: ({ repo, missing, excess }: { repo: string; missing: number; excess: number }) => ({
    message: `There is no room for ${repo}: ${format.bytes(missing)} are still to come.`,
    hint: `Free at least ${format.bytes(excess)}: remove models or runs that are no longer needed, or free space on the disk. What has arrived is kept.`,
  }),
  download_reopen: ({ file }: { file: string }) => ({
    message: `${file} had arrived damaged and was fetched once more.`,
    hint: 'Open the model again: all of it is here now.',
  }),
  download_wrong_hash: ({ file, repo, host }: { file: string; repo: string; host: string }) => ({
    message: `${file} of ${repo} arrived twice with other bytes than ${host} says it has.`,
    hint: 'Try again later or take another endpoint. The file was thrown away.',
  }),
  downloaded_file_gone: ({ file }: { file: string }) => ({
    message: `${file} is no longer in the storage.`,
    hint: 'Open the model again: it is then fetched anew.',
  }),
  endpoint_answer: ({
    host,
    status,
    subject,
    kept,
  }: {
    host: string;
    status: number;
    subject: string;
    kept?: boolean;
  }) => ({
    message: `${host} answered with the status ${status} for ${subject}.`,
    hint: hintOf('Check the endpoint in the settings.', kept),
  }),
  endpoint_answer_endless: ({ host }: { host: string }) => ({
    message: `${host} gave an answer without end.`,
    hint: SPEAKS_AS_HUB,
  }),
  endpoint_limit: ({ host, minutes, kept }: { host: string; minutes: number; kept?: boolean }) => ({
    message: `${host} lets nothing more be fetched for ${minutes} minutes.`,
    hint: hintOf('Try again then. With a token, more may be fetched.', kept),
  }),
  endpoint_unreachable: ({ host, kept }: { host: string; kept?: boolean }) => ({
    message: `${host} can't be reached.`,
    hint: hintOf('Check the connection, or choose another endpoint.', kept),
  }),
  repository_file_large: ({ file, bytes }: { file: string; bytes: number }) => ({
    message: `${file} is larger than such a file should be: ${format.bytes(bytes)}.`,
    hint: 'Choose another model, or the same one from another repository.',
  }),
  repository_file_missing: ({ repo, file }: { repo: string; file: string }) => ({
    message: `${repo} has no file ${file}.`,
    hint: 'Look on the page of the model for what it consists of.',
  }),
  repository_gated: ({ repo, endpoint, token }: { repo: string; endpoint: string; token: boolean }) => ({
    message: token
      ? `The token does not open ${repo}.`
      : `${repo} is only given to those whom its owner has let in.`,
    hint: `Sign in at ${endpoint}/${repo}, accept its conditions there, and give a token of that account that may read.`,
  }),
  repository_invalid: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${repo} is described in a way that makes no sense by ${host}.`,
    hint: SPEAKS_AS_HUB,
  }),
  repository_name: ({ name }: { name: string }) => ({
    message: `"${name}" is no name of a model.`,
    hint: 'Give it as owner/name, for instance "Qwen/Qwen2.5-0.5B-Instruct".',
  }),
  repository_not_found: ({ repo, host }: { repo: string; host: string }) => ({
    message: `There is no model ${repo} on ${host}, or it is private.`,
    hint: 'Check the name, as in "Qwen/Qwen2.5-0.5B-Instruct". A private model needs a token.',
  }),
  repository_too_many_files: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${host} lists more files of ${repo} than a model has.`,
    hint: SPEAKS_AS_HUB,
  }),
  revision_not_found: ({ repo, revision, host }: { repo: string; revision?: string; host: string }) => ({
    message:
      revision === undefined
        ? `${repo} has no revision of this name on ${host}.`
        : `${repo} has no revision ${revision} on ${host}.`,
    hint: 'Give a branch, a tag or a whole commit of this repository, or leave it out to take the main branch.',
  }),
  search_answer: ({ host }: { host: string }) => ({
    message: `${host} answered the search with something that makes no sense.`,
    hint: 'Type the name of the model as owner/name, or choose another endpoint in the settings.',
  }),
  search_not_offered: {
    message: 'ModelScope has no search that other pages may ask.',
    hint: 'Look for the model on its site, and type its name here as owner/name.',
  },
  token_invalid: {
    message: 'The token has spaces or characters that no token has.',
    hint: 'Copy it once more from the page where it was made.',
  },
  token_refused: ({ host }: { host: string }) => ({
    message: `${host} refuses requests with this token, or without one.`,
    hint: 'Check the token in the settings, or remove it: models that are open to all need none.',
  }),
};
