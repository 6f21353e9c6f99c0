/** The options of an embedded CA, and their configuration. */
import type { Quotas } from '../src/authority/quotas.ts'
import type { Clock } from '../src/clock.ts'
import { readConfig, type Config, type Flags, type SettingName } from '../src/settings/config.ts'
import { ConfigurationError } from '../src/errors.ts'
import { settings } from '../src/settings/settings-table.ts'
import type { Credentials } from '../src/text/credentials-file.ts'

/** Everything has a default; values mean what the flag of `signet serve` means. */
export interface EmbeddedOptions {
  /** The data folder, made if there is none; `':memory:'`, the default, keeps nothing. */
  readonly data?: string
  /** Region of `ca.client`; `us-east-1` unless said otherwise. Other clients may use any of AWS's and of `regions`. */
  readonly region?: string
  /** Regions that are served beside AWS's and `region`. */
  readonly regions?: readonly string[]
  /** The account that a new data folder gets: twelve digits. */
  readonly accountId?: string
  /** What the CA takes for the time; the machine's clock unless said otherwise. */
  readonly clock?: Clock
  /** What certificates say about where CRLs, OCSP and CA certificates are. */
  readonly publicUrl?: string
  /** For lines of JSON on standard error; `silent` unless said otherwise. */
  readonly logLevel?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Where the master key is, if not in the data folder. */
  readonly masterKeyFile?: string
  /** Of an access key in the data folder; those in its file `credentials` unless said otherwise. */
  readonly credentials?: Credentials
  readonly quotas?: Partial<Quotas>
  /** What a certificate that breaks a rule of RFC 5280 is. */
  readonly lint?: 'error' | 'warn' | 'off'
  readonly weakKeys?: 'refuse' | 'allow'
  /** Path of a file with the fingerprints of further weak keys. */
  readonly weakKeyList?: string
  /** Whether CSRs that are signed with SHA-1 are accepted. */
  readonly csrSha1?: 'refuse' | 'accept'
  /** How CSRs with an empty subject and a SAN that is not critical are handled. */
  readonly emptySubject?: 'refuse' | 'critical-san'
  /** From a revocation to the CRL that has it: 0 to 300. */
  readonly crlDelaySeconds?: number
  readonly ocspValiditySeconds?: number
  /** Between two audit reports of one CA. */
  readonly auditReportIntervalSeconds?: number
}

const publicUrlDefault = 'http://pki.signet.embedded'

/** The path of each setting among the options, as messages name it. */
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

/** The configuration for that data folder. Throws ConfigurationError that names every bad option. */
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
    // Values of other types are numbers, or readConfig reports them.
    if (value !== undefined)
      flags[setting] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  try {
    // Variables of the environment are for the program, and need not be for its CA.
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
