/**
 * Signet's own condition keys for the content of a certificate. The content keys are read from the certificate that is about to
 * be signed. The content keys therefore include names from the CSR and from ApiPassthrough, if the template uses these names.
 */
import { isIP } from 'node:net'
import { malformedCsr } from '../errors.ts'
import { daySeconds } from '../text/duration.ts'
import { formatIpAddress } from '../text/ip-address.ts'
import { parseTbsCertificate, type TbsCertificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { oids } from '../x509/der/oid.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { parseExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames, type GeneralName } from '../x509/names/general-name.ts'
import { attributeKeywords } from '../x509/names/name.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'

/**
 * Returns the values of a certificate's content keys, by lower-case name. A content key without a value is absent. `issuedAt` is
 * the time of issuance. The validity is measured from `issuedAt` or notBefore, whichever is later. Throws MalformedCSRException
 * if the certificate's content cannot be read, because no policy can allow unreadable content. Content can be unreadable only if
 * the certificate was not linted.
 */
export function contentKeys(
  tbsCertificateDer: Uint8Array,
  issuedAt: Date,
): ReadonlyMap<string, readonly string[]> {
  try {
    return readContentKeys(tbsCertificateDer, issuedAt)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformedCsr(
      `CSR has content that a policy refers to, but that cannot be read: ${error.message}`,
    )
  }
}

function readContentKeys(
  tbsCertificateDer: Uint8Array,
  issuedAt: Date,
): ReadonlyMap<string, readonly string[]> {
  const tbs = parseTbsCertificate(tbsCertificateDer)
  const keys = new Map<string, string[]>()
  const add = (name: string, value: string): void => {
    const key = `signet:${name}`
    const values = keys.get(key)
    if (values === undefined) keys.set(key, [value])
    else if (!values.includes(value)) values.push(value)
  }
  addSubject(tbs, add)
  for (const name of alternativeNames(tbs)) addAlternativeName(name, add)
  const usage = findExtension(tbs.extensions, oids.extendedKeyUsage)
  for (const purpose of usage === undefined ? [] : parseExtendedKeyUsage(usage.value))
    add('extendedkeyusage', purpose)
  add('isca', String(isCa(tbs)))
  add('keyalgorithm', keyAlgorithmOf(tbs.subjectPublicKeyInfo.key))
  add('validitydays', String(validityDays(tbs, issuedAt)))
  return keys
}

type Add = (name: string, value: string) => void

/**
 * Adds the attributes of the subject to the content keys. Verifiers that ignore the alternative names read host names, addresses
 * and email addresses from the subject. Host names, addresses and email addresses in the subject therefore also count as
 * alternative names.
 */
function addSubject({ subject }: TbsCertificate, add: Add): void {
  for (const { type, value } of subject.rdns.flat()) {
    const attribute = attributeKeywords.get(type) ?? type
    add('subjectattribute', attribute)
    add(`subject/${attribute.toLowerCase()}`, value)
    if (type === oids.emailAddress) add('email', emailKey(value))
    if (type !== oids.commonName) continue
    add('commonname', value)
    const kind = commonNameType(value)
    add('commonnametype', kind ?? 'other')
    if (kind === 'iPAddress') add('ipaddress', value)
    else if (kind === 'dNSName') add('dnsname', value.toLowerCase())
    else if (kind === 'rfc822Name') add('email', emailKey(value))
  }
}

/** Returns the alternative name type that verifiers may infer from a common name, or undefined for other common names. */
function commonNameType(value: string): GeneralName['kind'] | undefined {
  if (isIP(value) !== 0) return 'iPAddress'
  if (hostForm.test(value)) return 'dNSName'
  return emailForm.test(value) ? 'rfc822Name' : undefined
}

/** Matches a host name of at least two labels, optionally with a wildcard. A common name such as `alice` is not a host name. */
const hostForm = /^(?:\*\.)?(?:[a-z0-9_-]+\.)+[a-z0-9_-]+\.?$/i
const emailForm = /^[^\s@]+@[^\s@]+$/

/** Only the domain of an email address is case-insensitive (RFC 5280 §7.5). */
function emailKey(address: string): string {
  const at = address.lastIndexOf('@')
  return at < 0 ? address : address.slice(0, at) + address.slice(at).toLowerCase()
}

function alternativeNames({ extensions }: TbsCertificate): GeneralName[] {
  const extension = findExtension(extensions, oids.subjectAltName)
  return extension === undefined ? [] : parseGeneralNames(extension.value)
}

function addAlternativeName({ kind, content }: GeneralName, add: Add): void {
  add('nametype', kind)
  const text = (): string => Buffer.from(content).toString('latin1')
  if (kind === 'dNSName') add('dnsname', text().toLowerCase())
  else if (kind === 'rfc822Name') add('email', emailKey(text()))
  else if (kind === 'uniformResourceIdentifier') add('uri', text())
  else if (kind === 'iPAddress') add('ipaddress', formatIpAddress(content))
}

function isCa({ extensions }: TbsCertificate): boolean {
  const extension = findExtension(extensions, oids.basicConstraints)
  return extension !== undefined && parseBasicConstraints(extension.value).ca
}

/** Returns a public key's KeyAlgorithm, such as `RSA_2048` or `EC_prime256v1`, in the form that the API uses for CAs. */
function keyAlgorithmOf(key: PublicKeyKind): string {
  switch (key.kind) {
    case 'rsa':
      return `RSA_${key.modulusBits}`
    case 'ec':
      return `EC_${curveNames.get(key.curve) ?? key.curve}`
    case 'ml-dsa':
      return `ML_DSA_${key.parameterSet}`
    case 'ed25519':
    case 'ed448':
      return key.kind.toUpperCase()
    case 'other':
      return key.oid
  }
}

const curveNames: ReadonlyMap<string, string> = new Map([
  [oids.prime256v1, 'prime256v1'],
  [oids.secp384r1, 'secp384r1'],
  [oids.secp521r1, 'secp521r1'],
])

/**
 * Number of days until notAfter, measured from issuance or from notBefore, whichever is later. A day has 86,400 seconds, and the
 * number of days can be fractional.
 */
function validityDays({ notBefore, notAfter }: TbsCertificate, issuedAt: Date): number {
  const from = Math.max(secondsOf(notBefore), secondsOf(issuedAt))
  return (secondsOf(notAfter) - from) / daySeconds
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
