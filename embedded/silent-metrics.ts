import { counters, type Counters } from '../src/telemetry/metric-table.ts'
import type { Metrics } from '../src/telemetry/metrics.ts'

const nothing = (): void => {}
const counting = Object.fromEntries(
  Object.keys(counters).map((name) => [name, nothing]),
) as unknown as Counters

/** Counts nothing: nobody reads the metrics of a CA without a listener. */
export const silentMetrics: Metrics = {
  ...counting,
  request: nothing,
  onRead: nothing,
  text: () => Promise.resolve(''),
  values: () => Promise.resolve([]),
  contentType: 'text/plain',
}
