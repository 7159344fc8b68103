import { format } from '../format';

/** Messages about requests and downloads. */
export const hub = {
  /** A search, as the subject of a request. */
  hub_search: 'the search',
  answer_cut_off: ({ subject }: { subject: string }) => `The answer about ${subject} was cut off.`,
  endpoint_fails: ({ host, status, subject }: { host: string; status: number; subject: string }) =>
    `${host} answered with the status ${status} for ${subject}, again and again.`,
  file_host_refuses: ({ subject }: { subject: string }) => `The host that has ${subject} refused it.`,
  file_stalled: ({ file }: { file: string }) => `Nothing more of ${file} arrived, again and again.`,
  file_cut_off: ({ file }: { file: string }) => `${file} was cut off, again and again.`,
  file_other_part: ({ file }: { file: string }) => `Other parts of ${file} arrive than were asked for.`,
  file_download_over: ({ file }: { file: string }) => `The download of ${file} has ended.`,
  file_shorter: ({ subject, host }: { subject: string; host: string }) =>
    `${subject} is shorter on ${host} than it was listed.`,
  file_size_differs: ({ file, bytes, listed }: { file: string; bytes: number; listed: number }) =>
    `${file} has ${format.count(bytes)} bytes now, and was listed with ${format.count(listed)}.`,
  file_of_other_commit: ({ file }: { file: string }) => `${file} now comes from another commit.`,
  file_changed: ({ file }: { file: string }) => `${file} changed while it was being downloaded.`,
  /** Notes. */
  repository_changed: ({ repo }: { repo: string }) =>
    `${repo} has changed since its download began: what changed is fetched anew, what did not is kept.`,
  file_fetched_again: ({ file }: { file: string }) => `${file} arrived damaged and is fetched once more.`,
};
