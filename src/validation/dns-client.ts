/** DNS lookups for validation. `/etc/hosts` and search domains are not used. */
import { Resolver } from 'node:dns/promises'
import { ValidationError } from './problem.ts'

export interface DnsClient {
  /** Returns the addresses of a name, alternating between IPv6 and IPv4 and starting with IPv6. Never empty. */
  addressesOf(name: string): Promise<string[]>
  /** Returns the texts of a name's TXT records. The strings of each record are concatenated. Never empty. */
  textsOf(name: string): Promise<string[]>
}

interface DnsClientOptions {
  /** Addresses of DNS servers, with or without a port. If undefined, the system's servers are used. */
  readonly servers: readonly string[] | undefined
  readonly queryMilliseconds: number
  readonly signal: AbortSignal
}

const aliasesMax = 8
const textsMax = 64

/**
 * Creates a client for one attempt. The client's queries are canceled when `signal` is aborted. Lookups reject with
 * ValidationError if the name has no such records or no server answers.
 */
export function createDnsClient({
  servers,
  queryMilliseconds,
  signal,
}: DnsClientOptions): DnsClient {
  const resolver = new Resolver({ timeout: queryMilliseconds, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  signal.addEventListener('abort', () => resolver.cancel(), { once: true })

  /**
   * Runs a DNS query for a name. Authoritative servers may return only a CNAME record; the query is then repeated for the target.
   */
  async function query<T>(name: string, run: (name: string) => Promise<T[]>): Promise<T[]> {
    let current = name
    for (let aliases = 0; aliases <= aliasesMax; aliases += 1) {
      signal.throwIfAborted()
      const found = await run(current).catch((error: unknown) => {
        if (codeOf(error) === 'ENODATA') return []
        throw error
      })
      if (found.length > 0) return found
      const [target] = await resolver.resolveCname(current).catch(() => [])
      if (target === undefined) return []
      current = target
    }
    throw new ValidationError(
      'dns',
      `DNS name ${name} has a chain of more than ${aliasesMax} CNAME records`,
    )
  }

  return {
    async addressesOf(name) {
      const [six, four] = await Promise.allSettled([
        query(name, (each) => resolver.resolve6(each)),
        query(name, (each) => resolver.resolve4(each)),
      ])
      const addresses = alternate(valueOf(six), valueOf(four))
      if (addresses.length > 0) return addresses
      for (const outcome of [four, six])
        if (outcome.status === 'rejected') throw toProblem(outcome.reason, name, 'A and AAAA')
      throw new ValidationError('dns', `DNS name ${name} has no A or AAAA record`, {
        isRetryable: true,
      })
    },
    async textsOf(name) {
      const records = await query(name, (each) => resolver.resolveTxt(each)).catch(
        (error: unknown) => {
          throw toProblem(error, name, 'TXT')
        },
      )
      if (records.length === 0)
        throw new ValidationError('dns', `DNS name ${name} has no TXT record`, {
          isRetryable: true,
        })
      if (records.length > textsMax)
        throw new ValidationError(
          'dns',
          `DNS name ${name} has ${records.length} TXT records; at most ${textsMax} are read`,
        )
      return records.map((strings) => strings.join(''))
    },
  }
}

function valueOf<T>(outcome: PromiseSettledResult<T[]>): T[] {
  return outcome.status === 'fulfilled' ? outcome.value : []
}

function alternate(first: readonly string[], second: readonly string[]): string[] {
  const length = Math.max(first.length, second.length)
  return Array.from({ length }, (_, at) => [first[at], second[at]])
    .flat()
    .filter((each) => each !== undefined)
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}

const outcomes: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the DNS server answered SERVFAIL; the zone or its DNSSEC signatures may be broken',
  EREFUSED: 'the DNS server answered REFUSED; it must resolve names for this CA',
  ETIMEOUT: 'the DNS servers did not answer',
  ECONNREFUSED: 'the DNS servers are not reachable',
  EFORMERR: 'the DNS server answered FORMERR',
  ENOTIMP: 'the DNS server answered NOTIMP',
  EBADRESP: 'the DNS server sent a malformed response',
}

/** Converts an error from node:dns. Other errors are returned unchanged, such as an aborted signal's reason. */
function toProblem(error: unknown, name: string, records: string): unknown {
  const code = codeOf(error)
  if (typeof code !== 'string' || code === 'ECANCELLED') return error
  if (code === 'EBADNAME')
    return new ValidationError(
      'malformed',
      `DNS name ${name} is longer than 253 characters or has an invalid label`,
    )
  const isRetryable = true
  if (code === 'ENOTFOUND')
    return new ValidationError('dns', `DNS name ${name} does not exist (NXDOMAIN)`, { isRetryable })
  const outcome = outcomes[code] ?? code
  return new ValidationError(
    'dns',
    `Lookup of the ${records} records of ${name} failed: ${outcome}`,
    { isRetryable },
  )
}
