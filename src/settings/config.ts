/** Reads flags and environment variables into a typed Config, and reports all errors together. */
import { resolve } from 'node:path'
import type { Quotas } from '../authority/quotas.ts'
import { ConfigurationError } from '../errors.ts'
import { effectiveSettings, type EffectiveSetting } from './effective-settings.ts'
import { callLogConfig, type CallLogConfig } from './call-log-settings.ts'
import { consoleConfig, type SsoConfig } from './console-config.ts'
import { enrollmentConfig, type EnrollmentConfig } from './enrollment-config.ts'
import { Secret } from './secret.ts'
import type { RevocationPolicy } from '../authority/revocation-configuration.ts'
import type { IssuancePolicy } from '../issuance/issuance-policy.ts'
import type { KeyArn } from '../keys/kms/key-arn.ts'
import { keysConfig, type KeysConfig } from './keys-config.ts'
import { locateMasterKey } from './master-key-file.ts'
import type { RatesConfig } from './rates-file.ts'
import { readSetting, unknownVariables, type Flags, type Read } from './read-setting.ts'
import { devProblems, rootKey, type AccessKey } from './root-key.ts'
import type { Address } from './parse-values.ts'
import { tlsConfig, withNames, type TlsConfig } from './tls-config.ts'
import type { PostgresConnectionOptions } from '../store/postgres/connection-options.ts'

export { variableOf, type Flags, type SettingName } from './read-setting.ts'

export interface Config {
  /** Absolute path of the data folder. */
  readonly dataDirectory: string
  readonly listen: Address
  readonly tls: TlsConfig
  /** User that ran the command through sudo; undefined if sudo was not used. */
  readonly sudoUser: string | undefined
  /** Number of worker processes that serve requests; with 1, the server is a single process. */
  readonly workers: number
  readonly limits: LimitsConfig
  /** A reverse proxy's path prefix, without a trailing slash; empty if there is none. */
  readonly basePath: string
  /** Whether the API listener serves the web console. */
  readonly console: boolean
  /** Single sign-on for the web console; undefined if it is not configured. */
  readonly sso: SsoConfig | undefined
  readonly publicListen: Address
  /** The listener for ACME and EST; undefined if it is turned off. */
  readonly enrollment: EnrollmentConfig | undefined
  /** Listener for the metrics; undefined if the API listener serves them. */
  readonly metricsListen: Address | undefined
  /** Base URL in certificates; undefined for http:// and the address of the public listener. */
  readonly publicUrl: string | undefined
  /** PostgreSQL database; undefined for SQLite in the data folder. */
  readonly database: DatabaseConfig | undefined
  /** Twelve-digit ID of the account that the first startup creates. */
  readonly accountId: string
  /** Access key that the administrator receives at the first startup; undefined for a random access key. */
  readonly rootKey: Secret<AccessKey> | undefined
  /** Whether the server is intended for tests, with temporary data and a publicly known access key. */
  readonly dev: boolean
  /** Absolute path of the master key, or `-` for standard input. */
  readonly masterKeyFile: string
  /** Whether the server starts without the master key and waits for its shares. */
  readonly locked: boolean
  /** Symmetric KMS key that encrypts the master key. */
  readonly masterKeyKms: KeyArn | undefined
  /** Label of the key in the token that encrypts the master key. */
  readonly masterKeyPkcs11: string | undefined
  readonly keys: KeysConfig
  readonly logLevel: string
  /** Regions to serve in addition to AWS's Regions. */
  readonly regions: readonly string[]
  readonly quotas: Quotas
  readonly issuancePolicy: Omit<IssuancePolicy, 'weakKeyList'>
  /** Absolute path of the weak key list; undefined if there is none. */
  readonly weakKeyFile: string | undefined
  readonly revocationPolicy: RevocationPolicy
  readonly rates: RatesConfig
  /** Call log; undefined if calls are not recorded. */
  readonly callLog: CallLogConfig | undefined
  /** Whether the public listener serves the record's checkpoints and tiles. */
  readonly logPublic: boolean
  /** Whether calls that cannot be written to the call log are rejected. */
  readonly callLogRequired: boolean
  readonly objects: ObjectsConfig
  /** Whether to accept, at this startup, a database that has lost writes. */
  readonly acceptLoss: boolean
  /** Time for which expired certificates are kept; undefined if they are never deleted. */
  readonly keepExpiredSeconds: number | undefined
  /** URL to which events are sent; undefined if there is none. */
  readonly eventWebhook: string | undefined
  /** Every setting with its source, with secrets redacted. */
  readonly effectiveSettings: readonly EffectiveSetting[]
}

