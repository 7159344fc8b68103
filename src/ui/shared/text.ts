export const text = {
  details: 'Details',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  left: (time: string) => `${time} left`,
  apply: 'Use this',
  byPurpose: 'Memory by purpose',
  purpose: {
    base: 'Base model',
    adapter: 'Adapter',
    gradients: 'Gradients',
    moments: 'Optimizer moments',
    activations: 'Activations',
    cache: 'Chat cache',
    inputs: 'Inputs',
  } as Readonly<Record<string, string>>,
};
