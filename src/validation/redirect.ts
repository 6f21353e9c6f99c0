/** Targets of redirects. */
import type { Identifier } from '../enrollment/identifier.ts'
import { urlHost } from '../text/ip-address.ts'
import { ValidationError } from './problem.ts'

const challengePath = '/.well-known/acme-challenge/'

/**
 * Returns a URL for error messages. A redirect target's path is omitted, unless it is a challenge's path. A service inside the
 * network may have put secrets in the path.
 */
export function shownUrl({ protocol, host, pathname }: URL): string {
  const path = pathname.startsWith(challengePath) ? pathname : '/…'
  return `${protocol}//${host}${path}`
}

/** Returns the URL of an http-01 challenge (RFC 8555 §8.3). */
export function challengeUrl({ value }: Pick<Identifier, 'value'>, token: string): URL {
  return new URL(`http://${urlHost(value)}${challengePath}${token}`)
}

export interface Ports {
  readonly httpPort: number
  readonly tlsPort: number
}

/** Returns the port for connections to a URL. A URL without a port uses the configured port of its scheme. */
export function portOf({ port, protocol }: URL, { httpPort, tlsPort }: Ports): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? tlsPort : httpPort
}

/**
 * Returns the target of a redirect. Throws ValidationError unless the target is an http or https URL without credentials, on port
 * 80, 443 or a configured port. The host's address is checked later, when the connection is made.
 */
export function redirectTarget(
  from: URL,
  { location }: { readonly location: string | undefined },
  ports: Ports,
): URL {
  const source = `The web server redirects ${shownUrl(from)}`
  if (location === undefined)
    throw new ValidationError('connection', `${source} without a Location header`)
  const target = URL.parse(location, from.href)
  if (target === null)
    throw new ValidationError('connection', `${source} to a location that is not a URL`)
  const fault = targetFault(target, ports)
  if (fault !== undefined)
    throw new ValidationError('connection', `${source} to ${shownUrl(target)}, which ${fault}`)
  target.hash = ''
  return target
}

function targetFault(target: URL, ports: Ports): string | undefined {
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    return 'is not an http or https URL'
  if (target.username !== '' || target.password !== '') return 'contains a user name or password'
  const allowed = [...new Set([80, 443, ports.httpPort, ports.tlsPort])]
  return allowed.includes(portOf(target, ports))
    ? undefined
    : `uses port ${target.port}; only the ports ${allowed.join(', ')} are allowed`
}
