/** The host names of the enrollment listener, which refuses requests for other hosts. */
import { formatIpAddress, parseIpAddress, urlHost } from '../text/ip-address.ts'
import type { RequestHead } from './request.ts'

export interface EnrollSite {
  /** Host names in lower case (with wildcards as `*.`), and addresses in canonical form. */
  readonly names: readonly string[]
  /**
   * Returns the origin that the client used, such as `https://ca.example.com:8443`. The origin contains the host from the Host
   * header or from the request target, in lower case. Returns undefined if the host is not one of the listener's names.
   */
  originOf(head: Pick<RequestHead, 'host' | 'headers'>): string | undefined
}

/**
 * Creates the site of an enrollment listener. `names` is called for each request, because the names change when the TLS
 * certificate is replaced.
 */
export function createEnrollSite(names: () => readonly string[]): EnrollSite {
  return {
    get names() {
      return names()
    },
    originOf({ host, headers }) {
      // An HTTP request has at most one Host header (RFC 9112 §3.2).
      if (host === undefined || (headers.get('host')?.length ?? 0) > 1) return undefined
      const authority = parseAuthority(host)
      if (authority === undefined || !names().some((name) => covers(name, authority.host)))
        return undefined
      const origin = `https://${urlHost(authority.host)}`
      return authority.port === httpsPort ? origin : `${origin}:${authority.port}`
    },
  }
}

const httpsPort = 443
const authorityForm = /^(?:\[([\da-f:.]{2,45})\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/i

/**
 * Parses HOST or HOST:PORT. The port can differ from the listener's port, because a firewall may forward another port to the
 * listener.
 */
function parseAuthority(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain = '', portText = String(httpsPort)] = authorityForm.exec(text) ?? []
  const bytes = parseIpAddress(bracketed ?? plain)
  const isAddress = bytes !== undefined && (bytes.length === 16) === (bracketed !== undefined)
  const port = Number(portText)
  if ((bracketed === undefined && plain === '') || port < 1 || port > 65_535) return undefined
  if (isAddress) return { host: formatIpAddress(bytes), port }
  return bracketed === undefined ? { host: plain.toLowerCase(), port } : undefined
}

/** Returns whether a name matches a host. As in certificates, a wildcard matches exactly one label (RFC 9525 §6.3). */
function covers(name: string, host: string): boolean {
  if (!name.startsWith('*.')) return name === host
  const dot = host.indexOf('.')
  return dot > 0 && host.slice(dot) === name.slice(1) && parseIpAddress(host) === undefined
}
