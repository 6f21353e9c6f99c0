/** From flags and environment to a typed Config; every problem is reported at once. */
import { resolve } from 'node:path'
import { defaultQuotas, type Quotas } from './authority/quotas.ts'
import { ConfigurationError } from './errors.ts'
import type { IssuancePolicy } from './issuance/issuance-policy.ts'

export interface Address {
  /** Name or address, without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export interface Config {
  /** Absolute path of the data folder. */
  readonly dataDirectory: string
  readonly listen: Address
  readonly publicListen: Address
  /** What certificates say; undefined means http:// and the public listener. */
  readonly publicUrl: string | undefined
  /** The account that the first start makes: twelve digits. */
  readonly accountId: string
  /** Absolute path. */
  readonly masterKeyFile: string
  readonly logLevel: string
  readonly quotas: Quotas
  readonly issuancePolicy: IssuancePolicy
}

/** What one flag or variable is: `parse` throws an Error that says what the value must be. */
interface Setting<T> {
  readonly flag: string
  readonly value: string
  readonly description: string
  readonly fallback: string | undefined
  readonly parse: (text: string) => T
}

const lintModes = ['error', 'warn', 'off'] as const
const weakKeyModes = ['refuse', 'allow'] as const
const verifyModes = ['all', 'ca'] as const
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every setting of the server, in the order of the help text. */
export const settings = {
  data: setting('data', 'DIR', 'folder for everything that is kept', './data', nonEmpty),
  listen: setting('listen', 'HOST:PORT', 'where the API listens', '127.0.0.1:8080', address),
  publicListen: setting(
    'public-listen',
    'HOST:PORT',
    'where CRLs, OCSP and CA certificates are served; anyone may reach it',
    '127.0.0.1:8081',
    address,
  ),
  publicUrl: setting(
    'public-url',
    'URL',
    'what certificates say about the public listener (default: http:// and its address)',
    undefined,
    url,
  ),
  database: setting(
    'database',
    'URL',
    'database (default: SQLite in the data folder)',
    undefined,
    database,
  ),
  account: setting(
    'account',
    'ID',
    'account that the first start makes',
    '123456789012',
    parseAccountId,
  ),
  masterKeyFile: setting(
    'master-key-file',
    'FILE',
    'key that the stored keys are encrypted under (default: master.key in the data folder)',
    undefined,
    nonEmpty,
  ),
  logLevel: setting('log-level', 'LEVEL', logLevels.join(', '), 'info', oneOf(logLevels)),
  lint: setting(
    'lint',
    'MODE',
    'what a certificate that breaks a rule of RFC 5280 is: error (refused), warn (logged), off',
    'error',
    oneOf(lintModes),
  ),
  weakKeys: setting(
    'weak-keys',
    'MODE',
    'what a CSR with a weak key is: refuse, or allow as AWS does',
    'refuse',
    oneOf(weakKeyModes),
  ),
  verifySignatures: setting(
    'verify-signatures',
    'MODE',
    'which signatures are checked before they are stored: all, or ca (those of CA certificates)',
    'ca',
    oneOf(verifyModes),
  ),
  quotaAuthorities: setting(
    'quota-authorities',
    'N',
    'CAs of one account in one Region',
    String(defaultQuotas.authoritiesPerRegion),
    count,
  ),
  quotaCertificates: setting(
    'quota-certificates',
    'N',
    'certificates of one CA',
    String(defaultQuotas.certificatesPerAuthority),
    count,
  ),
  quotaTags: setting(
    'quota-tags',
    'N',
    'tags on one CA',
    String(defaultQuotas.tagsPerAuthority),
    count,
  ),
} as const

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
  const found = [...problems, ...unknownVariables(environment)]
  const read = <N extends SettingName>(name: N): ReturnType<Settings[N]['parse']> | undefined =>
    readSetting({ name, flags, environment, problems: found })
  const data = read('data')
  const listen = read('listen')
  const publicListen = read('publicListen')
  const masterKeyFile = read('masterKeyFile')
  const config = {
    dataDirectory: resolve(data ?? '.'),
    listen,
    publicListen,
    publicUrl: read('publicUrl'),
    accountId: read('account'),
    masterKeyFile: masterKeyFile ? resolve(masterKeyFile) : resolve(data ?? '.', 'master.key'),
    logLevel: read('logLevel'),
    quotas: {
      authoritiesPerRegion: read('quotaAuthorities'),
      certificatesPerAuthority: read('quotaCertificates'),
      tagsPerAuthority: read('quotaTags'),
    },
    issuancePolicy: {
      lint: read('lint'),
      weakKeys: read('weakKeys'),
      verifySignatures: read('verifySignatures'),
    },
  }
  read('database')
  if (listen && publicListen && sameAddress(listen, publicListen))
    found.push('--listen and --public-listen must not be the same')
  if (found.length > 0) throw new ConfigurationError(found.join('\n'))
  return config as Config
}

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
  const given = text ?? fallback
  if (given === undefined) return undefined
  try {
    return parse(given)
  } catch (error) {
    // A database address may hold a password.
    const echo = from.name === 'database' ? '' : `, not '${given}'`
    from.problems.push(`${source} ${(error as Error).message}${echo}`)
    return undefined
  }
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values(settings).map(({ flag }) => variableOf(flag)))
  return Object.keys(environment)
    .filter((name) => name.startsWith('SIGNET_') && !known.has(name))
    .sort()
    .map((name) => `${name} is not a variable of signet`)
}

// oxlint-disable-next-line max-params -- rows of a table
function setting<T>(
  flag: string,
  value: string,
  description: string,
  fallback: string | undefined,
  parse: (text: string) => T,
): Setting<T> {
  return { flag, value, description, fallback, parse }
}

function nonEmpty(text: string): string {
  if (text === '') throw new Error('must not be empty')
  return text
}

/** HOST:PORT, an IPv6 address in brackets. */
function address(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) throw new Error('must be HOST:PORT')
  return { host, port }
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port && a.port !== 0
}

function url(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const plain = parsed && parsed.search === '' && parsed.hash === '' && parsed.username === ''
  if (!parsed || !plain || !['http:', 'https:'].includes(parsed.protocol))
    throw new Error('must be an http or https URL without query')
  return text.replace(/\/+$/, '')
}

function database(text: string): never {
  const scheme = /^[a-z]+:/i.exec(text)?.[0]
  throw new Error(
    scheme?.startsWith('postgres')
      ? 'cannot be PostgreSQL in this version: leave it out for SQLite in the data folder'
      : 'must be left out: SQLite in the data folder is the only database of this version',
  )
}

/** Twelve digits. */
export function parseAccountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new Error('must be an account id of twelve digits')
  return text
}

function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new Error(`must be one of ${values.join(', ')}`)
    return found
  }
}

function count(text: string): number {
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text) || value < 1) throw new Error('must be a whole number from 1')
  return value
}
