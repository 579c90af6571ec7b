import type { Source, SourceLoad, SourceSize } from '../ports.ts';
import { check } from './check.ts';
import { DataApi } from './client.ts';
import { discover } from './discover.ts';
import { histogram, textPrefixes } from './histogram.ts';
import { measure } from './measure.ts';
import type { RedshiftDeps, RedshiftOptions } from './options.ts';
import { PressureReader } from './pressure.ts';
import { probe, renderProbe } from './probe.ts';
import { readSlices } from './slices.ts';
import { Statements } from './statements.ts';
import { readAnswer, sourceFingerprint, submitUnload } from './unload.ts';
import { renderUnloadBatch } from './unload-sql.ts';
import { renderWriteSample, sampleWrites, sourceClock } from './write-history.ts';

export interface OpenSource extends Source, SourceLoad, SourceSize {
  close(): void;
}

/** Redshift through its Data API: no connection, no driver, any process may go on with any statement. */
export function openRedshift(options: RedshiftOptions, deps: RedshiftDeps): OpenSource {
  const api = new DataApi(options, deps);
  const statements = new Statements(api, deps, options.statements);
  const pressure = new PressureReader(statements, deps.clock, options.kind);
  return {
    discover: () => discover(statements, options.database, deps.log),
    measure: (request) => measure(statements, request),
    histogram: (table, question) => histogram(statements, table, question),
    textPrefixes: (request) => textPrefixes(statements, request),
    renderUnload: (request) => renderUnloadBatch(request, options).statements,
    submitUnload: (request) => submitUnload(statements, options, request),
    findStatement: (statementName) => statements.find(statementName),
    awaitStatement: (statementId, signal) => statements.await(statementId, signal),
    readUnloadAnswer: (statementId, request) => readAnswer(statements, options, statementId, request),
    runningStatements: (namePrefix) => statements.running(namePrefix),
    cancelStatement: (statementId) => statements.cancel(statementId),
    fingerprint: (plan, predicate, hashForm) => sourceFingerprint(statements, options, { plan, predicate, hashForm }),
    renderProbe: (request) => renderProbe(request, options),
    probe: (request, signal) => probe(statements, options, request, signal),
    clock: () => sourceClock(statements),
    renderWriteSample,
    sampleWrites: (request) => sampleWrites(statements, request),
    readPressure: (request) => pressure.read(request),
    readSlices: () => readSlices(statements),
    check: () => check(options, api, statements),
    close: () => api.close(),
  };
}
