/** Parses the URL of a PostgreSQL database strictly, rejecting unknown parts instead of ignoring them. */
import { resolve } from 'node:path'
import { isLoopbackAddress } from '../text/ip-address.ts'
import type { PostgresConnectionOptions } from '../store/postgres/connection-options.ts'

export interface DatabaseUrl extends Omit<PostgresConnectionOptions, 'password'> {
  readonly password: string | undefined
}

const form = 'must be postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE'
const portDefault = 5432
const parameters: readonly string[] = ['sslmode', 'sslrootcert']

/**
 * Parses the database URL. Throws an Error that states the valid form of the URL. HOST may be the percent-encoded folder of a
 * Unix socket. The only parameters are sslmode (disable, require, verify-full) and sslrootcert.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  if (!/^postgres(?:ql)?:\/\/[^\s#]+$/.test(text) || !URL.canParse(text)) throw new Error(form)
  const url = new URL(text)
  const host = hostOf(url)
  const user = decoded(url.username)
  const database = decoded(url.pathname.slice(1))
  if (user === '' || host === '' || database === '' || database.includes('/')) throw new Error(form)
  requireParameters(url)
  return {
    host,
    port: url.port === '' ? portDefault : Number(url.port),
    user,
    database,
    tls: tlsOf(url, host),
    password: url.password === '' ? undefined : decoded(url.password),
  }
}

function decoded(text: string): string {
  let value: string
  try {
    value = decodeURIComponent(text)
  } catch {
    throw new Error(form)
  }
  if (value.includes('\0')) throw new Error(form)
  return value
}

/** Returns the host, without the brackets around an IPv6 address. */
function hostOf({ hostname }: URL): string {
  const host = decoded(hostname).replace(/^\[(.*)\]$/, '$1')
  if (host.startsWith('/') || /^[\w.:-]*$/.test(host)) return host
  throw new Error(form)
}

function requireParameters({ searchParams }: URL): void {
  for (const name of searchParams.keys())
    if (!parameters.includes(name) || searchParams.getAll(name).length > 1)
      throw new Error('must not have parameters other than one sslmode and one sslrootcert')
}

function tlsOf({ searchParams }: URL, host: string): PostgresConnectionOptions['tls'] {
  const root = searchParams.get('sslrootcert')
  const mode =
    searchParams.get('sslmode') ??
    (isSameMachine(host) && root === null ? 'disable' : 'verify-full')
  if (mode === 'verify-full') {
    if (root === '') throw new Error('must have an sslrootcert that is not empty')
    return { mode, rootCertificateFile: root === null ? undefined : resolve(root) }
  }
  if (root !== null) throw new Error('must have sslmode=verify-full if it has an sslrootcert')
  if (mode === 'disable' || mode === 'require') return { mode }
  throw new Error('must have an sslmode of disable, require or verify-full')
}

/** Returns whether connections to the host stay on this machine. */
function isSameMachine(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || isLoopbackAddress(host)
}
