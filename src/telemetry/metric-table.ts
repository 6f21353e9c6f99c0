/**
 * Signet's metrics (https://prometheus.io/docs/practices/naming), with a table row for each. A metric's methods and the types of
 * their arguments are derived from the metric's row. No label contains the name of a caller or of a certificate subject. Only
 * `authority_info` has a label that contains CA names.
 */

export interface MetricRow<Labels extends readonly string[] = readonly string[]> {
  /** Name of the metric, without the prefix `signet_`. */
  readonly name: string
  readonly help: string
  readonly labels: Labels
  /** How values from several processes of the same server are combined; by default, they are added. */
  readonly aggregator?: 'first' | 'max'
}

function row<const Labels extends readonly string[] = []>(
  name: string,
  help: string,
  labels?: Labels,
): MetricRow<Labels> {
  return { name, help, labels: labels ?? ([] as unknown as Labels) }
}

/** Rows for counters. A counter's method takes the values of the labels. */
export const counters = {
  certificateIssued: row('certificates_issued_total', 'Issued certificates'),
  certificateWithoutSan: row(
    'certificates_without_san_total',
    'Server certificates issued with a common name and no subject alternative name',
  ),
  certificateRevoked: row('certificates_revoked_total', 'Revoked certificates'),
  /** The label `result` is `created` or `finalized`. */
  acmeOrder: row('acme_orders_total', 'ACME orders that were created and finalized', ['result']),
  crlGenerated: row('crl_generated_total', 'Published CRLs (CRLGenerated)'),
  misconfiguredCrlBucket: row(
    'misconfigured_crl_bucket_total',
    'CRLs that a bucket refused (MisconfiguredCRLBucket)',
  ),
  /** The label `status` is `good` or `revoked`, or the status of an unsuccessful response. */
  ocspAnswer: row('ocsp_answers_total', 'OCSP responses', ['status']),
  /** The label `result` is `valid`, `invalid`, or `retry` for a failed attempt that will be repeated. */
  acmeValidation: row('acme_validations_total', 'Attempts to validate ACME challenges', [
    'type',
    'result',
  ]),
  /** The label `result` is `success`, or the type of the problem. */
  acmeRequest: row('acme_requests_total', 'ACME requests', ['resource', 'result']),
  jobRun: row('job_runs_total', 'Job runs that found work', ['job', 'result']),
  /** The possible values of `reason` are in access/failure-reason.ts. */
  authenticationFailure: row(
    'authentication_failures_total',
    'Requests whose caller could not be authenticated',
    ['reason'],
  ),
  /** The label `operation` is the last part of the request's path. The possible values of `result` are in est/est-error.ts. */
  estRequest: row('est_requests_total', 'Requests to EST endpoints', ['operation', 'result']),
  workerReplaced: row('workers_replaced_total', 'Worker processes that exited and were replaced'),
} as const

/** Errors that no response reports, counted since the process started (telemetry/log.ts, server/uncaught-errors.ts). */
export const faultCounters = {
  droppedLogLines: row('log_lines_dropped_total', 'Log lines that could not be written'),
  uncaughtErrors: row('uncaught_errors_total', 'Uncaught exceptions and unhandled rejections'),
} as const

/**
 * Gauges that are read from the database (server/gauges). A gauge's method takes the values of the labels and the value of
 * the gauge.
 */
export const databaseGauges = {
  authorityInfo: row('authority_info', 'A CA: its name, type and status; always 1', [
    'authority',
    'name',
    'type',
    'status',
  ]),
  caKeys: row('ca_keys', 'Number of CA keys in a key store', ['store']),
  keyStorageStandard: row(
    'key_storage_standard',
    'Key store for new CAs with a KeyStorageSecurityStandard (--key-storage-standards); always 1',
    ['standard', 'store'],
  ),
  misplacedCaKeys: row(
    'misplaced_ca_keys',
    'CA keys that are not in the key store for their KeyStorageSecurityStandard',
    ['standard', 'store'],
  ),
  daysToExpiry: row('authority_expiry_days', 'Days until a CA certificate expires', ['authority']),
  certificatesWaiting: row(
    'certificates_waiting',
    "Requested certificates that are waiting for the CA's key",
    ['authority'],
  ),
  certificatesWaitingAge: row(
    'certificates_waiting_age_seconds',
    "Time since the CA's oldest waiting certificate was requested",
    ['authority'],
  ),
  crlAge: row('crl_age_seconds', "Age of a CA's oldest CRL", ['authority']),
  crlNextUpdate: row(
    'crl_next_update_timestamp_seconds',
    "Earliest nextUpdate of a CA's CRLs, in seconds since 1970",
    ['authority'],
  ),
  crlSize: row('crl_size_bytes', "Size of a CA's largest CRL", ['authority']),
  crlEntries: row('crl_entries', "Number of entries in a CA's largest CRL", ['authority']),
  certificatesExpiring: row(
    'certificates_expiring',
    'Certificates from a CA that are valid now and expire within the given time',
    ['authority', 'within'],
  ),
  queueDepth: row('job_queue_depth', 'Rows that are due for a job', ['job']),
  backupAge: row('backup_age_seconds', 'Time since the last backup'),
  databaseSize: row('database_size_bytes', 'Size of the database'),
} as const

/** Gauges that are available even if the database cannot be read. */
export const otherGauges = {
  healthy: row('healthy', '1 if the server can serve requests, as reported by /healthz'),
  databaseProbe: row(
    'database_probe_seconds',
    'Duration of the last database check, which is a read and a write',
  ),
  diskFree: row('disk_free_bytes', 'Free space on the file system that contains the data folder'),
  diskSize: row('disk_size_bytes', 'Size of the file system that contains the data folder'),
  workers: row('workers', 'Processes that currently serve requests'),
  workersConfigured: row('workers_configured', 'Processes that should serve requests'),
  publicUrlUnreachable: row(
    'public_url_unreachable',
    '1 if certificates refer to a URL that other machines cannot reach',
    ['url'],
  ),
} as const

/** Gauges that each process measures for itself. The values of all processes are added up. */
export const processGauges = {
  openConnections: row('open_connections', 'Open client connections', ['listener']),
  databaseConnections: row(
    'database_connections',
    'PostgreSQL connections for reads, and reads that are waiting for a connection',
    ['state'],
  ),
} as const

/** Metrics that only telemetry/metrics.ts sets. */
export const ownMetrics = {
  requests: row('requests_total', 'API requests', ['operation', 'result']),
  requestDurations: row('request_duration_seconds', 'Duration of API requests', ['operation']),
  version: {
    ...row('build_info', 'Server version; always 1', ['version']),
    // All processes of a server have the same version.
    aggregator: 'first',
  },
  databaseUp: {
    ...row('database_up', '1 if the server could read the database for these metrics'),
    // Only the process that serves the request reads the database.
    aggregator: 'max',
  },
} as const

export const metricRows: readonly MetricRow[] = [
  counters,
  faultCounters,
  databaseGauges,
  otherGauges,
  processGauges,
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

export type ProcessGauge = keyof typeof processGauges

export type ProcessFaults = { -readonly [N in keyof typeof faultCounters]: number }
