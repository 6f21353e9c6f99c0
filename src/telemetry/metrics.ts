/** What Prometheus is told (https://prometheus.io/docs/practices/naming). Nothing here names a caller or a subject. */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  /** One request of the API: its operation, and `success` or the code of the error. */
  request(operation: string, result: string, milliseconds: number): void
  certificateIssued(): void
  /** A server certificate with a common name and no subject alternative name. */
  certificateWithoutSan(): void
  certificateRevoked(): void
  crlGenerated(): void
  /** A bucket refused a CRL. */
  misconfiguredCrlBucket(): void
  /** One OCSP answer: `good`, `revoked`, or the status of the response that is none. */
  ocspAnswer(status: string): void
  jobRun(job: string, result: 'success' | 'failure'): void
  /** Sets the gauges when the metrics are read. If it rejects, those that come from the database are not shown. */
  onRead(read: (gauges: Gauges) => Promise<void>): void
  /** All of them, as text of `contentType`; with those of other processes, as `values` has them, added up. */
  text(others?: readonly (readonly object[])[]): Promise<string>
  /** All of them, for another process to add. */
  readonly values: () => Promise<readonly object[]>
  readonly contentType: string
}

export interface Gauges {
  crl(standing: {
    readonly authorityId: string
    readonly ageSeconds: number
    readonly size: number
    readonly entries: number
  }): void
  queueDepth(job: string, depth: number): void
  daysToExpiry(authorityId: string, days: number): void
  /** A public URL that other machines cannot use, as far as the configuration shows. */
  publicUrlUnreachable(url: string): void
}

/** Faults of a process that no request or command reports, counted since it started. */
export interface ProcessFaults {
  /** Log lines that could not be written. */
  droppedLogLines: number
  /** Exceptions and rejections that no code has caught. */
  uncaughtErrors: number
}

/** Metrics of one process, all at zero but for its faults; the version is among them if it is given. */
export function createMetrics(
  version?: string,
  faults: ProcessFaults = { droppedLogLines: 0, uncaughtErrors: 0 },
): Metrics {
  const registry = new Registry()
  if (version !== undefined) tellVersion(registry, version)
  countFaults(registry, faults)
  const counters = createCounters(registry)
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
    ...counters,
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

/** One, with the version as its label; processes of one server have the same. */
function tellVersion(registry: Registry, version: string): void {
  new Gauge({
    name: 'signet_build_info',
    help: 'Version of the server',
    labelNames: ['version'],
    aggregator: 'first',
    registers: [registry],
  }).set({ version }, 1)
}

/**
 * Shows the gauges that `read` sets. If it rejects, those from the database are not shown: some would be missing, and their
 * absence would look like a value. The public URL comes from the configuration and is always shown.
 */
async function refresh(
  gauges: ShownGauges,
  read: ((gauges: Gauges) => Promise<void>) | undefined,
): Promise<void> {
  gauges.reset()
  if (read === undefined) return
  const found: (() => void)[] = []
  const collected: Gauges = {
    crl: (standing) => found.push(() => gauges.crl(standing)),
    queueDepth: (job, depth) => found.push(() => gauges.queueDepth(job, depth)),
    daysToExpiry: (id, days) => found.push(() => gauges.daysToExpiry(id, days)),
    publicUrlUnreachable: (url) => gauges.publicUrlUnreachable(url),
  }
  try {
    await read(collected)
    for (const show of found) show()
    gauges.databaseUp(true)
  } catch {
    // `read` has logged the error.
    gauges.databaseUp(false)
  }
}

function countFaults(registry: Registry, faults: ProcessFaults): void {
  const counter = (name: string, help: string, count: () => number): Counter =>
    new Counter({
      name: `signet_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(count())
      },
    })
  counter(
    'log_lines_dropped_total',
    'Log lines that could not be written',
    () => faults.droppedLogLines,
  )
  counter(
    'uncaught_errors_total',
    'Exceptions and rejections that no code has caught',
    () => faults.uncaughtErrors,
  )
}

type Counted = Omit<Metrics, 'onRead' | 'text' | 'values' | 'contentType'>

function createCounters(registry: Registry): Counted {
  const registers = [registry]
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[] = [],
  ): Counter<L> => new Counter({ name: `signet_${name}`, help, labelNames, registers })
  const requests = counter('requests_total', 'API requests', ['operation', 'result'])
  const durations = new Histogram({
    name: 'signet_request_duration_seconds',
    help: 'Time that API requests took',
    labelNames: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  const issued = counter('certificates_issued_total', 'Certificates issued')
  const withoutSan = counter(
    'certificates_without_san_total',
    'Server certificates issued with a common name and no subject alternative name',
  )
  const revoked = counter('certificates_revoked_total', 'Certificates revoked')
  const generated = counter('crl_generated_total', 'CRLs published (CRLGenerated)')
  const misconfigured = counter(
    'misconfigured_crl_bucket_total',
    'CRLs that a bucket refused (MisconfiguredCRLBucket)',
  )
  const answers = counter('ocsp_answers_total', 'OCSP answers', ['status'])
  const runs = counter('job_runs_total', 'Runs of jobs that had something to do', ['job', 'result'])
  return {
    request: requestCounter(requests, durations),
    certificateIssued: () => issued.inc(),
    certificateWithoutSan: () => withoutSan.inc(),
    certificateRevoked: () => revoked.inc(),
    crlGenerated: () => generated.inc(),
    misconfiguredCrlBucket: () => misconfigured.inc(),
    ocspAnswer: (status) => answers.inc({ status }),
    jobRun: (job, result) => runs.inc({ job, result }),
  }
}

/** There are few operations and results; finding the series of each by its labels every time would cost more than counting. */
function requestCounter(
  requests: Counter<'operation' | 'result'>,
  durations: Histogram<'operation'>,
): Metrics['request'] {
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

interface ShownGauges extends Gauges {
  databaseUp(isUp: boolean): void
  /** Shows none of them. */
  reset(): void
}

function createGauges(registry: Registry): ShownGauges {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `signet_${name}`, help, labelNames, registers: [registry] })
  const crlAge = gauge('crl_age_seconds', 'Age of the oldest CRL of a CA', ['authority'])
  const crlSize = gauge('crl_size_bytes', 'Octets of the largest CRL of a CA', ['authority'])
  const crlEntries = gauge('crl_entries', 'Entries of the longest CRL of a CA', ['authority'])
  const queue = gauge('job_queue_depth', 'Work that waits for a job', ['job'])
  const expiry = gauge('authority_expiry_days', 'Days until the certificate of a CA expires', [
    'authority',
  ])
  const unreachable = gauge(
    'public_url_unreachable',
    '1 if certificates refer to a URL that other machines cannot reach',
    ['url'],
  )
  const up = new Gauge({
    name: 'signet_database_up',
    help: 'Whether the database answered when the metrics were read',
    // Only the process that serves the request reads the database.
    aggregator: 'max',
    registers: [registry],
  })
  return {
    crl({ authorityId: authority, ageSeconds, size, entries }) {
      crlAge.set({ authority }, ageSeconds)
      crlSize.set({ authority }, size)
      crlEntries.set({ authority }, entries)
    },
    queueDepth: (job, depth) => queue.set({ job }, depth),
    daysToExpiry: (authority, days) => expiry.set({ authority }, days),
    publicUrlUnreachable: (url) => unreachable.set({ url }, 1),
    databaseUp: (isUp) => up.set(isUp ? 1 : 0),
    // A CA that is gone is not shown any more.
    reset: () =>
      [crlAge, crlSize, crlEntries, queue, expiry, unreachable].forEach((one) => one.reset()),
  }
}
