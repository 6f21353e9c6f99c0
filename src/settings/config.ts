/** From flags and environment to a typed Config; every problem is reported at once. */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Quotas } from '../authority/quotas.ts'
import { ConfigurationError } from '../errors.ts'
import { Secret } from './secret.ts'
import type { RevocationPolicy } from '../authority/revocation-configuration.ts'
import type { IssuancePolicy } from '../issuance/issuance-policy.ts'
import type { RatesConfig } from './rates-file.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings-table.ts'
import { isLoopback, type Address } from './parse-values.ts'
import type { PostgresConnectionOptions } from '../store/postgres/connection-options.ts'

export interface Config {
  /** Absolute path of the data folder. */
  readonly dataDirectory: string
  readonly listen: Address
  readonly tls: TlsConfig
  /** Processes that answer requests; one does everything by itself. */
  readonly workers: number
  readonly limits: LimitsConfig
  /** Path prefix of a reverse proxy, without a slash at the end; empty for none. */
  readonly basePath: string
  readonly publicListen: Address
  /** What certificates say; undefined means http:// and the public listener. */
  readonly publicUrl: string | undefined
  /** Undefined for SQLite in the data folder. */
  readonly database: DatabaseConfig | undefined
  /** The account that the first start makes: twelve digits. */
  readonly accountId: string
  /** Absolute path. */
  readonly masterKeyFile: string
  readonly logLevel: string
  /** Regions that are served beside AWS's. */
  readonly regions: readonly string[]
  readonly quotas: Quotas
  readonly issuancePolicy: Omit<IssuancePolicy, 'weakKeyList'>
  /** Absolute path of the list of weak keys; undefined for none. */
  readonly weakKeyFile: string | undefined
  readonly revocationPolicy: RevocationPolicy
  readonly rates: RatesConfig
  /** Absolute path, `-` for standard output; undefined for none. */
  readonly callLog: string | undefined
  /** Whether calls that cannot be recorded are refused. */
  readonly callLogRequired: boolean
  readonly objects: ObjectsConfig
  /** Whether this start accepts a database that has lost writes. */
  readonly acceptLoss: boolean
  /** How long certificates are kept after they expired; undefined for ever. */
  readonly keepExpiredSeconds: number | undefined
  /** Where events are posted to; undefined for nowhere. */
  readonly eventWebhook: string | undefined
}

/** Where the certificate of the API listener comes from; paths are absolute. */
export type TlsConfig = (
  | { readonly kind: 'none' }
  | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: 'self'; readonly authorityArn: string; readonly names: readonly string[] }
) & {
  /** CAs that clients must have a certificate of. */
  readonly clientCaFile: string | undefined
}

interface LimitsConfig {
  /** On each listener. */
  readonly connectionsMax: number
  /** Of one source; 0 is no limit. */
  readonly authFailuresPerMinute: number
  /** Memory of each process for request bodies and for objects that clients read slowly. */
  readonly bodyMemoryBytes: number
}

/** A PostgreSQL database, which other servers may be using too. */
interface DatabaseConfig extends Omit<PostgresConnectionOptions, 'password'> {
  readonly password: Secret<PostgresConnectionOptions['password']>
  /** Connections that read, at most. */
  readonly pool: number
}

/** Where buckets are: a folder below the data folder, or an S3 store (AWS itself if it has no endpoint). */
type ObjectsConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 's3'
      readonly endpoint: string | undefined
      readonly region: string
      readonly publicUrl: string | undefined
    }

type Settings = typeof settings
export type SettingName = keyof Settings
/** What the command line gave, by setting. */
export type Flags = Partial<Record<SettingName, string>>

/** The environment variable of a setting: `--public-url` is SIGNET_PUBLIC_URL. */
export function variableOf(flag: string): string {
  return `SIGNET_${flag.toUpperCase().replaceAll('-', '_')}`
}

/**
 * The configuration that flags, then the environment, then defaults give. Throws ConfigurationError naming every
 * bad value and every SIGNET_ variable that means nothing; `problems` are those the caller found already.
 */
