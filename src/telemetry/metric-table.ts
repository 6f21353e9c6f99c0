/**
 * The table of metrics (https://prometheus.io/docs/practices/naming). A metric is a row: the methods that count and set it, and the
 * types of their arguments, follow from it. No label has the name of a caller or a subject.
 */

export interface MetricRow<Labels extends readonly string[] = readonly string[]> {
  /** Without the prefix `signet_`. */
  readonly name: string
  readonly help: string
  readonly labels: Labels
  /** How the values of several processes of one server become one; the default is their sum. */
  readonly aggregator?: 'first' | 'max'
}

function row<const Labels extends readonly string[] = []>(
  name: string,
  help: string,
  labels?: Labels,
): MetricRow<Labels> {
  return { name, help, labels: labels ?? ([] as unknown as Labels) }
}

/** Counters. The method of a row takes the values of its labels. */
export const counters = {
  certificateIssued: row('certificates_issued_total', 'Certificates issued'),
  certificateWithoutSan: row(
    'certificates_without_san_total',
    'Server certificates issued with a common name and no subject alternative name',
  ),
  certificateRevoked: row('certificates_revoked_total', 'Certificates revoked'),
  crlGenerated: row('crl_generated_total', 'CRLs published (CRLGenerated)'),
  misconfiguredCrlBucket: row(
    'misconfigured_crl_bucket_total',
    'CRLs that a bucket refused (MisconfiguredCRLBucket)',
  ),
  /** `good`, `revoked`, or the status of an unsuccessful response. */
  ocspAnswer: row('ocsp_answers_total', 'OCSP answers', ['status']),
  jobRun: row('job_runs_total', 'Runs of jobs that had something to do', ['job', 'result']),
} as const

/** Faults of a process that no request or command reports, counted since it started (telemetry/log.ts, server/uncaught-errors.ts). */
export const faultCounters = {
  droppedLogLines: row('log_lines_dropped_total', 'Log lines that could not be written'),
  uncaughtErrors: row('uncaught_errors_total', 'Exceptions and rejections that no code has caught'),
} as const

/** Gauges that are read from the database (server/report-gauges.ts). The method of a row takes the values of its labels, and the value. */
export const databaseGauges = {
  crlAge: row('crl_age_seconds', 'Age of the oldest CRL of a CA', ['authority']),
  crlSize: row('crl_size_bytes', 'Octets of the largest CRL of a CA', ['authority']),
  crlEntries: row('crl_entries', 'Entries of the longest CRL of a CA', ['authority']),
  queueDepth: row('job_queue_depth', 'Work that waits for a job', ['job']),
  daysToExpiry: row('authority_expiry_days', 'Days until the certificate of a CA expires', [
    'authority',
  ]),
} as const

/** Gauges that do not depend on the database. */
export const otherGauges = {
  publicUrlUnreachable: row(
    'public_url_unreachable',
    '1 if certificates refer to a URL that other machines cannot reach',
    ['url'],
  ),
} as const

/** Metrics that telemetry/metrics.ts sets by itself. */
export const ownMetrics = {
  requests: row('requests_total', 'API requests', ['operation', 'result']),
  requestDurations: row('request_duration_seconds', 'Time that API requests took', ['operation']),
  version: {
    ...row('build_info', 'Version of the server', ['version']),
    // Processes of one server have the same version.
    aggregator: 'first',
  },
  databaseUp: {
    ...row('database_up', 'Whether the database answered when the metrics were read'),
    // Only the process that serves the request reads the database.
    aggregator: 'max',
  },
} as const

export const metricRows: readonly MetricRow[] = [
  counters,
  faultCounters,
  databaseGauges,
  otherGauges,
  ownMetrics,
].flatMap((rows): MetricRow[] => Object.values(rows))

type ValuesOf<Row> =
  Row extends MetricRow<infer Labels> ? { -readonly [N in keyof Labels]: string } : never

export type Counters = {
  readonly [N in keyof typeof counters]: (...labels: ValuesOf<(typeof counters)[N]>) => void
}

type GaugeMethods<Rows> = {
  readonly [N in keyof Rows]: (...labelsAndValue: [...ValuesOf<Rows[N]>, number]) => void
}
export type Gauges = GaugeMethods<typeof databaseGauges & typeof otherGauges>

export type ProcessFaults = { -readonly [N in keyof typeof faultCounters]: number }
