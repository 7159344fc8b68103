/** The parts of the step of the examples. */
export type ExamplesView = 'files' | 'cleaning' | 'rows' | 'more';