export function readConfig(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
  problems: readonly string[] = [],
): Config {
  const allProblems = [...problems, ...unknownVariables(environment)]
  const read: Read = (name) => readSetting({ name, flags, environment, problems: allProblems })
  const data = read('data')
  const listen = read('listen')
  const publicListen = read('publicListen')
  const masterKeyFile = read('masterKeyFile')
  const ratesFile = read('ratesFile')
  const callLog = read('callLog')
  const weakKeyList = read('weakKeyList')
  const config = {
    dataDirectory: resolve(data ?? '.'),
    listen,
    tls: tlsConfig(read, listen, allProblems),
    workers: read('workers'),
    limits: {
      connectionsMax: read('maxConnections'),
      authFailuresPerMinute: read('authFailures'),
      bodyMemoryBytes: (read('bodyMemory') ?? 0) * 1024 * 1024,
    },
    basePath: read('basePath') ?? '',
    publicListen,
    publicUrl: read('publicUrl'),
    database: databaseConfig(read, environment, allProblems),
    accountId: read('account'),
    masterKeyFile: masterKeyFile ? resolve(masterKeyFile) : resolve(data ?? '.', 'master.key'),
    logLevel: read('logLevel'),
    regions: read('regions') ?? [],
    quotas: {
      authoritiesPerRegion: read('quotaAuthorities'),
      certificatesPerAuthority: read('quotaCertificates'),
      tagsPerAuthority: read('quotaTags'),
      revocationsPerAuthority: read('quotaRevocations'),
    },
    issuancePolicy: {
      lint: read('lint'),
      weakKeys: read('weakKeys'),
      csrSha1: read('csrSha1'),
      verifySignatures: read('verifySignatures'),
      emptySubject: read('emptySubject'),
    },
    weakKeyFile: weakKeyList === undefined ? undefined : resolve(weakKeyList),
    revocationPolicy: {
      crlDelaySeconds: read('crlDelay'),
      ocspValiditySeconds: read('ocspValidity'),
      caIssuers: read('noCaIssuers') === 'false',
      auditReportIntervalSeconds: read('auditReportInterval'),
    },
    callLog: callLog === undefined || callLog === '-' ? callLog : resolve(callLog),
    callLogRequired: read('callLogRequired') === 'true',
    rates: {
      awsQuotas: read('awsQuotas') === 'true',
      ratesFile: ratesFile === undefined ? undefined : resolve(ratesFile),
    },
    objects: objectsConfig(read, allProblems),
    acceptLoss: read('acceptLoss') === 'true',
    keepExpiredSeconds: read('keepExpired'),
    eventWebhook: read('eventWebhook'),
    // Undefined stands for a bad value, which is among the problems.
  } satisfies Record<keyof Config, unknown>
  if (listen && publicListen && sameAddress(listen, publicListen))
    allProblems.push('--listen and --public-listen must not be the same')
  if (config.callLogRequired && callLog === undefined)
    allProblems.push('--call-log-required needs --call-log')
  if (allProblems.length > 0) throw new ConfigurationError(allProblems.join('\n'))
  return config as Config
}

/** The value of a setting; undefined if it has none, or a bad one. */
type Read = <N extends SettingName>(name: N) => ReturnType<Settings[N]['parse']> | undefined

/** The password is in the URL, in the file that is named, or where libpq looks for it too. */
function databaseConfig(
  read: Read,
  { PGPASSWORD, PGPASSFILE }: Readonly<Record<string, string | undefined>>,
  problems: string[],
): DatabaseConfig | undefined {
  const url = read('database')
  const file = read('databasePasswordFile')
  const pool = read('databasePool') ?? 0
  if (url === undefined) return undefined
  const { password, ...place } = url
  if (file !== undefined && password !== undefined)
    problems.push('--database-password-file does not go with a password in --database')
  const source: PostgresConnectionOptions['password'] =
    file !== undefined
      ? { kind: 'file', path: resolve(file) }
      : password !== undefined || PGPASSWORD
        ? { kind: 'text', text: password ?? PGPASSWORD ?? '' }
        : PGPASSFILE
          ? { kind: 'pgpass', path: resolve(PGPASSFILE) }
          : { kind: 'none' }
  return { ...place, password: new Secret(source), pool }
}

