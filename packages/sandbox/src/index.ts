export type { Fault } from './contracts.ts';
