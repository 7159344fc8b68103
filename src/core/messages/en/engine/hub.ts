import { format, plural } from '../format';

/** Messages about requests and downloads. */
export const hub = {
  /** A search, as the subject of a request. */
  hub_search: 'the search',
  answer_cut_off: ({ subject }: { subject: string }) => `The answer about ${subject} was cut off.`,
  endpoint_fails: ({ host, status, subject }: { host: string; status: number; subject: string }) =>
    `${host} answered with the status ${status} for ${subject} several times.`,
  file_host_refuses: ({ subject }: { subject: string }) => `The host of ${subject} refused the request.`,
  file_stalled: ({ file }: { file: string }) => `The download of ${file} stalled several times.`,
  file_cut_off: ({ file }: { file: string }) => `The download of ${file} was cut off several times.`,
  file_other_part: ({ file }: { file: string }) => `The host sent another part of ${file} than requested.`,
  file_download_over: ({ file }: { file: string }) => `The download of ${file} has ended.`,
  file_shorter: ({ subject, host }: { subject: string; host: string }) =>
    `${subject} is shorter on ${host} than in the list of files.`,
  file_size_differs: ({ file, bytes, listed }: { file: string; bytes: number; listed: number }) =>
    `${file} has ${format.count(bytes)} bytes now, but ${format.count(listed)} in the list of files.`,
  file_of_other_commit: ({ file }: { file: string }) => `${file} now comes from another commit.`,
  file_changed: ({ file }: { file: string }) => `${file} changed during the download.`,
  /** Notes. */
  repository_changed: ({ repo }: { repo: string }) =>
    `${repo} has changed since its download began: the changed files are downloaded again, the others are used.`,
  dataset_rows_left: ({ repo, rows, reason }: { repo: string; rows: number; reason: string }) =>
    `${plural(rows, 'row')} of ${repo} can’t be read and ${rows === 1 ? 'is' : 'are'} left out: ${reason}`,
  dataset_part: ({ repo, split }: { repo: string; split: string }) =>
    `The Hub’s Parquet copy of ${repo} holds only the beginning of ${split}. Rows counted from the end or in percent are those of this part.`,
  dataset_converted: ({ repo }: { repo: string }) =>
    `The files of ${repo} itself can’t be read here, so the Parquet copy that the Hub made of it is used.`,
  dataset_listing: ({ repo }: { repo: string }) => `Asking for ${repo}`,
  dataset_fetching: ({ rows, bytes }: { rows: number; bytes: number }) =>
    `Downloading: ${plural(rows, 'row')}, ${format.bytes(bytes)}`,
  file_fetched_again: ({ file }: { file: string }) => `${file} arrived damaged and is downloaded again.`,
};
