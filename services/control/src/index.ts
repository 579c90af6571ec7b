export { cancelChange } from './cancel.ts';
export { changeOnce } from './once.ts';
export { type StartedControl, startControl } from './start-control.ts';
