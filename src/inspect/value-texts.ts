/**
 * Formats RFC 5280 values in readable form. This folder converts untrusted bytes to descriptions: plain values for JSON, and
 * lines of text. The descriptions contain unescaped names, and the command line escapes its output. Nothing in this folder
 * performs I/O or reads the clock.
 */
import { dayMilliseconds, hourMilliseconds, minuteMilliseconds } from '../text/duration.ts'
import { formatAddressRange } from '../text/ip-address.ts'
import type { GeneralName } from '../x509/names/general-name.ts'
import { attributeKeywords, parseName, type Name } from '../x509/names/name.ts'
import { decodeOid, oidName } from '../x509/der/oid.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'

/**
 * Formats a name from the first to the last RDN, such as `O=Example, CN=host`, with RFC 4514 escapes. Returns an empty string
 * for an empty name.
 */
export function nameWords({ rdns }: Name): string {
  return rdns
    .map((rdn) =>
      rdn
        .map(
          ({ type, value }) =>
            `${attributeKeywords.get(type) ?? oidName(type)}=${escapeValue(value)}`,
        )
        .join('+'),
    )
    .join(', ')
}

function escapeValue(value: string): string {
  return value.replaceAll(/[\\,+"<>;]/g, String.raw`\$&`)
}

/** Formats a serial number in lower-case hexadecimal without leading zero bytes. */
export function serialWords(bytes: Uint8Array): string {
  const hex = hexOf(bytes).replace(/^(00)+(?=.)/, '')
  return hex === '' ? '00' : hex
}

/** Formats the content bytes of an INTEGER in lower-case hexadecimal, with a sign if it is negative. */
export function signedSerialWords(bytes: Uint8Array): string {
  if ((bytes[0] ?? 0) < 0x80) return serialWords(bytes)
  const hex = (-BigInt.asIntN(bytes.length * 8, BigInt(`0x${hexOf(bytes)}`))).toString(16)
  return `-${hex.padStart(hex.length + (hex.length % 2), '0')}`
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Formats a general name as OpenSSL does, such as `DNS:host.example.com` or `IP:192.0.2.1`. */
export function generalNameWords({ kind, content }: GeneralName): string {
  const text = Buffer.from(content).toString('latin1')
  switch (kind) {
    case 'dNSName':
      return `DNS:${text}`
    case 'rfc822Name':
      return `email:${text}`
    case 'uniformResourceIdentifier':
      return `URI:${text}`
    case 'iPAddress':
      return `IP:${formatAddressRange(content)}`
    case 'directoryName':
      return `DirName:${nameWords(parseName(content))}`
    case 'registeredID':
      return `RID:${decodeOid(content)}`
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
      return `${kind}:${hexOf(content)}`
  }
}

/** Formats a key's type, such as `RSA 2048 bits` or `EC prime256v1`. */
export function keyWords(key: PublicKeyKind): string {
  switch (key.kind) {
    case 'rsa':
      return `RSA ${key.modulusBits} bits`
    case 'ec':
      return `EC ${oidName(key.curve)}`
    case 'ml-dsa':
      return `ML-DSA-${key.parameterSet}`
    case 'other':
      return oidName(key.oid)
    case 'ed25519':
      return 'Ed25519'
    case 'ed448':
      return 'Ed448'
  }
}

/** CRLReason names, keyed by value (RFC 5280 §5.3.1). */
const reasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  '(7)',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

export function reasonWords(code: number): string {
  return reasons[code] ?? `(${code})`
}

const units = [
  { name: 'day', milliseconds: dayMilliseconds },
  { name: 'hour', milliseconds: hourMilliseconds },
  { name: 'minute', milliseconds: minuteMilliseconds },
  { name: 'second', milliseconds: 1000 },
] as const

/**
 * Formats a duration, such as `12 days`, in the largest unit with a count of at least two. The count is rounded down unless
 * another rounding is specified.
 */
export function durationWords(
  milliseconds: number,
  round: (count: number) => number = Math.floor,
): string {
  const size = Math.abs(milliseconds)
  const unit = units.find(({ milliseconds: one }) => size >= 2 * one) ?? units[3]
  const count = round(size / unit.milliseconds)
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`
}

/**
 * Formats a time relative to the current time, such as `in 12 days` or `3 hours ago`. Durations in the future are rounded to the
 * nearest unit.
 */
export function whenWords(instant: Date, now: Date): string {
  const difference = instant.getTime() - now.getTime()
  return difference >= 0
    ? `in ${durationWords(difference, Math.round)}`
    : `${durationWords(difference)} ago`
}

/** Formats an ISO 8601 time as `2026-03-01 08:15:30Z`, in UTC. */
export function instantWords(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)}Z`
}

/** Converts a name in the form of RFC 4514, which starts with the last RDN, to the form of `nameWords`. */
export function forwardName(text: string): string {
  return (text.match(/(?:\\.|[^,\\])+/gsu) ?? []).toReversed().join(', ')
}
