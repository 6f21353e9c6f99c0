/** Counts of CAs and certificates, available only from Signet. */
import { call } from './call.ts'
import { checkOptions, numberRule, type OptionRules } from './check-options.ts'
import type { CertificateAuthorityStatus } from './enumerations.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

/** The input of getStatistics: the numbers of days and weeks to report. */
export interface StatisticsInput {
  /** Number of days in IssuedPerDay and RevokedPerDay, ending today: 1 to 366, 30 by default. */
  readonly Days?: number
  /** Number of weeks in ExpiriesPerWeek, starting today: 1 to 104, 13 by default. */
  readonly Weeks?: number
}

/** A number of certificates, counted for one UTC day or week. */
export interface PeriodCount {
  readonly Start: Date
  readonly Count: number
}

/** Counts of an account's CAs and certificates in one Region. Each day starts at midnight UTC. */
export interface Statistics {
  readonly GeneratedAt: Date
  /** False while the server is counting certificates that were issued before an upgrade or restore. */
  readonly Complete: boolean
  /** Number of CAs by status. Statuses without CAs are omitted. */
  readonly CertificateAuthorities: readonly {
    readonly Status: CertificateAuthorityStatus
    readonly Count: number
  }[]
  readonly IssuedPerDay: readonly PeriodCount[]
  readonly RevokedPerDay: readonly PeriodCount[]
  /** Numbers of certificates that expire in a period, excluding revoked certificates. */
  readonly ExpiriesPerWeek: readonly PeriodCount[]
  /**
   * Numbers of unrevoked certificates that expire within 7, 30 and 90 days. Each period includes its first and last day in full.
   */
  readonly Expiring: readonly { readonly Days: number; readonly Count: number }[]
}

const rules: OptionRules<StatisticsInput> = { Days: numberRule, Weeks: numberRule }

/** Rejects with TypeError for an invalid input, and with ClientError for an error from the service. */
export async function getStatistics(
  sdk: SdkClient,
  input: StatisticsInput = {},
  options: CallOptions = {},
): Promise<Statistics> {
  checkOptions('getStatistics', input, rules)
  return (await call(sdk, 'getStatistics', { input, options })) as Statistics
}
