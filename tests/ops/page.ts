import { runCase } from './run';

/** The one call that the suite makes into the page. */
declare global {
  interface Window {
    runCase: typeof runCase;
  }
}

window.runCase = runCase;
