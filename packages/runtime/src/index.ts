export { createFakeClock, type FakeClock, systemClock } from './clock.ts';
export { configReference } from './config-reference.ts';
export { configSchema, configSchemaText } from './config-schema.ts';
export {
  type ConfigOf,
  type ConfigRow,
  type ConfigTable,
  configTableText,
  type Environment,
  mustReadConfig,
  type ReadConfigRequest,
  readConfig,
} from './config-table.ts';
export { type Health, type HttpOptions, type HttpServer, type Loop, livenessOf, startHttp } from './http.ts';
export { createSeededIds, systemIds } from './ids.ts';
export { createLog, type LogLevel, type LogOptions, silentLog } from './log.ts';
export { createMetrics, type Metrics, metricsReference } from './metrics.ts';
export {
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRICS,
  type MetricEntry,
  type MetricLabels,
  type MetricName,
} from './metrics-table.ts';
export {
  type ConfigProblem,
  type ConfigTableDefaults,
  loadMigrationConfig,
  type MigrationConfig,
  type NotifyReceiver,
  type TargetAuth,
} from './migration-config.ts';
export { createOutside, DEFAULT_POLICY, type OutsideDeps, type OutsidePolicy } from './outside.ts';
export { throttleOf } from './schema/throttle.ts';
export { Secret } from './secret.ts';
export { type RunningService, runService, type ServiceOptions, type SignalSource } from './service.ts';
export { openTracing } from './tracing/open-tracing.ts';
export { NO_TRACING, type TracedResult, type Tracing } from './tracing/tracing.ts';
export { DURATION_FORM, parseDurationMs, parseSizeBytes, SIZE_FORM } from './units.ts';
