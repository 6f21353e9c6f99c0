/**
 * Metrics of the Node.js process under their usual names: CPU time, memory, file descriptors, event loop and garbage collection.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'

/**
 * Some metrics are omitted. Reading the metrics about libuv handles and requests would list every connection. Heap spaces are of
 * interest only to developers.
 */
const omitted = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  // The event loop metric has no value if the metrics are read twice within one measurement interval.
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
]

/**
 * How values from several processes are combined: the worst value, or the earliest start. All other metrics, such as CPU time,
 * are added up.
 */
const combined: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'min',
  process_open_fds: 'max',
  process_max_fds: 'min',
}

/** Interval at which the event loop delay is measured. A shorter interval would wake an idle process more often. */
const delayMilliseconds = 20

let shared: Registry | undefined

/**
 * Returns the metrics registry of this process. There is only one registry, because prom-client's observers cannot be removed.
 */
export function processRegistry(): Registry {
  shared ??= createRegistry()
  return shared
}

function createRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: delayMilliseconds })
  for (const name of omitted) registry.removeSingleMetric(name)
  for (const metric of registry.getMetricsAsArray() as { name: string; aggregator?: string }[])
    if (metric.aggregator === 'average') metric.aggregator = 'max'
    else metric.aggregator = combined[metric.name] ?? metric.aggregator ?? 'sum'
  return registry
}
