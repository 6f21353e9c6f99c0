/** Validates the options of an embedded CA and derives its configuration from them. */
import {
  checkOptions,
  numberRule,
  objectRule,
  textRule,
  texts,
  type OptionRule,
  type OptionRules,
} from '../client/check-options.ts'
import { credentials } from '../client/client-options.ts'
import type { Quotas } from '../src/authority/quotas.ts'
import type { Clock } from '../src/clock.ts'
import { readConfig, type Config, type Flags, type SettingName } from '../src/settings/config.ts'
import { ConfigurationError } from '../src/errors.ts'
import { settings } from '../src/settings/settings-table.ts'
import type { Credentials } from '../src/text/credentials-file.ts'
import { isRegionName } from '../src/wire/region.ts'

/**
 * Options for openEmbedded, all of which may be omitted. An option with the same name as a `signet serve` flag has the
 * same meaning.
 *
 * @example
 * const options: EmbeddedOptions = { data: './ca', region: 'eu-central-1', logLevel: 'info' }
 */
export interface EmbeddedOptions {
  /** Path of the data folder, which is created if it does not exist. The default, `':memory:'`, stores nothing. */
  readonly data?: string
  /** Region of `ca.client`; `us-east-1` by default. Other clients may use any AWS Region and the Regions in `regions`. */
  readonly region?: string
  /** Names of additional Regions, besides AWS's; none by default. */
  readonly regions?: readonly string[]
  /** ID of the account in a new data folder, 12 digits long; `123456789012` by default. */
  readonly accountId?: string
  /** The CA's clock; the system clock by default. */
  readonly clock?: Clock
  /** Base of the CRL, OCSP and CA certificate URLs in issued certificates; `http://pki.signet.embedded` by default. */
  readonly publicUrl?: string
  /** The minimum level of log messages, which are written to standard error as lines of JSON; `silent` by default. */
  readonly logLevel?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Path of the master key; `master.key` in the data folder by default. */
  readonly masterKeyFile?: string
  /**
   * Access key for `ca.client`, which must exist in the data folder. The default is the access key in the folder's
   * `credentials` file.
   */
  readonly credentials?: Credentials
  /** Quotas for each account; AWS's quotas by default. */
  readonly quotas?: Partial<Quotas>
  /** Handling of certificates that violate RFC 5280: refused (`error`, the default), logged (`warn`), or ignored (`off`). */
  readonly lint?: 'error' | 'warn' | 'off'
  /** Handling of CSRs with a weak key; `refuse` by default. */
  readonly weakKeys?: 'refuse' | 'allow'
  /** Path of a file with the fingerprints of additional weak keys; none by default. */
  readonly weakKeyList?: string
  /** Handling of CSRs with a SHA-1 signature; `refuse` by default. */
  readonly csrSha1?: 'refuse' | 'accept'
  /** Handling of CSRs with an empty subject and a non-critical SAN extension; `refuse` by default. */
  readonly emptySubject?: 'refuse' | 'critical-san'
  /** Seconds between a revocation and the next CRL, from 0 to 300; 1 by default. */
  readonly crlDelaySeconds?: number
  /** Validity of an OCSP response in seconds; 3600 by default. */
  readonly ocspValiditySeconds?: number
  /** Minimum time between two audit reports of the same CA, in seconds; 1800 by default. */
  readonly auditReportIntervalSeconds?: number
}

const clock: OptionRule = {
  expected: 'an object with a now() method that returns a Date',
  accepts: (value) => objectRule.accepts(value) && typeof (value as Clock).now === 'function',
}
const regionName: OptionRule = {
  expected: "a name of lower-case letters, digits and single hyphens, such as 'eu-central-1'",
  accepts: (value) => typeof value === 'string' && isRegionName(value),
  isPublic: true,
}

const optionRules: OptionRules<EmbeddedOptions> = {
  data: textRule,
  region: regionName,
  regions: texts("['garage']"),
  accountId: textRule,
  clock,
  publicUrl: textRule,
  logLevel: textRule,
  masterKeyFile: textRule,
  credentials,
  quotas: objectRule,
  lint: textRule,
  weakKeys: textRule,
  weakKeyList: textRule,
  csrSha1: textRule,
  emptySubject: textRule,
  crlDelaySeconds: numberRule,
  ocspValiditySeconds: numberRule,
  auditReportIntervalSeconds: numberRule,
}
const quotaRules: OptionRules<Quotas> = {
  authoritiesPerRegion: numberRule,
  certificatesPerAuthority: numberRule,
  tagsPerAuthority: numberRule,
  revocationsPerAuthority: numberRule,
}

/** Throws TypeError for an unknown option and for a value of the wrong type. */
export function checkEmbeddedOptions(options: EmbeddedOptions): void {
  checkOptions('openEmbedded', options, optionRules)
  if (options.quotas !== undefined) checkOptions('openEmbedded: quotas', options.quotas, quotaRules)
}

const publicUrlDefault = 'http://pki.signet.embedded'

/** The option path of each setting, for error messages. */
const memberPaths = {
  data: 'data',
  account: 'accountId',
  publicUrl: 'publicUrl',
  logLevel: 'logLevel',
  regions: 'regions',
  masterKeyFile: 'masterKeyFile',
  lint: 'lint',
  weakKeys: 'weakKeys',
  weakKeyList: 'weakKeyList',
  csrSha1: 'csrSha1',
  emptySubject: 'emptySubject',
  crlDelay: 'crlDelaySeconds',
  ocspValidity: 'ocspValiditySeconds',
  auditReportInterval: 'auditReportIntervalSeconds',
  quotaAuthorities: 'quotas.authoritiesPerRegion',
  quotaCertificates: 'quotas.certificatesPerAuthority',
  quotaTags: 'quotas.tagsPerAuthority',
  quotaRevocations: 'quotas.revocationsPerAuthority',
} as const satisfies Partial<Record<SettingName, string>>

/** Returns the configuration for a data folder. Throws a ConfigurationError that lists every option with an invalid value. */
export function configOf(options: EmbeddedOptions, directory: string): Config {
  const { region = [], regions = [] } = options
  const values = {
    publicUrl: publicUrlDefault,
    logLevel: 'silent',
    ...options,
    regions: [region, regions].flat().join(',') || undefined,
    data: directory,
  }
  const flags: Flags = {}
  for (const [setting, path] of entries) {
    const value = valueAt(values, path)
    // All remaining option values are numbers.
    if (value !== undefined)
      flags[setting] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  try {
    // Environment variables are ignored, because they configure the host program rather than its embedded CA.
    return readConfig(flags, {})
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new ConfigurationError(withOptionNames(error.message), { cause: error })
  }
}

const entries = Object.entries(memberPaths) as [keyof typeof memberPaths, string][]

function valueAt(options: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown> | undefined)?.[name],
      options,
    )
}

function withOptionNames(problems: string): string {
  return entries.reduce(
    (text, [setting, path]) =>
      text.replaceAll(new RegExp(`^--${settings[setting].flag} `, 'gm'), `${path} `),
    problems,
  )
}
