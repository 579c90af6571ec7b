export {
  COMMON_SETTINGS,
  type HostRequest,
  hostService,
  type ServiceContext,
} from './host-service.ts';
export type { HostedService } from './hosted-service.ts';
export { type LedgerSealer, ledgerSealer, openLedgerSealer } from './ledger-sealer.ts';
export { type LoopOptions, type RunningLoop, startLoop } from './loop.ts';
export { startReporting } from './report-requests.ts';
export { RequestRecorder } from './request-recorder.ts';
export { openSession, readLedger, type Session, type SessionOptions, stagingPrefix, VERSION } from './session.ts';
export { type FleetSlowDowns, SLOW_DOWNS, SlowDownTally, slowDownTeller } from './slow-downs.ts';
