/** IP addresses as text, each in one form only, so that it can be compared. */
import { isIPv6 } from 'node:net'

/** The text of an iPAddress: dotted decimal, or the form of RFC 5952. */
export function ipAddressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const hex = Buffer.from(octets).toString('hex')
  return canonicalIPv6(hex.match(/.{4}/g)?.join(':') ?? '')
}

/** An IPv6 address in the form of RFC 5952; any other text as it is. */
export function canonicalAddress(text: string): string {
  return isIPv6(text) && !text.includes('%') ? canonicalIPv6(text) : text
}

/** As the URL standard serializes it (https://url.spec.whatwg.org/#concept-ipv6-serializer). */
function canonicalIPv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}
