/** Metrics of the Node.js process under the usual names: processor time, memory, file descriptors, event loop, garbage collection. */
import { collectDefaultMetrics, Registry } from 'prom-client'

/** Handles and requests of libuv: reading them lists every connection. The spaces of the heap interest developers only. */
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
  // Without a value if the metrics are read twice within a measurement.
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
]

/** For several processes of one server: the worst value, or the first start. prom-client adds up the others, such as processor time. */
const combined: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'min',
  process_open_fds: 'max',
  process_max_fds: 'min',
}

/** Interval at which the delay of the event loop is measured. A finer interval wakes an idle process more often. */
const delayMilliseconds = 20

let shared: Registry | undefined

/** The registry of this process. The process has one, because its observers cannot be removed. */
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
