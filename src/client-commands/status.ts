/** `signet status`: the health of a server, its CAs and jobs, and warnings about them. */
import { isoSeconds } from '../text/iso-time.ts'
import { dayMilliseconds, daySeconds } from '../text/duration.ts'
import { daysLeft } from '../x509/der/time.ts'
import { idOf, listAuthorities, type AuthoritySummary } from './authorities.ts'
import { trust, withConnection, type ConnectionOptions } from './connection.ts'
import { parseMetrics, type Sample } from './read-metrics.ts'

export interface ServerStatus {
  readonly server: {
    readonly endpoint: string
    readonly health: 'ok' | 'unavailable' | 'not reachable'
    /** Null if the metrics of the server cannot be reached. */
    readonly version: string | null
    readonly region: string
    /** Account of the CAs; null if there are none. */
    readonly account: string | null
  }
  readonly authorities: readonly AuthorityStatus[]
  /** Since the server started; null if its metrics cannot be reached. */
  readonly counts: {
    readonly certificatesIssued: number
    readonly certificatesRevoked: number
    readonly requests: number
    readonly requestsFailed: number
  } | null
  readonly jobs: readonly JobStatus[]
  /** Sentences about states that need attention. */
  readonly warnings: readonly string[]
}

export interface AuthorityStatus extends AuthoritySummary {
  /** Whole days; null for one without a certificate. */
  readonly expiresInDays: number | null
  /** Age of the oldest CRL; null if there is none, or if it is not known. */
  readonly crlAgeSeconds: number | null
  /** ISO 8601: nextUpdate of that CRL. */
  readonly crlNextUpdate: string | null
}

interface JobStatus {
  readonly name: string
  /** Rows that are due. */
  readonly waiting: number
  /** Runs that had something to do, and those of them that failed. */
  readonly runs: number
  readonly failures: number
}

const expiryWarningDays = 90
const answerMilliseconds = 10_000

/** Does not reject for a server that cannot be reached: the status says so. */
export async function serverStatus(options: ConnectionOptions, now: Date): Promise<ServerStatus> {
  const { endpoint, region } = options
  trust(options)
  const health = await healthOf(endpoint)
  const base = { endpoint, health, region }
  if (health === 'not reachable')
    return {
      server: { ...base, version: null, account: null },
      authorities: [],
      counts: null,
      jobs: [],
      warnings: [`nobody answers at ${endpoint}`],
    }
  const samples = await metricsOf(endpoint)
  const views = await authoritiesOf(options, health)
  const authorities = views.map((view) => authorityStatus(view, samples, now))
  const jobs = jobsOf(samples ?? [])
  return {
    server: {
      ...base,
      version: samples?.find(({ name }) => name === 'signet_build_info')?.labels['version'] ?? null,
      account: views[0]?.arn.split(':')[4] ?? null,
    },
    authorities,
    counts: samples === undefined ? null : countsOf(samples),
    jobs,
    warnings: [
      ...(health === 'ok' ? [] : ['the server cannot reach its database']),
      ...(samples ?? []).flatMap(publicUrlWarning),
      ...authorities.flatMap(warningsOf),
      ...jobs.flatMap(jobWarning),
    ],
  }
}

/** Empty for an unhealthy server: its health says more than the error. */
async function authoritiesOf(
  options: ConnectionOptions,
  health: ServerStatus['server']['health'],
): Promise<AuthoritySummary[]> {
  try {
    return await withConnection(options, ({ client }) => listAuthorities(client))
  } catch (error) {
    if (health === 'ok') throw error
    return []
  }
}

async function healthOf(endpoint: string): Promise<ServerStatus['server']['health']> {
  try {
    const { status } = await fetchSoon(endpoint, '/healthz')
    return status === 200 ? 'ok' : 'unavailable'
  } catch {
    return 'not reachable'
  }
}

/** Undefined if a proxy blocks them, or if they are not Signet's. */
async function metricsOf(endpoint: string): Promise<Sample[] | undefined> {
  try {
    const response = await fetchSoon(endpoint, '/metrics')
    if (!response.ok) return undefined
    const samples = parseMetrics(await response.text())
    return samples.some(({ name }) => name.startsWith('signet_')) ? samples : undefined
  } catch {
    return undefined
  }
}

function fetchSoon(endpoint: string, path: string): Promise<Response> {
  const url = `${endpoint.replace(/\/$/, '')}${path}`
  return fetch(url, { signal: AbortSignal.timeout(answerMilliseconds) })
}

