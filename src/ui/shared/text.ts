export const text = {
  details: 'Details',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  left: (time: string) => `${time} left`,
};
