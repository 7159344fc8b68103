/** Why the disk refuses. */
export const cli = {
  disk_no_permission: 'you have no permission to read it',
  disk_error: 'the disk reports an error',
  disk_too_many_open: 'too many files are open',
  disk_links_circle: 'its links lead in a circle',
  disk_path_long: 'the path is too long',
  disk_file_large: 'it is too large to be read at once',
  disk_file_shorter: 'it got shorter while it was read',
  disk_no_writing: 'you may not write there',
  disk_read_only: 'it is on a disk that is read-only',
  disk_no_place: 'this path does not exist',
  disk_path_through_file: 'a part of its path is a file',
  disk_is_file: 'it is a file',
  disk_name_long: 'its name is too long',
  disk_full: 'the disk is full',
  disk_share_full: 'your share of the disk is full',
};