function authorityStatus(
  view: AuthoritySummary,
  samples: readonly Sample[] | undefined,
  now: Date,
): AuthorityStatus {
  const age = samples?.find(
    ({ name, labels }) =>
      name === 'signet_crl_age_seconds' && labels['authority'] === idOf(view.arn),
  )?.value
  const crlMilliseconds =
    age === undefined || view.crlDays === null
      ? undefined
      : view.crlDays * dayMilliseconds - age * 1000
  return {
    ...view,
    expiresInDays: view.notAfter === null ? null : daysLeft(new Date(view.notAfter), now),
    crlAgeSeconds: age === undefined || view.crlDays === null ? null : Math.max(0, Math.round(age)),
    crlNextUpdate:
      crlMilliseconds === undefined
        ? null
        : isoSeconds(new Date(Math.round((now.getTime() + crlMilliseconds) / 1000) * 1000)),
  }
}

function warningsOf(authority: AuthorityStatus): string[] {
  const { name, status, expiresInDays, crlDays, crlAgeSeconds } = authority
  const warnings: string[] = []
  if (status === 'FAILED') warnings.push(`${name} could not be made: its status is FAILED`)
  if (status === 'PENDING_CERTIFICATE') warnings.push(`${name} waits for its certificate`)
  if (status === 'EXPIRED' || (expiresInDays !== null && expiresInDays < 0))
    warnings.push(`${name} has expired`)
  else if (expiresInDays !== null && expiresInDays < expiryWarningDays)
    warnings.push(`${name} expires in ${expiresInDays} days`)
  // One that has issued nothing has no CRL; one that could not be published is a job that failed.
  if (crlDays === null || status !== 'ACTIVE' || crlAgeSeconds === null) return warnings
  const days = crlAgeSeconds / daySeconds
  if (days > crlDays) warnings.push(`the CRL of ${name} is overdue`)
  // A new one is published when half of its time is over.
  else if (days > crlDays / 2 + 0.5)
    warnings.push(`the CRL of ${name} is ${Math.floor(days)} days old and has not been renewed`)
  return warnings
}

/** RequestInProgressException is the answer to clients that wait for a key or a certificate. */
const unremarkable = ['success', 'RequestInProgressException']

function countsOf(samples: readonly Sample[]): NonNullable<ServerStatus['counts']> {
  const sum = (name: string, isCounted: (sample: Sample) => boolean = () => true): number =>
    samples
      .filter((sample) => sample.name === name && isCounted(sample))
      .reduce((total, { value }) => total + value, 0)
  return {
    certificatesIssued: sum('signet_certificates_issued_total'),
    certificatesRevoked: sum('signet_certificates_revoked_total'),
    requests: sum('signet_requests_total'),
    requestsFailed: sum(
      'signet_requests_total',
      ({ labels }) => !unremarkable.includes(labels['result'] ?? ''),
    ),
  }
}

function jobsOf(samples: readonly Sample[]): JobStatus[] {
  const of = (name: string): Sample[] =>
    samples.filter((sample) => sample.name === name && sample.labels['job'] !== undefined)
  const runs = of('signet_job_runs_total')
  const depths = of('signet_job_queue_depth')
  const names = new Set([...runs, ...depths].map(({ labels }) => labels['job'] ?? ''))
  return [...names].sort().map((name) => {
    const jobRuns = runs.filter(({ labels }) => labels['job'] === name)
    const total = (samplesOfJob: readonly Sample[]): number =>
      samplesOfJob.reduce((sum, { value }) => sum + value, 0)
    return {
      name,
      waiting: total(depths.filter(({ labels }) => labels['job'] === name)),
      runs: total(jobRuns),
      failures: total(jobRuns.filter(({ labels }) => labels['result'] === 'failure')),
    }
  })
}

/** Only a server that listens for other machines, with a public URL that is not for them, has the metric. */
function publicUrlWarning({ name, labels, value }: Sample): string[] {
  if (name !== 'signet_public_url_unreachable' || value === 0) return []
  return [
    `certificates refer to ${labels['url'] ?? ''} for CRLs, OCSP and CA certificates, which other machines cannot reach: ` +
      'start the server with --public-url',
  ]
}

/** A job that failed and has no rows left has caught up. */
function jobWarning({ name, waiting, failures }: JobStatus): string[] {
  if (failures === 0 || waiting === 0) return []
  return [`the job ${name} has failed ${failures} times, and ${waiting} of its rows wait`]
}