interface LimitsConfig {
  /** Maximum number of open connections per listener. */
  readonly connectionsMax: number
  /** Maximum number of failed authentications per minute for each source address; 0 for no limit. */
  readonly authFailuresPerMinute: number
  /** Memory per process for request bodies and for objects sent to slow clients. */
  readonly bodyMemoryBytes: number
}

/** A PostgreSQL database, which several servers can share. */
interface DatabaseConfig extends Omit<PostgresConnectionOptions, 'password'> {
  readonly password: Secret<PostgresConnectionOptions['password']>
  /** Maximum number of connections for reads. */
  readonly pool: number
}

/** Location of buckets: a folder in the data folder, or an S3 store. Without an endpoint, the S3 store is Amazon S3. */
type ObjectsConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 's3'
      readonly endpoint: string | undefined
      readonly region: string
      readonly publicUrl: string | undefined
    }

/**
 * Reads the configuration from flags, then environment variables, then defaults. Throws a ConfigurationError that lists the
 * caller's `problems`, every invalid value and every unknown SIGNET_ variable.
 */
export function readConfig(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
  problems: readonly string[] = [],
): Config {
  const allProblems = [...problems, ...unknownVariables(environment)]
  const read: Read = (name) => readSetting({ name, flags, environment, problems: allProblems })
  const data = read('data')
  const isDev = read('dev') === 'true'
  const listen = read('listen')
  const tls = tlsConfig(read, listen, allProblems)
  const enrollment = enrollmentConfig(read, tls, allProblems)
  const fileOf = (name: 'weakKeyList' | 'ratesFile'): string | undefined => {
    const path = read(name)
    return path === undefined ? undefined : resolve(path)
  }
  const config = {
    dataDirectory: resolve(data ?? '.'),
    listen,
    tls: withNames(tls, enrollment?.names),
    workers: isDev ? 1 : read('workers'),
    limits: {
      connectionsMax: read('maxConnections'),
      authFailuresPerMinute: read('authFailures'),
      bodyMemoryBytes: (read('bodyMemory') ?? 0) * 1024 * 1024,
    },
    basePath: read('basePath') ?? '',
    ...consoleConfig(read, allProblems),
    publicListen: read('publicListen'),
    enrollment,
    metricsListen: read('metricsListen'),
    publicUrl: read('publicUrl'),
    database: databaseConfig(read, environment, allProblems),
    accountId: read('account'),
    rootKey: rootKey(read, allProblems),
    dev: isDev,
    masterKeyFile: locateMasterKey(read('masterKeyFile'), environment, resolve(data ?? '.')),
    locked: read('locked') === 'true',
    masterKeyKms: read('masterKeyKms'),
    masterKeyPkcs11: read('masterKeyPkcs11'),
    keys: keysConfig(read, allProblems),
    logLevel: read('logLevel'),
    regions: read('regions') ?? [],
    quotas: quotasFrom(read),
    issuancePolicy: issuancePolicyFrom(read),
    weakKeyFile: fileOf('weakKeyList'),
    revocationPolicy: revocationPolicyFrom(read),
    callLog: callLogConfig(read, allProblems),
    ...recordConfig(read, environment),
    callLogRequired: read('callLogRequired') === 'true',
    rates: {
      awsQuotas: read('awsQuotas') === 'true',
      ratesFile: fileOf('ratesFile'),
    },
    objects: objectsConfig(read, allProblems),
    acceptLoss: read('acceptLoss') === 'true',
    keepExpiredSeconds: read('keepExpired'),
    eventWebhook: read('eventWebhook'),
    effectiveSettings: effectiveSettings(flags, environment),
    // If a required property is undefined, its value was invalid and allProblems contains the error.
  } satisfies Record<keyof Config, unknown>
  allProblems.push(
    ...combinationProblems(config),
    ...(isDev ? devProblems(flags, environment, read) : []),
  )
  if (allProblems.length > 0) throw new ConfigurationError(allProblems.join('\n'))
  return config as Config
}

