import { format } from '../format';

const GOES_ON = 'The downloaded part is saved, and the download resumes from there.';
const SPEAKS_AS_HUB = 'Check that the endpoint has the same interface as the Hugging Face Hub.';

/** Names that a message lists. */
const LISTED = 12;

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, LISTED);
  return format.list(names.length > shown.length ? [...shown, '…'] : shown);
}

type Kind = 'model' | 'dataset';
const kinds: Readonly<Record<Kind, string>> = { model: 'model', dataset: 'data set' };
const samples: Readonly<Record<Kind, string>> = {
  model: 'Qwen/Qwen2.5-0.5B-Instruct',
  dataset: 'openai/gsm8k',
};

/** `kept`: a download that goes on from what it has. */
function hintOf(hint: string, kept: boolean | undefined): string {
  return kept ? `${hint} ${GOES_ON}` : hint;
}

export const hubErrors = {
  dataset_config_missing: ({ repo, names }: { repo: string; names: readonly string[] }) => ({
    message: `${repo} has several configurations.`,
    hint: `Choose one of them (on the command line: hub:${repo},NAME,SPLIT): ${shortList(names)}.`,
  }),
  dataset_config_unknown: ({
    repo,
    config,
    names,
  }: {
    repo: string;
    config: string;
    names: readonly string[];
  }) => ({
    message: `${repo} has no configuration ${config}.`,
    hint: `It has ${shortList(names)}.`,
  }),
  dataset_file: ({ file, reason }: { file: string; reason: string }) => ({
    message: `${file} can’t be read: ${reason}`,
    hint: 'Choose other rows or another data set, or download the file and repair it.',
  }),
  dataset_large: ({ bytes }: { bytes: number }) => ({
    message: `These rows take more than ${format.bytes(bytes)}.`,
    hint: 'Choose fewer of them, such as [:10000].',
  }),
  dataset_no_rows: ({ split, rows, slice }: { split: string; rows: number; slice: string }) => ({
    message:
      slice === ''
        ? `${split} has no rows.`
        : `${split} has ${format.count(rows)} rows, and ${slice} selects none of them.`,
    hint: 'Choose other rows.',
  }),
  dataset_card: {
    message: 'The card of this data set lists its configurations in a form that can’t be read.',
    hint: 'Download its files from the site, and add them here.',
  },
  dataset_reference: ({ typed }: { typed: string }) => ({
    message: `“${typed}” is not the name of a data set.`,
    hint: 'Write owner/name, and behind it, if you like, a configuration, a split and rows: openai/gsm8k,main,train[:1000].',
  }),
  dataset_slice: ({ typed }: { typed: string }) => ({
    message: `“${typed}” does not say which rows are meant.`,
    hint: 'Write [:1000] for the first 1,000 rows, [1000:2000], [-500:] for the last 500, or [10%:20%].',
  }),
  dataset_split_unknown: ({
    repo,
    config,
    split,
    names,
  }: {
    repo: string;
    config: string;
    split: string;
    names: readonly string[];
  }) => ({
    message: `The configuration ${config} of ${repo} has no split ${split}.`,
    hint: `It has ${shortList(names)}.`,
  }),
  dataset_unreadable: ({ repo, endings }: { repo: string; endings: readonly string[] }) => ({
    message: `${repo} has no files that Tunesmith can read.`,
    hint: `It reads ${format.series(endings)}. If the site offers a Parquet version of the data set, download that.`,
  }),
  download_changed: ({ reason }: { reason: string }) => ({
    message: reason,
    hint: 'Start the download again: it then uses the files as they are now.',
  }),
  download_failed: ({ reason, kept }: { reason: string; kept?: boolean }) => ({
    message: reason,
    hint: hintOf('Try again later.', kept),
  }),
  /** `missing`: bytes still to come; `excess`: bytes to free. */
  download_no_room: ({ repo, missing, excess }: { repo: string; missing: number; excess: number }) => ({
    message: `There is no room for ${repo}: ${format.bytes(missing)} are still missing.`,
    hint: `Free at least ${format.bytes(excess)}: remove models or runs that are no longer needed, or free space on the disk. The downloaded part is saved.`,
  }),
  download_reopen: ({ file }: { file: string }) => ({
    message: `${file} arrived damaged and was downloaded again.`,
    hint: 'Open the model again: the download is complete now.',
  }),
  download_wrong_hash: ({ file, repo, host }: { file: string; repo: string; host: string }) => ({
    message: `${file} of ${repo} was downloaded twice, and its bytes differ from those that ${host} lists.`,
    hint: 'Try again later, or choose another endpoint. The file was deleted.',
  }),
  downloaded_file_gone: ({ file }: { file: string }) => ({
    message: `${file} is no longer in storage.`,
    hint: 'Open the model again: it is then downloaded again.',
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
    hint: hintOf('Check the endpoint.', kept),
  }),
  endpoint_answer_endless: ({ host }: { host: string }) => ({
    message: `${host} sent an answer that does not end.`,
    hint: SPEAKS_AS_HUB,
  }),
  endpoint_no_ranges: ({ host, file }: { host: string; file: string }) => ({
    message: `${host} does not send parts of ${file}, only the whole file.`,
    hint: 'Choose another endpoint, or download the file and open it here.',
  }),
  endpoint_limit: ({ host, minutes, kept }: { host: string; minutes: number; kept?: boolean }) => ({
    message: `${host} allows no more downloads for ${minutes} minutes.`,
    hint: hintOf('Try again then. With an access token, the limit is higher.', kept),
  }),
  endpoint_unreachable: ({ host, kept }: { host: string; kept?: boolean }) => ({
    message: `${host} can’t be reached.`,
    hint: hintOf('Check the connection, or choose another endpoint.', kept),
  }),
  repository_exists: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${host} has a repository ${repo} already.`,
    hint: 'Choose another name, or allow that its files are updated (on the command line: --update): files of the same name are then replaced, and the others stay.',
  }),
  repository_file_large: ({ file, bytes }: { file: string; bytes: number }) => ({
    message: `${file} is too large for a file of its kind: ${format.bytes(bytes)}.`,
    hint: 'Choose another model, or the same one from another repository.',
  }),
  repository_file_missing: ({ repo, file }: { repo: string; file: string }) => ({
    message: `${repo} has no file ${file}.`,
    hint: 'Its page lists its files.',
  }),
  /** `page`: its path at the endpoint. */
  repository_gated: ({
    repo,
    page,
    endpoint,
    token,
  }: {
    repo: string;
    page: string;
    endpoint: string;
    token: boolean;
  }) => ({
    message: token
      ? `The access token does not open ${repo}.`
      : `${repo} is open only to people whom its owner has approved.`,
    hint: `Sign in at ${endpoint}/${page}, accept its conditions there, and enter an access token of that account that may read it.`,
  }),
  repository_invalid: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${host} describes ${repo} in a way that can’t be understood.`,
    hint: SPEAKS_AS_HUB,
  }),
  repository_name: ({ name }: { name: string }) => ({
    message: `“${name}” is not the name of a repository.`,
    hint: 'Write owner/name, such as Qwen/Qwen2.5-0.5B-Instruct.',
  }),
  repository_not_found: ({ repo, kind, host }: { repo: string; kind: Kind; host: string }) => ({
    message: `There is no ${kinds[kind]} ${repo} on ${host}, or it is private.`,
    hint: `Check the name; it must be like ${samples[kind]}. A private ${kinds[kind]} needs an access token.`,
  }),
  repository_public: ({ repo, host }: { repo: string; host: string }) => ({
    message: `The repository ${repo} on ${host} is public, but you asked for a private upload.`,
    hint: `Choose another name, make the repository private on ${host}, or switch off “Private” (on the command line: --public).`,
  }),
  repository_too_many_files: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${host} lists more files of ${repo} than can be read.`,
    hint: SPEAKS_AS_HUB,
  }),
  revision_not_found: ({ repo, revision, host }: { repo: string; revision?: string; host: string }) => ({
    message:
      revision === undefined
        ? `${repo} has no revision of this name on ${host}.`
        : `${repo} has no revision ${revision} on ${host}.`,
    hint: 'Give a branch, a tag or a full commit hash of this repository, or leave it out to use the main branch.',
  }),
  search_answer: ({ host }: { host: string }) => ({
    message: `${host} answered the search in a way that can’t be understood.`,
    hint: 'Type the name as owner/name, or choose another endpoint.',
  }),
  search_not_offered: {
    message: 'ModelScope does not let other pages search it.',
    hint: 'Find the name on its site, and type it here as owner/name.',
  },
  token_invalid: {
    message: 'The access token has spaces or characters that no access token has.',
    hint: 'Copy it again from the page where you made it.',
  },
  token_refused: ({ host }: { host: string }) => ({
    message: `${host} refuses this access token, or requests without one.`,
    hint: 'Check the access token: it may have expired. Downloads of models that are open to all need none.',
  }),
  /** `reason`: the host's own words. */
  upload_failed: ({ repo, host, reason }: { repo: string; host: string; reason?: string }) => ({
    message:
      reason === undefined
        ? `The upload to ${repo} failed: ${host} answered in a way that can’t be understood.`
        : `The upload to ${repo} failed. ${host} says: “${reason}”`,
    hint: 'Try again: files that have been uploaded are not sent again.',
  }),
  upload_no_token: ({ host }: { host: string }) => ({
    message: `An upload to ${host} needs an access token.`,
    hint: `Make a token with write access on ${host}. Enter it here, or on the command line give it in $HF_TOKEN or as --token.`,
  }),
  upload_not_offered: ({ host }: { host: string }) => ({
    message: `Tunesmith can’t upload to ${host}.`,
    hint: 'Download the files and upload them on its site, or choose an endpoint with the interface of the Hugging Face Hub.',
  }),
  upload_refused: ({ repo, host }: { repo: string; host: string }) => ({
    message: `${host} does not let this access token write to ${repo}.`,
    hint: 'Check the owner’s name, and that the token has write access there.',
  }),
};
