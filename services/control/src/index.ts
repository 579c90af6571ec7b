export { cancelChange } from './cancel.ts';
export { changeOnce } from './once.ts';
export { QUEUES_JSON } from './routes/queues.ts';
export { type StartedControl, startControl } from './start-control.ts';
