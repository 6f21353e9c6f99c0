/** Metrics for Prometheus. Each metric has a row in metric-table.ts. */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'
import {
  counters,
  databaseGauges,
  faultCounters,
  otherGauges,
  ownMetrics,
  processGauges,
  type Counters,
  type Gauges,
  type MetricRow,
  type ProcessFaults,
  type ProcessGauge,
} from './metric-table.ts'

export type { Gauges, ProcessFaults }

export interface Metrics extends Counters {
  /** Counts an API request by its operation and its result, which is `success` or the error code. */
  request(operation: string, result: string, milliseconds: number): void
  /**
   * Registers a function that sets the gauges whenever the metrics are read. If the function rejects, the gauges that are
   * read from the database are missing.
   */
  onRead(read: (gauges: Gauges) => Promise<void>): void
  /**
   * Registers a reader for a gauge of this process. The reader returns values by label. Additional readers add further labels.
   */
  observe(gauge: ProcessGauge, read: () => Readonly<Record<string, number>>): void
  /** Returns all metrics as text of type `contentType`, combined with the `values` of other processes. */
  text(others?: readonly (readonly object[])[]): Promise<string>
  /** Returns all of this process's metrics, for the process that combines them. */
  readonly values: () => Promise<readonly object[]>
  readonly contentType: string
}

export interface MetricsOptions {
  /** Version of the server. If the version is undefined, `signet_build_info` is missing. */
  readonly version?: string
  readonly faults?: ProcessFaults | undefined
  /** Metrics of the Node.js process, which are added to Signet's metrics. */
  readonly process?: Registry
}

/** Creates the metrics of a process. All counters start at 0, except the counters in `faults`. */
export function createMetrics({
  version,
  faults = { droppedLogLines: 0, uncaughtErrors: 0 },
  process,
}: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  if (version !== undefined) new Gauge(optionsOf(ownMetrics.version, registry)).set({ version }, 1)
  countFaults(registry, faults)
  const methods = mapRows(counters, (row) => {
    const counter = new Counter(optionsOf(row, registry))
    return (...labels: readonly string[]) => counter.inc(labelsOf(row, labels))
  }) as Counters
  const gauges = createGauges(registry)
  const observe = createProcessGauges(registry)
  const request = requestCounter(registry)
  const combined = process === undefined ? registry : Registry.merge([registry, process])
  let read: ((gauges: Gauges) => Promise<void>) | undefined
  let last: Promise<unknown> = Promise.resolve()
  const readNow = async (others: readonly (readonly object[])[]): Promise<string> => {
    await refresh(gauges, read)
    if (others.length === 0) return combined.metrics()
    const all = [await combined.getMetricsAsJSON(), ...others]
    return AggregatorRegistry.aggregate([...all] as object[]).metrics()
  }
  return {
    ...methods,
    request,
    observe,
    onRead(reader) {
      read = reader
    },
    values: () => combined.getMetricsAsJSON(),
    text(others = []) {
      // Only one caller at a time reads the metrics, because each read sets the same gauges.
      const now = (): Promise<string> => readNow(others)
      const text = last.then(now, now)
      last = text
      return text
    },
    contentType: registry.contentType,
  }
}

/** Converts a table row to the options of prom-client. */
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

/** Caches the series for each operation and result, because finding a series by its labels takes longer than counting. */
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
    // The duration can be negative if the clock was set back during the request.
    seriesOf(operation, result)(Math.max(0, milliseconds) / 1000)
}

/** Creates the gauges of the process, and returns the function that adds a reader to a gauge. */
function createProcessGauges(registry: Registry): Metrics['observe'] {
  const readers = mapRows(processGauges, (row) => {
    const reads: (() => Readonly<Record<string, number>>)[] = []
    const [label = ''] = row.labels
    const gauge = new Gauge({
      ...optionsOf(row, registry),
      registers: [],
      collect() {
        this.reset()
        for (const read of reads)
          for (const [name, value] of Object.entries(read())) this.set({ [label]: name }, value)
      },
    })
    registry.registerMetric(gauge)
    return reads
  })
  return (gauge, read) => readers[gauge]?.push(read)
}

function createGauges(registry: Registry) {
  const resets: (() => void)[] = []
  const methodOf = (row: MetricRow) => {
    const gauge = new Gauge(optionsOf(row, registry))
    const reset = (): void => {
      gauge.reset()
      // Unless it is removed, a gauge without labels would be 0 instead of missing.
      if (row.labels.length === 0) gauge.remove()
    }
    reset()
    resets.push(reset)
    return (...values: readonly (string | number)[]) =>
      gauge.set(labelsOf(row, values.slice(0, -1).map(String)), Number(values.at(-1)))
  }
  return {
    fromDatabase: mapRows(databaseGauges, methodOf),
    others: mapRows(otherGauges, methodOf),
    databaseUp: new Gauge(optionsOf(ownMetrics.databaseUp, registry)),
    /** All values are removed first, including those of CAs that no longer exist. */
    reset: () => resets.forEach((reset) => reset()),
  }
}

/**
 * Sets the gauges. If `read` rejects, all gauges from the database are removed, because an incomplete set would look complete.
 * The other gauges keep the values that `read` has set.
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
    // The error has already been logged by `read`.
    gauges.databaseUp.set(0)
  }
}