function objectsConfig(read: Read, problems: string[]): ObjectsConfig {
  const endpoint = read('s3Endpoint')
  const kind = read('objects') ?? (endpoint === undefined ? 'embedded' : 's3')
  const region = read('s3Region') ?? ''
  const publicUrl = read('s3PublicUrl')
  if (kind === 's3') return { kind, endpoint, region, publicUrl }
  if (endpoint !== undefined || publicUrl !== undefined)
    problems.push('--objects embedded does not go with --s3-endpoint or --s3-public-url')
  return { kind }
}

function tlsConfig(read: Read, listen: Address | undefined, problems: string[]): TlsConfig {
  const certFile = read('tlsCert')
  const keyFile = read('tlsKey')
  const authorityArn = read('tlsSelf')
  const names = read('tlsNames')
  const clientCa = read('tlsClientCa')
  const insecure = read('insecureHttp') === 'true'
  const clientCaFile = clientCa === undefined ? undefined : resolve(clientCa)
  if ((certFile === undefined) !== (keyFile === undefined))
    problems.push('--tls-cert and --tls-key go together')
  if (certFile !== undefined && authorityArn !== undefined)
    problems.push('--tls-cert and --tls-self exclude each other')
  if (names !== undefined && authorityArn === undefined)
    problems.push('--tls-names goes with --tls-self')
  if (certFile !== undefined && keyFile !== undefined)
    return { kind: 'files', certFile: resolve(certFile), keyFile: resolve(keyFile), clientCaFile }
  if (authorityArn !== undefined)
    return { kind: 'self', authorityArn, names: names ?? namesOf(listen), clientCaFile }
  if (clientCaFile !== undefined)
    problems.push('--tls-client-ca goes with --tls-cert or --tls-self')
  if (listen !== undefined && !isLoopback(listen) && !insecure)
    problems.push(
      '--listen lets other machines reach the API over plain HTTP: add --tls-cert and --tls-key, --tls-self, or --insecure-http',
    )
  return { kind: 'none', clientCaFile: undefined }
}

/** What clients may call the listener: where it listens, and this machine if that is everywhere or here. */
function namesOf(listen: Address | undefined): readonly string[] {
  if (listen === undefined) return []
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const own = isEverywhere ? hostname() : listen.host
  const local = isEverywhere || isLoopback(listen) ? ['localhost', '127.0.0.1', '::1'] : []
  return [...new Set([own, ...local])]
}

/** Settings whose values are never repeated in messages; of others, no value with an `@`. */
const secretSettings: readonly SettingName[] = ['database', 'eventWebhook']

function readSetting<N extends SettingName>(from: {
  readonly name: N
  readonly flags: Flags
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly problems: string[]
}): ReturnType<Settings[N]['parse']> | undefined {
  const { flag, fallback, parse } = settings[from.name] as Setting<ReturnType<Settings[N]['parse']>>
  const variable = variableOf(flag)
  const [source, text] =
    from.flags[from.name] !== undefined
      ? [`--${flag}`, from.flags[from.name]]
      : [variable, from.environment[variable]]
  const value = text ?? fallback
  if (value === undefined) return undefined
  try {
    return parse(value)
  } catch (error) {
    // A URL may hold a password.
    const isSecret = secretSettings.includes(from.name) || value.includes('@')
    const echo = isSecret ? '' : `, not '${value}'`
    from.problems.push(`${source} ${(error as Error).message}${echo}`)
    return undefined
  }
}

/** Read by the commands that call the API (cli/shared/connection-flags.ts). */
const clientVariables = ['SIGNET_ENDPOINT', 'SIGNET_CA']

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const settable = Object.values(settings).map(({ flag }) => variableOf(flag))
  const known = new Set([...settable, ...clientVariables])
  return Object.keys(environment)
    .filter((name) => name.startsWith('SIGNET_') && !known.has(name))
    .sort()
    .map((name) => `${name} is not a variable of signet`)
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port && a.port !== 0
}
