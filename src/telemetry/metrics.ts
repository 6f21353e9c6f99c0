/** Metrics for Prometheus; metric-table.ts has a row for each. */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'
import {
  counters,
  databaseGauges,
  faultCounters,
  otherGauges,
  ownMetrics,
  type Counters,
  type Gauges,
  type MetricRow,
  type ProcessFaults,
} from './metric-table.ts'

export type { Gauges, ProcessFaults }

export interface Metrics extends Counters {
  /** One request of the API: its operation, and `success` or the code of the error. */
  request(operation: string, result: string, milliseconds: number): void
  /** Sets the gauges when the metrics are read. If it rejects, those that come from the database are not shown. */
  onRead(read: (gauges: Gauges) => Promise<void>): void
  /** All of them, as text of `contentType`; with those of other processes, as `values` has them, added up. */
  text(others?: readonly (readonly object[])[]): Promise<string>
  /** All of them, for another process to add. */
  readonly values: () => Promise<readonly object[]>
  readonly contentType: string
}

/** Metrics of one process, all at zero but for its faults; the version is among them if it is given. */
export function createMetrics(
  version?: string,
  faults: ProcessFaults = { droppedLogLines: 0, uncaughtErrors: 0 },
): Metrics {
  const registry = new Registry()
  if (version !== undefined) new Gauge(optionsOf(ownMetrics.version, registry)).set({ version }, 1)
  countFaults(registry, faults)
  const methods = mapRows(counters, (row) => {
    const counter = new Counter(optionsOf(row, registry))
    return (...labels: readonly string[]) => counter.inc(labelsOf(row, labels))
  }) as Counters
  const gauges = createGauges(registry)
  let read: ((gauges: Gauges) => Promise<void>) | undefined
  let last: Promise<unknown> = Promise.resolve()
  const readNow = async (others: readonly (readonly object[])[]): Promise<string> => {
    await refresh(gauges, read)
    if (others.length === 0) return registry.metrics()
    const all = [await registry.getMetricsAsJSON(), ...others]
    return AggregatorRegistry.aggregate([...all] as object[]).metrics()
  }
  return {
    ...methods,
    request: requestCounter(registry),
    onRead(reader) {
      read = reader
    },
    values: () => registry.getMetricsAsJSON(),
    text(others = []) {
      // One reader after the other: they fill the same gauges.
      const now = (): Promise<string> => readNow(others)
      const text = last.then(now, now)
      last = text
      return text
    },
    contentType: registry.contentType,
  }
}

/** The form in which prom-client takes a row. */
function optionsOf({ name, help, labels, aggregator }: MetricRow, registry: Registry) {
  return {
    name: `signet_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
    ...(aggregator && { aggregator }),
  }
}

function labelsOf({ labels }: MetricRow, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']))
}

function mapRows<T>(
  rows: Readonly<Record<string, MetricRow>>,
  map: (row: MetricRow, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, map(row, name)]))
}

function countFaults(registry: Registry, faults: ProcessFaults): void {
  mapRows(
    faultCounters,
    (row, fault) =>
      new Counter({
        ...optionsOf(row, registry),
        collect() {
          this.reset()
          this.inc(faults[fault as keyof ProcessFaults])
        },
      }),
  )
}

/** There are few operations and results; finding the series of each by its labels every time would cost more than counting. */
function requestCounter(registry: Registry): Metrics['request'] {
  const requests = new Counter(optionsOf(ownMetrics.requests, registry))
  const durations = new Histogram({
    ...optionsOf(ownMetrics.requestDurations, registry),
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  })
  const series = new Map<string, (seconds: number) => void>()
  const seriesOf = (operation: string, result: string): ((seconds: number) => void) => {
    const name = `${operation} ${result}`
    const known = series.get(name)
    if (known !== undefined) return known
    const count = requests.labels({ operation, result })
    const duration = durations.labels({ operation })
    const record = (seconds: number): void => {
      count.inc()
      duration.observe(seconds)
    }
    series.set(name, record)
    return record
  }
  return (operation, result, milliseconds) =>
    // A clock that was set back meanwhile makes nothing shorter than it can be.
    seriesOf(operation, result)(Math.max(0, milliseconds) / 1000)
}

function createGauges(registry: Registry) {
  const all: Gauge[] = []
  const methodOf = (row: MetricRow) => {
    const gauge = new Gauge(optionsOf(row, registry))
    all.push(gauge)
    return (...values: readonly (string | number)[]) =>
      gauge.set(labelsOf(row, values.slice(0, -1).map(String)), Number(values.at(-1)))
  }
  return {
    fromDatabase: mapRows(databaseGauges, methodOf),
    others: mapRows(otherGauges, methodOf),
    databaseUp: new Gauge(optionsOf(ownMetrics.databaseUp, registry)),
    // A CA that is gone is not shown any more.
    reset: () => all.forEach((gauge) => gauge.reset()),
  }
}

/**
 * Shows the gauges that `read` sets. If it rejects, those from the database are not shown: some would be missing, and their
 * absence would look like a value. The public URL comes from the configuration and is always shown.
 */
async function refresh(
  gauges: ReturnType<typeof createGauges>,
  read: ((gauges: Gauges) => Promise<void>) | undefined,
): Promise<void> {
  gauges.reset()
  if (read === undefined) return
  const changes: (() => void)[] = []
  const collect = Object.entries(gauges.fromDatabase).map(([name, set]) => [
    name,
    (...values: readonly (string | number)[]) => changes.push(() => set(...values)),
  ])
  try {
    await read({ ...gauges.others, ...Object.fromEntries(collect) } as Gauges)
    for (const apply of changes) apply()
    gauges.databaseUp.set(1)
  } catch {
    // `read` has logged the error.
    gauges.databaseUp.set(0)
  }
}
