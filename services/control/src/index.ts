export { type StartedControl, startControl } from './start-control.ts';
