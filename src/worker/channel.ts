/** The broadcast channel on which the engines of all tabs tell that the list of runs has changed. */
export const RUNS_CHANNEL = 'tunesmith-runs-changed';
