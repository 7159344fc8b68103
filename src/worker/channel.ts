/** The broadcast channel on which the engines of all tabs announce changes of the list of runs. */
export const RUNS_CHANNEL = 'tunesmith-runs-changed';
