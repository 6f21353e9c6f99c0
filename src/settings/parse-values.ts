/** Parsers for setting values. Each parser throws an Error that states the valid form of the value. */
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { keyStorageSecurityStandards } from '../authority/key-storage.ts'
import { parseKeyArn, type KeyArn } from '../keys/kms/key-arn.ts'
import type { KeyStoreName, StandardStore } from '../keys/stores/index.ts'
import { daySeconds, parseDuration, parseSeconds, spanMilliseconds } from '../text/duration.ts'
import { isLoopbackAddress } from '../text/ip-address.ts'
import { isRegionName } from '../wire/region.ts'

export interface Address {
  /** Host name or IP address, without brackets. */
  readonly host: string
  /** Port number; 0 lets the system choose a port. */
  readonly port: number
}

export const keyStoreNames: readonly KeyStoreName[] = ['local', 'pkcs11', 'kms']

export function nonEmpty(text: string): string {
  if (text === '') throw new Error('must not be empty')
  return text
}

/** Parses HOST:PORT. An IPv6 address must be enclosed in brackets. */
export function address(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) throw new Error('must be HOST:PORT')
  return { host, port }
}

export interface CallLogDestinations {
  readonly file: string | undefined
  readonly syslog: Address | undefined
}

export const syslogScheme = 'syslog+tls://'

/** Parses `FILE`, `-`, `syslog+tls://HOST:PORT`, or `FILE` or `-` followed by a comma and a syslog server's URL. */
export function callLogDestinations(text: string): CallLogDestinations {
  const at = text.startsWith(syslogScheme) ? 0 : text.indexOf(`,${syslogScheme}`)
  if (at < 0 && /^syslog\b[^/]*:\/\//i.test(text))
    throw new Error(`must be a file, '-', or ${syslogScheme}HOST:PORT`)
  const file = at < 0 ? text : text.slice(0, at)
  const server =
    at < 0 ? undefined : text.slice(text.indexOf(syslogScheme, at) + syslogScheme.length)
  if (text === '') throw new Error('must not be empty')
  return {
    file: file === '' ? undefined : file,
    syslog: server === undefined ? undefined : syslogAddress(server),
  }
}

function syslogAddress(text: string): Address {
  try {
    const parsed = address(text)
    if (parsed.port > 0) return parsed
  } catch {
    // The error below states the valid scheme.
  }
  throw new Error(
    `must have HOST:PORT after ${syslogScheme}, such as ${syslogScheme}logs.example.com:6514`,
  )
}

/** Returns whether only this machine can reach a listener at the address. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || isLoopbackAddress(host)
}

/** Returns whether a host stands for every address of this machine: 0.0.0.0 or :: in any notation. */
export function isUnspecified(host: string): boolean {
  const origin = `http://${isIP(host) === 6 ? `[${host}]` : host}`
  const { hostname } = URL.canParse(origin) ? new URL(origin) : { hostname: host }
  return ['0.0.0.0', '[::]', '[::ffff:0:0]'].includes(hostname)
}

const hostForm =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/** Parses host names and IP addresses, separated by commas. */
export function hosts(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const bad = names.find((name) => isIP(name) === 0 && !hostForm.test(name))
  if (bad !== undefined || names.length > 100)
    throw new Error('must be up to 100 host names or IP addresses, separated by commas')
  return names
}

/** Parses the ARN of a KMS key. */
export function kmsKeyArn(text: string): KeyArn {
  const arn = parseKeyArn(text)
  if (arn === undefined)
    throw new Error(
      'must be the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    )
  return arn
}

/** Parses comma-separated pairs of a KeyStorageSecurityStandard and a key store, such as `CCPC_LEVEL_1_OR_HIGHER=local`. */
export function keyStorageStandards(text: string): readonly StandardStore[] {
  const pairs = text.split(',').map((pair) => standardStore(pair.trim()))
  const standards = pairs.map(({ standard }) => standard)
  const repeated = standards.find((standard, index) => standards.indexOf(standard) !== index)
  if (repeated !== undefined) throw new Error(`must contain ${repeated} only once`)
  return pairs
}

function standardStore(pair: string): StandardStore {
  const [, name, storeName = ''] = /^(\w+)=(\w+)$/.exec(pair) ?? []
  const standard = keyStorageSecurityStandards.find((each) => each === name)
  const store = keyStoreNames.find((each) => each === storeName)
  if (standard !== undefined && store !== undefined) return { standard, store }
  throw new Error(
    `must be one or more STANDARD=STORE pairs, separated by commas; STANDARD is one of ${keyStorageSecurityStandards.join(', ')}; ` +
      `STORE is one of ${keyStoreNames.join(', ')}`,
  )
}

/** Parses a Region name. */
export function regionName(text: string): string {
  if (!isRegionName(text))
    throw new Error('must be a Region name: at most 32 lower-case letters, digits and hyphens')
  return text
}

/** Parses Region names, separated by commas. */
export function regions(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const bad = names.find((name) => !isRegionName(name))
  if (bad !== undefined || names.length > 100)
    throw new Error(
      'must be up to 100 Region names, separated by commas, each of at most 32 lower-case letters, digits and hyphens',
    )
  return [...new Set(names)]
}

/** Parses an ASCII URL without user, query or fragment. Certificates contain the URL, followed by a path. */
const urlForm = /^https?:\/\/[\w.:[\]-]+(?:\/[\w.~!$&'()*+,;=:@%/-]*)?$/i

export function url(text: string): string {
  if (!urlForm.test(text) || !URL.canParse(text))
    throw new Error('must be an http or https URL without a query')
  return text.replace(/\/+$/, '')
}

/** Parses the URL of a service that receives or returns secrets. Only a service on this machine may use plain HTTP. */
export function secureUrl(text: string): string {
  const parsed = url(text)
  const { protocol, hostname } = new URL(parsed)
  const host = hostname.replaceAll(/[[\]]/g, '')
  if (protocol !== 'https:' && !isLoopback({ host, port: 0 }))
    throw new Error('must be an https URL, or an http URL for this machine')
  return parsed
}

const pathPrefixForm = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/

/** Parses a path of unreserved characters, removing a trailing slash. */
export function pathPrefix(text: string): string {
  const path = text.replace(/\/$/, '')
  if (!pathPrefixForm.test(path) || path.length > 256)
    throw new Error('must be a path such as /pki, of letters, digits and - . _ ~')
  return path
}

export function parseAccountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new Error('must be a twelve-digit account ID')
  return text
}

export function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = values.find((value) => value === text)
    if (choice === undefined) throw new Error(`must be one of ${values.join(', ')}`)
    return choice
  }
}

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d{1,9}$/.test(text) || value < min || value > max)
      throw new Error(`must be a whole number from ${min} to ${max}`)
    return value
  }
}

