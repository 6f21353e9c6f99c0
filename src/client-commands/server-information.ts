/** `signet log show` and `signet jobs list` through the API. The results have the same form as results from the data folder. */
import type { Client, RecordEntryKind, RecordSearch, ServerJob } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import { findAuthority } from './authorities.ts'

export interface RecordFilters {
  readonly principal?: string | undefined
  readonly ca?: string | undefined
  readonly serial?: string | undefined
  readonly kind?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly limit: number
}

/** Returns the newest entries that match the filters, in chronological order. Throws ConfigurationError for an invalid time. */
export async function showRecord(client: Client, filters: RecordFilters): Promise<object[]> {
  const search = await searchOf(client, filters)
  const found: object[] = []
  for await (const entry of client.searchRecord(search)) {
    found.push({
      Leaf: entry.Index,
      Time: entry.Time?.toISOString(),
      Kind: entry.Kind ?? 'altered',
      Principal: entry.Principal,
      User: entry.OperatingSystemUser,
      SudoUser: entry.SudoUser,
      Host: entry.Host,
      Command: entry.Command,
      CertificateAuthority: entry.CertificateAuthorityArn?.split('/').at(-1),
      SerialNumber: entry.SerialNumber,
      Sha256: entry.Sha256,
      Table: entry.Table,
      Key: entry.Key === undefined ? undefined : (JSON.parse(entry.Key) as unknown),
      Detail: entry.Detail ?? entry.Problem,
    })
    if (found.length === filters.limit) break
  }
  return found.toReversed()
}

async function searchOf(client: Client, filters: RecordFilters): Promise<RecordSearch> {
  const { principal, ca, serial, kind } = filters
  const since = timeOf('--since', filters.since)
  const until = timeOf('--until', filters.until)
  const authority =
    ca === undefined ? undefined : await findAuthority(client, ca, ['ACTIVE', 'DISABLED'])
  return {
    ...(principal !== undefined && { Principal: principal }),
    ...(authority !== undefined && { CertificateAuthorityArn: authority.arn }),
    ...(serial !== undefined && { SerialNumber: serial }),
    ...(kind !== undefined && { Kind: kind as RecordEntryKind }),
    ...(since && { Since: since }),
    ...(until && { Until: until }),
  }
}

function timeOf(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new ConfigurationError(`${flag} must be a time such as 2026-01-31T12:00:00Z`)
  return time
}

/** Lists the server's jobs with their queues and the last run that found work. */
export async function listServerJobs(client: Client): Promise<object[]> {
  const { Jobs: jobs } = await client.listJobs()
  return jobs.map((job) => ({
    Name: job.Name,
    ...(job.Due !== undefined && { Due: job.Due, Failing: job.Failing, Running: job.Running }),
    LastStartedAt: job.LastStartedAt?.toISOString(),
    LastSucceededAt: job.LastSucceededAt?.toISOString(),
    NextRunAt: job.NextRunAt?.toISOString(),
    ...(job.LastWorkAt && { LastRun: lastRunOf(job, job.LastWorkAt) }),
  }))
}

function lastRunOf(job: ServerJob, finishedAt: Date): object {
  return {
    FinishedAt: finishedAt.toISOString(),
    Milliseconds: job.LastWorkMilliseconds,
    Done: job.LastWorkDone,
    Failed: job.LastWorkFailed,
    ...(job.LastError !== undefined && { Error: job.LastError }),
  }
}
