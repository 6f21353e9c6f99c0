/** Numbers of CAs and certificates, which Signet counts and AWS does not. */
import { call } from './call.ts'
import { checkOptions, numberRule, type OptionRules } from './check-options.ts'
import type { CertificateAuthorityStatus } from './enumerations.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

/** The input of getStatistics: the lengths of its periods. */
export interface StatisticsInput {
  /** Number of days in IssuedPerDay and RevokedPerDay, of which today is the last: 1 to 366, by default 30. */
  readonly Days?: number
  /** Number of weeks in ExpiriesPerWeek, of which the first starts today: 1 to 104, by default 13. */
  readonly Weeks?: number
}

/** The number of certificates in a day or a week, in UTC. */
export interface PeriodCount {
  readonly Start: Date
  readonly Count: number
}

/** Numbers of an account's CAs and certificates in a Region. Days start at midnight UTC. */
export interface Statistics {
  readonly GeneratedAt: Date
  /** False while the server counts certificates from before an upgrade or a restore. */
  readonly Complete: boolean
  /** Number of CAs by status. A status without CAs is absent. */
  readonly CertificateAuthorities: readonly {
    readonly Status: CertificateAuthorityStatus
    readonly Count: number
  }[]
  readonly IssuedPerDay: readonly PeriodCount[]
  readonly RevokedPerDay: readonly PeriodCount[]
  /** Expiries of certificates that are not revoked. */
  readonly ExpiriesPerWeek: readonly PeriodCount[]
  /** Certificates that are not revoked and expire within 7, 30 and 90 days. The first and the last day are counted whole. */
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
