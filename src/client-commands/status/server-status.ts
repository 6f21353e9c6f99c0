/** The command `signet status`, which shows warnings and the health of a server, its CAs and its jobs. */
import type { Client } from '../../../client/index.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import { daysLeft } from '../../x509/der/time.ts'
import { idOf, type AuthoritySummary } from '../authorities.ts'
import { authorityTree, treeLines } from '../authority/authority-tree.ts'
import { trust, withConnection, type ConnectionOptions } from '../connection.ts'
import { readHealth, readMetrics, urlOf, type ServerHealth } from './server-health.ts'
import { keyStorageOf, misplacedKeyWarning } from './key-storage.ts'
import type { Sample } from './read-metrics.ts'
import {
  authorityWarnings,
  jobWarning,
  publicUrlWarning,
  type AuthorityStatus,
  type JobStatus,
} from './status-warnings.ts'

export interface ServerStatus {
  readonly server: {
    readonly endpoint: string
    readonly metricsUrl: string
    readonly health: ServerHealth['state']
    /** Cause of the problem if the health is not `ok`; otherwise null. */
    readonly problem: string | null
    /** Version of the server; null if its metrics are not accessible. */
    readonly version: string | null
    readonly region: string
    /** Account that owns the CAs; null if it is unknown, or if there are no CAs. */
    readonly account: string | null
    /** Number of CAs in other Regions and accounts; null if the CAs or the metrics are not accessible. */
    readonly otherCas: number | null
    /** Location where keys are stored; null if unknown. */
    readonly keyStorage: string | null
  }
  /** CAs in tree order, each issuer followed by the CAs below it; null if the CAs could not be read. */
  readonly authorities: readonly AuthorityStatus[] | null
  /** Counters since startup; null if the metrics are not accessible. */
  readonly counts: {
    readonly certificatesIssued: number
    readonly certificatesRevoked: number
    readonly requests: number
    readonly requestsFailed: number
  } | null
  readonly jobs: readonly JobStatus[]
  /** Sentences about conditions that need attention. */
  readonly warnings: readonly string[]
}

type FoundAuthority = AuthoritySummary &
  Pick<AuthorityStatus, 'branch' | 'externalIssuers' | 'hasRevocations'>

/**
 * Reads the status of a server. If the server cannot be reached, the status contains the reason, and the promise does not reject.
 */
export async function serverStatus(options: ConnectionOptions, now: Date): Promise<ServerStatus> {
  const { endpoint, region } = options
  trust(options)
  const { state: health, problem } = await readHealth(endpoint)
  const isReachable = health !== 'not reachable'
  const metricsUrl = options.metricsUrl ?? urlOf(endpoint, '/metrics')
  const samples = isReachable ? await readMetrics(metricsUrl) : undefined
  const found = isReachable ? await readAuthorities(options, health) : undefined
  const authorities = found?.map((authority) => authorityStatus(authority, samples, now)) ?? null
  const jobs = jobsOf(samples ?? [])
  return {
    server: {
      endpoint,
      metricsUrl,
      health,
      problem: problem ?? null,
      version: samples?.find(({ name }) => name === 'signet_build_info')?.labels['version'] ?? null,
      region,
      account: found?.[0]?.arn.split(':')[4] ?? null,
      otherCas: otherCasOf(samples, found),
      keyStorage: samples === undefined ? null : keyStorageOf(samples),
    },
    authorities,
    counts: samples === undefined ? null : countsOf(samples),
    jobs,
    warnings: [
      ...(problem === undefined ? [] : [problem]),
      ...(samples ?? []).flatMap(publicUrlWarning),
      ...(samples ?? []).flatMap(misplacedKeyWarning),
      ...(authorities ?? []).flatMap(authorityWarnings),
      ...jobs.flatMap(jobWarning),
    ],
  }
}

function otherCasOf(
  samples: readonly Sample[] | undefined,
  found: readonly FoundAuthority[] | undefined,
): number | null {
  if (samples === undefined || found === undefined) return null
  const ids = new Set(found.map(({ arn }) => idOf(arn)))
  return samples.filter(
    ({ name, labels }) =>
      name === 'signet_authority_info' &&
      labels['status'] !== 'DELETED' &&
      !ids.has(labels['authority'] ?? ''),
  ).length
}

/** Undefined if an unhealthy server does not return its CAs. The server's health status contains the reason. */
async function readAuthorities(
  options: ConnectionOptions,
  health: ServerHealth['state'],
): Promise<FoundAuthority[] | undefined> {
  try {
    return await withConnection(options, async ({ client }) => {
      const found: FoundAuthority[] = []
      for (const { node, prefix: branch } of treeLines(await authorityTree(client))) {
        const { authority } = node
        const isSilent = authority.crlDays === null && !authority.ocsp
        const hasRevocations = isSilent ? await revokesAny(client, authority.arn) : null
        const externalIssuers = node.externalChain
        found.push({ ...authority, branch, externalIssuers, hasRevocations })
      }
      return found
    })
  } catch (error) {
    if (health === 'ok') throw error
    return undefined
  }
}

/** Returns null for a service that cannot search certificates, such as AWS. */
async function revokesAny(
  client: Client,
  certificateAuthorityArn: string,
): Promise<boolean | null> {
  try {
    const search = { CertificateAuthorityArn: certificateAuthorityArn, Status: 'REVOKED' as const }
    for await (const _certificate of client.searchCertificates(search)) return true
    return false
  } catch {
    // The status output is useful even without the number of revoked certificates.
    return null
  }
}

function authorityStatus(
  found: FoundAuthority,
  samples: readonly Sample[] | undefined,
  now: Date,
): AuthorityStatus {
  const valueOf = (metric: string): number | undefined =>
    found.crlDays === null
      ? undefined
      : samples?.find(
          ({ name, labels }) => name === metric && labels['authority'] === idOf(found.arn),
        )?.value
  const age = valueOf('signet_crl_age_seconds')
  const nextUpdate = valueOf('signet_crl_next_update_timestamp_seconds')
  return {
    ...found,
    expiresInDays: found.notAfter === null ? null : daysLeft(new Date(found.notAfter), now),
    crlAgeSeconds: age === undefined ? null : Math.max(0, Math.round(age)),
    crlNextUpdate:
      nextUpdate === undefined ? null : isoSeconds(new Date(Math.round(nextUpdate) * 1000)),
  }
}

/**
 * RequestInProgressException is not counted as a failure, because it is a normal response to clients that wait for a
 * key or a certificate.
 */
const normalResults = ['success', 'RequestInProgressException']

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
      ({ labels }) => !normalResults.includes(labels['result'] ?? ''),
    ),
  }
}

function jobsOf(samples: readonly Sample[]): JobStatus[] {
  const samplesOf = (name: string): Sample[] =>
    samples.filter((sample) => sample.name === name && sample.labels['job'] !== undefined)
  const runs = samplesOf('signet_job_runs_total')
  const depths = samplesOf('signet_job_queue_depth')
  const names = new Set([...runs, ...depths].map(({ labels }) => labels['job'] ?? ''))
  const total = (samplesOfJob: readonly Sample[]): number =>
    samplesOfJob.reduce((sum, { value }) => sum + value, 0)
  return [...names].sort().map((name) => {
    const jobRuns = runs.filter(({ labels }) => labels['job'] === name)
    return {
      name,
      waiting: total(depths.filter(({ labels }) => labels['job'] === name)),
      runs: total(jobRuns),
      failures: total(jobRuns.filter(({ labels }) => labels['result'] === 'failure')),
    }
  })
}
