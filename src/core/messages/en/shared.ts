export const shared = {
  details: 'Details',
  none: 'none',
  suggestions: (name: string) => `Values of ${name}`,
  allLinear: 'all linear layers',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  left: (time: string) => `${time} left`,
  apply: 'Use this',
  byPurpose: 'Memory by purpose',
};
