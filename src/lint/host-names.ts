/**
 * Checks the syntax of host names, mailboxes and URIs. Each check returns the predicate of an error sentence, or undefined if
 * the value is valid.
 */
import { isIPv4 } from 'node:net'
import { parseIpAddress } from '../text/ip-address.ts'
import { findCharacter } from '../x509/der/strings.ts'

const labelLengthMax = 63
const nameLengthMax = 253
const labelPattern = /^[A-Za-z0-9_-]+$/
/** Matches the common case in one step: no long labels and no unusual characters. */
const plainHost =
  /^(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** Returns whether a name has the preferred syntax (RFC 1034 §3.5), optionally after a wildcard label. */
export function isPlainHost(text: string): boolean {
  return text.length <= nameLengthMax && plainHost.test(text)
}

/**
 * Returns why a string is not a valid host name. Underscores, and hyphens at the start or end of a label, are accepted, because
 * some existing host names contain them. A wildcard must be the entire first label and must be followed by other labels.
 */
export function hostFault(
  text: string,
  { wildcard }: { readonly wildcard: boolean },
): string | undefined {
  if (text === '') return 'is empty'
  if (text.length > nameLengthMax) return `is longer than ${nameLengthMax} characters`
  const labels = text.split('.')
  if (wildcard && labels[0] === '*' && labels.length > 1) labels.shift()
  for (const label of labels) {
    if (label === '') return text.endsWith('.') ? 'ends with a dot' : 'has an empty label'
    if (label.length > labelLengthMax)
      return `has a label of more than ${labelLengthMax} characters`
    if (label.includes('*'))
      return 'has an asterisk that is not the entire first label of a longer name'
    if (!labelPattern.test(label))
      return `has ${findCharacter(text, (each) => each !== '.' && !labelPattern.test(each))}, which is not allowed in a host name`
  }
  return undefined
}

/** Returns whether a host name has an underscore, or a hyphen at the start or end of a label, contrary to RFC 1034 §3.5. */
export function isUnusualHost(text: string): boolean {
  return text.includes('_') || /(?:^|\.)-|-(?:\.|$)/.test(text)
}

const localPart = /^(?:[^\s"(),:;<>@[\\\]]+|"(?:[^"\\]|\\.)*")$/

/** Returns why a string is not a Mailbox (RFC 5321 §4.1.2). Dots are allowed anywhere in the local part. */
export function mailboxFault(text: string): string | undefined {
  if (text === '') return 'is empty'
  const at = text.lastIndexOf('@')
  if (at < 0) return 'has no @'
  if (at === 0) return 'has no local part'
  if (!localPart.test(text.slice(0, at))) return 'has a malformed local part'
  const domain = text.slice(at + 1)
  if (domain.startsWith('[') && domain.endsWith(']')) {
    const literal = domain.slice(1, -1)
    const isAddress =
      isIPv4(literal) || (/^ipv6:/i.test(literal) && isIpv6Address(literal.slice(5)))
    return isAddress ? undefined : 'has a domain in brackets that is not an IP address'
  }
  const fault = hostFault(domain, { wildcard: false })
  return fault === undefined ? undefined : `has a domain that ${fault}`
}

/** Returns whether a string is an IPv6 address without a zone. A zone identifier is valid on only one machine. */
function isIpv6Address(text: string): boolean {
  return parseIpAddress(text)?.length === 16
}

const uriParts = /^([A-Za-z][A-Za-z0-9+.-]*):(\/\/[^/?#]*)?([^#]*)(?:#([^#]*))?$/
const uriCharacters = /^(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/
const authorityParts = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:[\]]*)(?::[0-9]*)?$/
/** URI schemes whose authority may be empty. If the authority is empty, clients use their default host. */
const emptyHostSchemes: ReadonlySet<string> = new Set(['file', 'ldap', 'ldaps', 'ldapi'])

/** Returns why a string is not an absolute URI (RFC 3986) with a valid host after `//` (RFC 5280 §4.2.1.6). */
export function uriFault(text: string): string | undefined {
  if (text === '') return 'is empty'
  const parts = uriParts.exec(text)
  if (parts === null) return 'has no scheme'
  const [, scheme = '', authority, rest = '', fragment = ''] = parts
  if (!uriCharacters.test(rest) || !uriCharacters.test(fragment))
    return uriCharacterFault(rest + fragment)
  if (authority === undefined) return rest === '' ? 'has nothing after its scheme' : undefined
  return authorityFault(authority.slice(2), scheme.toLowerCase())
}

function uriCharacterFault(text: string): string {
  const found = findCharacter(text, (each) => each !== '%' && !uriCharacters.test(each))
  return found === undefined
    ? 'has a % without two hexadecimal digits'
    : `has ${found} after its authority, which is not allowed in a URI`
}

function authorityFault(authority: string, scheme: string): string | undefined {
  if (authority === '')
    return emptyHostSchemes.has(scheme) ? undefined : 'has an authority without a host'
  const parts = authorityParts.exec(authority)
  const [, user = '', host = ''] = parts ?? []
  if (parts === null || !uriCharacters.test(user)) return 'has a malformed authority'
  if (host.startsWith('['))
    return isIpv6Address(host.slice(1, -1))
      ? undefined
      : 'has a host in brackets that is not an IPv6 address'
  const fault = hostFault(host, { wildcard: true })
  return fault === undefined ? undefined : `has a host that ${fault}`
}