function issuancePolicyFrom(read: Read): Readonly<Record<keyof Config['issuancePolicy'], unknown>> {
  return {
    lint: read('lint'),
    weakKeys: read('weakKeys'),
    csrSha1: read('csrSha1'),
    verifySignatures: read('verifySignatures'),
    emptySubject: read('emptySubject'),
  }
}

function revocationPolicyFrom(read: Read): Readonly<Record<keyof RevocationPolicy, unknown>> {
  return {
    crlDelaySeconds: read('crlDelay'),
    ocspValiditySeconds: read('ocspValidity'),
    ocspSigner: read('ocspSigner'),
    caIssuers: read('noCaIssuers') === 'false',
    auditReportIntervalSeconds: read('auditReportInterval'),
  }
}

function quotasFrom(read: Read): { readonly [Name in keyof Quotas]: number | undefined } {
  return {
    authoritiesPerRegion: read('quotaAuthorities'),
    certificatesPerAuthority: read('quotaCertificates'),
    tagsPerAuthority: read('quotaTags'),
    revocationsPerAuthority: read('quotaRevocations'),
  }
}

/** Returns errors for settings that exclude or require each other. */
function combinationProblems({
  listen,
  publicListen,
  metricsListen,
  enrollment,
}: {
  readonly listen: Address | undefined
  readonly publicListen: Address | undefined
  readonly metricsListen: Address | undefined
  readonly enrollment: EnrollmentConfig | undefined
}): string[] {
  const addresses = [
    ['--listen', listen],
    ['--public-listen', publicListen],
    ['--metrics-listen', metricsListen],
    ['--enroll-listen', enrollment?.listen],
  ] as const
  return addresses.flatMap(([flag, address], at) =>
    addresses
      .slice(at + 1)
      .filter(([, other]) => address && other && sameAddress(address, other))
      .map(([otherFlag]) => `${flag} and ${otherFlag} must not be the same`),
  )
}

/** The password comes from the URL, from --database-password-file, or from libpq's environment variables. */
function databaseConfig(
  read: Read,
  { PGPASSWORD, PGPASSFILE }: Readonly<Record<string, string | undefined>>,
  problems: string[],
): DatabaseConfig | undefined {
  const url = read('database')
  const file = read('databasePasswordFile')
  const pool = read('databasePool') ?? 0
  if (url === undefined) return undefined
  const { password, ...connection } = url
  if (file !== undefined && password !== undefined)
    problems.push('--database-password-file cannot be combined with a password in --database')
  const source: PostgresConnectionOptions['password'] =
    file !== undefined
      ? { kind: 'file', path: resolve(file) }
      : password !== undefined || PGPASSWORD
        ? { kind: 'text', text: password ?? PGPASSWORD ?? '' }
        : PGPASSFILE
          ? { kind: 'pgpass', path: resolve(PGPASSFILE) }
          : { kind: 'none' }
  return { ...connection, password: new Secret(source), pool }
}

function objectsConfig(read: Read, problems: string[]): ObjectsConfig {
  const endpoint = read('s3Endpoint')
  const kind = read('objects') ?? (endpoint === undefined ? 'embedded' : 's3')
  const region = read('s3Region') ?? ''
  const publicUrl = read('s3PublicUrl')
  if (kind === 's3') return { kind, endpoint, region, publicUrl }
  if (endpoint !== undefined || publicUrl !== undefined)
    problems.push('--objects embedded cannot be combined with --s3-endpoint or --s3-public-url')
  return { kind }
}

function recordConfig(
  read: Read,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<Config, 'logPublic' | 'sudoUser'> {
  return { logPublic: read('logPublic') === 'true', sudoUser: environment['SUDO_USER'] }
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port && a.port !== 0
}
