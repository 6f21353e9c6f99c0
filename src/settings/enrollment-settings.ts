/** The settings of the enrollment listener and of ACME challenge validation. */
import { isIP } from 'node:net'
import { formatIpAddress, parseIpAddress, urlHost } from '../text/ip-address.ts'
import { intendedNetwork, parseIpNetwork } from '../text/ip-network.ts'
import { address, hosts, isUnspecified, wholeNumber } from './parse-values.ts'
import { setting } from './setting.ts'

const portNumber = wholeNumber({ min: 1, max: 65_535 })
const listMax = 100

/** The settings in this file are part of the table in settings-table.ts. */
export const enrollmentSettings = {
  enrollListen: setting(
    'HOST:PORT',
    'address of the enrollment listener for ACME and EST, which always uses TLS (default: no enrollment listener)',
    address,
  ),
  enrollNames: setting(
    'NAME,…',
    'host names and IP addresses under which clients reach the enrollment listener; other hosts are refused (default: the names in the --tls-cert certificate, otherwise the listener address)',
    listenerNames,
  ),
  acmeResolver: setting(
    'HOST:PORT,…',
    "addresses of the DNS servers for ACME validation; the default port is 53 (default: the system's DNS servers)",
    listOf(
      dnsServer,
      'IP addresses of DNS servers, separated by commas, such as 10.0.0.53 or [2001:db8::53]:53',
    ),
  ),
  acmeNetworks: setting(
    'CIDR,…',
    'networks that ACME validation may connect to, in addition to private networks; loopback and link-local networks must be listed explicitly',
    listOf(
      networkOf,
      'networks in CIDR notation, separated by commas, such as 192.0.2.0/24 or 2001:db8::/32',
    ),
  ),
  acmeHttpPort: setting(
    'PORT',
    'port to which ACME validation connects for http-01 challenges (default: 80)',
    portNumber,
  ),
  acmeTlsPort: setting(
    'PORT',
    'port to which ACME validation connects for tls-alpn-01 challenges (default: 443)',
    portNumber,
  ),
} as const

/** Parses host names and addresses, and returns their canonical forms without duplicates. */
function listenerNames(text: string): readonly string[] {
  const names = hosts(text).map((name) => {
    const bytes = parseIpAddress(name)
    return bytes === undefined ? name.toLowerCase() : formatIpAddress(bytes)
  })
  if (names.some((name) => isIP(name) !== 0 && isUnspecified(name)))
    throw new Error('must be names and addresses that clients connect to, such as ca.example.com')
  return [...new Set(names)]
}

/** Returns a parser for a list whose items are converted by `parse`, which returns undefined for an invalid item. */
function listOf(parse: (text: string) => string | undefined, valid: string) {
  return (text: string): readonly string[] => {
    const items = text.split(',')
    const parsed = items.map((item) => parse(item.trim())).filter((item) => item !== undefined)
    if (items.length > listMax || parsed.length < items.length)
      throw new Error(`must be up to ${listMax} ${valid}`)
    return [...new Set(parsed)]
  }
}

/** Returns the address of a DNS server in the form that node:dns expects. */
function dnsServer(text: string): string | undefined {
  const [, bracketed, plain, port = '53'] =
    /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = formatted(bracketed ?? plain ?? text)
  const number = Number(port)
  if (host === undefined || number < 1 || number > 65_535) return undefined
  return `${urlHost(host)}:${number}`
}

/**
 * Returns a network in CIDR notation. An address without a prefix length is treated as a network with a single address. Throws an
 * error if the address has bits beyond the prefix length.
 */
function networkOf(text: string): string | undefined {
  const network = parseIpNetwork(text)
  if (network === undefined) return undefined
  const intended = intendedNetwork(network)
  if (intended !== undefined)
    throw new Error(`must contain ${intended}, whose bits beyond the prefix length are zero`)
  return `${formatIpAddress(network.bytes)}/${network.prefix}`
}

/** Returns an address in canonical form, or undefined if the text is not an address. */
function formatted(text: string): string | undefined {
  const bytes = parseIpAddress(text)
  return bytes && formatIpAddress(bytes)
}
