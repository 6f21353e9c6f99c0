/** Targets of redirects. */
import { isIPv6 } from 'node:net'
import type { Identifier } from '../enrollment/identifier.ts'
import { truncateText, visibleText } from '../text/visible-text.ts'
import { ValidationError } from './problem.ts'

const shownMax = 200

/** Returns a URL, or another text that a web server sent, in a form for error messages. */
export function shownUrl(url: string): string {
  return truncateText(visibleText(url), shownMax)
}

/** Returns an identifier as the host of a URL. */
export function urlHost({ value }: Pick<Identifier, 'value'>): string {
  return isIPv6(value) ? `[${value}]` : value
}

export interface Ports {
  readonly httpPort: number
  readonly tlsPort: number
}

/** Returns the port that a connection for a URL uses. A URL without a port stands for the configured port of its scheme. */
export function portOf({ port, protocol }: URL, { httpPort, tlsPort }: Ports): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? tlsPort : httpPort
}

/**
 * Returns the target of a redirect. Throws ValidationError if the target is not an http or https URL without credentials on port
 * 80, 443 or a configured port. The address of its host is checked later, when the connection is made.
 */
export function redirectTarget(
  from: URL,
  { location }: { readonly location: string | undefined },
  ports: Ports,
): URL {
  const source = shownUrl(from.href)
  if (location === undefined)
    throw new ValidationError(
      'connection',
      `The web server redirects ${source} without a Location header`,
    )
  const target = URL.parse(location, from.href)
  const fault = target === null ? 'is not a URL' : targetFault(target, ports)
  if (target === null || fault !== undefined)
    throw new ValidationError(
      'connection',
      `The web server redirects ${source} to ${shownUrl(location)}, which ${fault ?? 'is not a URL'}`,
    )
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
