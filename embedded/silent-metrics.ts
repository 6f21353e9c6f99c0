/** The metrics of an embedded CA. */
import { counters, type Counters } from '../src/telemetry/metric-table.ts'
import type { Metrics } from '../src/telemetry/metrics.ts'

const nothing = (): void => {}
const counting = Object.fromEntries(
  Object.keys(counters).map((name) => [name, nothing]),
) as unknown as Counters

/** Metrics that discard all values, because an embedded CA has no metrics endpoint. */
export const silentMetrics: Metrics = {
  ...counting,
  request: nothing,
  onRead: nothing,
  observe: nothing,
  text: () => Promise.resolve(''),
  values: () => Promise.resolve([]),
  contentType: 'text/plain',
}
