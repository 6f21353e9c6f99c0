/**
 * How values of RFC 5280 are said to people. This folder turns bytes that anyone may have made into descriptions: plain
 * values for JSON, and lines of words made from them. Both hold names as they are: the command line escapes what it prints.
 * It does no I/O and reads no clock.
 */
import { dayMilliseconds, hourMilliseconds, minuteMilliseconds } from '../text/duration.ts'
import { formatAddressRange } from '../text/ip-address.ts'
import type { GeneralName } from '../x509/names/general-name.ts'
import { attributeKeywords, parseName, type Name } from '../x509/names/name.ts'
import { decodeOid, oidName } from '../x509/der/oid.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'

/** `CN=host, O=Example`: first to last, special characters escaped as in RFC 4514; an empty text for an empty name. */
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

/** Lower-case hex; leading zero octets of integers are left out. */
export function serialWords(bytes: Uint8Array): string {
  const hex = hexOf(bytes).replace(/^(00)+(?=.)/, '')
  return hex === '' ? '00' : hex
}

/** The same of an INTEGER's contents octets, with a sign where they are negative. */
export function signedSerialWords(bytes: Uint8Array): string {
  if ((bytes[0] ?? 0) < 0x80) return serialWords(bytes)
  const hex = (-BigInt.asIntN(bytes.length * 8, BigInt(`0x${hexOf(bytes)}`))).toString(16)
  return `-${hex.padStart(hex.length + (hex.length % 2), '0')}`
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** `DNS:host.example.com`, `IP:192.0.2.1`, in the words of OpenSSL. */
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

/** `RSA 2048 bits`, `EC prime256v1`. */
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

/** CRLReason (RFC 5280 §5.3.1). */
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

/** `12 days`, `3 hours`: in the largest unit of which there are two, rounded down. */
export function durationWords(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  const unit = units.find(({ milliseconds: one }) => size >= 2 * one) ?? units[3]
  const count = Math.floor(size / unit.milliseconds)
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`
}

/** `in 12 days`, `3 hours ago`. */
export function whenWords(instant: Date, now: Date): string {
  const difference = instant.getTime() - now.getTime()
  return difference >= 0 ? `in ${durationWords(difference)}` : `${durationWords(difference)} ago`
}

/** `2026-03-01 08:15:30 UTC`. */
export function instantWords(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
}
