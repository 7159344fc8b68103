export const runs = {
  none: 'Runs are listed here once there are some.',
  opening: 'Opening the run',
  open: 'Open',
  continue: 'Continue',
  details: 'Details',
  remove: 'Remove',
  removeTitle: 'Remove this run?',
  removeHelp: (name: string) =>
    `The adapter and the checkpoints of “${name}” are deleted. This cannot be undone.`,
  unreadable: (runs: string) =>
    `${runs} can't be read here: damaged, or written by another version of this page.`,
  underWay: 'being trained in another tab',
  state: {
    running: 'interrupted',
    paused: 'paused',
    finished: 'finished',
    stopped: 'stopped',
    failed: 'failed',
  },
  steps: (step: string, steps: string) => `${step} of ${steps} steps`,
  loss: (loss: string) => `loss ${loss}`,
  settings: 'Settings',
  setting: 'Setting',
  value: 'Value',
  on: 'on',
  off: 'off',
};