/** Returns a parser for a number of seconds or a duration. */
export function seconds({ min, max }: { readonly min: number; readonly max: number }) {
  return (text: string): number => {
    const value = parseSeconds(text)
    if (value === undefined || value < min || value > max)
      throw new Error(
        `must be a whole number of seconds from ${min} to ${max}, or a duration such as 90s or 1h`,
      )
    return value
  }
}

export function poolSize(text: string): number {
  const value = Number(text)
  if (!/^\d{1,4}$/.test(text) || value < 1 || value > 1000)
    throw new Error('must be a whole number from 1 to 1000')
  return value
}

export function count(text: string): number {
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text) || value < 1) throw new Error('must be a whole number of at least 1')
  return value
}

const retentionDaysMax = 36_500

/** Parses a duration and returns the number of seconds. */
export function retention(text: string): number {
  const duration = parseDuration(text)
  const length = duration === undefined ? 0 : spanMilliseconds(duration) / 1000
  if (length < daySeconds || length > retentionDaysMax * daySeconds)
    throw new Error(`must be a duration such as 365d or 2y, from 1d to ${retentionDaysMax}d`)
  return length
}

/**
 * Maximum number of workers for `auto`. A single process writes for all workers, so additional workers would only wait for that
 * process.
 */
const autoWorkersMax = 16

/** Parses a number of processes. `auto` stands for the number of cores, up to 16. */
export function workers(text: string): number {
  const automatic = Math.min(availableParallelism(), autoWorkersMax)
  const value = text === 'auto' ? automatic : Number(text)
  if (!/^(?:auto|\d{1,3})$/.test(text) || value < 1 || value > 256)
    throw new Error('must be auto, or a whole number from 1 to 256')
  return value
}

/** Parses an access key ID in the form that authentication accepts. */
export function rootAccessKeyId(text: string): string {
  if (/^\w{3,128}$/.test(text)) return text
  throw new Error('must have 3 to 128 letters, digits or underscores')
}

/** Parses a secret access key. The error message does not contain the invalid secret. */
export function rootSecretAccessKey(text: string): string {
  if (/^[\x21-\x7E]{16,256}$/.test(text)) return text
  throw new Error('must have 16 to 256 printable ASCII characters without spaces')
}

const tokenLabelBytesMax = 32

/** Parses the label of a PKCS #11 token. */
export function tokenLabel(text: string): string {
  const isValid = text.trim() === text && text !== '' && !text.includes('\0')
  if (!isValid || Buffer.byteLength(text) > tokenLabelBytesMax)
    throw new Error(
      `must be a label of at most ${tokenLabelBytesMax} bytes without leading or trailing spaces`,
    )
  return text
}
