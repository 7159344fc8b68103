import { expose } from 'comlink';
import { PageEngine } from './engine';
import { registerErrorTransfer } from './errors';

registerErrorTransfer();
// The page names the worker after its own address: that is where the demo's files lie.
expose(new PageEngine(self.name));
