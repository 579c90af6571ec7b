/** Property tests draw the same values on every run, since a gate must not pass or fail by luck; `npm run properties` draws new ones. */
import fc from 'fast-check';
import { seedOfRun } from './seed.ts';

fc.configureGlobal({ seed: seedOfRun() });
