/** Checks over the exact bytes that are about to be signed: what is wrong here is a fault of ours, not the caller's. */
import assert from 'node:assert/strict'
import { parseBasicConstraints } from '../x509/basic-constraints.ts'
import { parseTbsCertificate, type TbsCertificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions.ts'
import { parseKeyUsage } from '../x509/key-usage.ts'
import { isEmptyName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'

interface Lint {
  readonly name: string
  readonly source: string
  /** Whether the certificate is as it must be. */
  readonly check: (certificate: TbsCertificate) => boolean
}

const serialNumberOctetsMax = 20

const lints: readonly Lint[] = [
  {
    name: 'version 3',
    source: 'RFC 5280 §4.1.2.1',
    check: ({ version }) => version === 3,
  },
  {
    name: 'serial number is positive and of at most 20 octets',
    source: 'RFC 5280 §4.1.2.2',
    check: ({ serialNumber }) =>
      serialNumber.length <= serialNumberOctetsMax &&
      (serialNumber[0] ?? 0x80) < 0x80 &&
      serialNumber.some((octet) => octet !== 0),
  },
  {
    name: 'issuer is not empty',
    source: 'RFC 5280 §4.1.2.4',
    check: ({ issuer }) => !isEmptyName(issuer),
  },
  {
    name: 'validity does not end before it begins',
    source: 'RFC 5280 §4.1.2.5',
    check: ({ notBefore, notAfter }) => notBefore <= notAfter,
  },
  {
    name: 'empty subject has a critical subject alternative name, and is not a CA',
    source: 'RFC 5280 §4.1.2.6',
    check: (certificate) =>
      !isEmptyName(certificate.subject) ||
      (!isCa(certificate) &&
        findExtension(certificate.extensions, oids.subjectAltName)?.critical === true),
  },
  {
    name: 'CA has critical basic constraints',
    source: 'RFC 5280 §4.2.1.9',
    check: (certificate) =>
      !isCa(certificate) ||
      findExtension(certificate.extensions, oids.basicConstraints)?.critical === true,
  },
  {
    name: 'keyCertSign is asserted by a CA only',
    source: 'RFC 5280 §4.2.1.3, §4.2.1.9',
    check: (certificate) => isCa(certificate) || !mayCertSign(certificate),
  },
  {
    name: 'subject key identifier is present and not critical',
    source: 'RFC 5280 §4.2.1.2',
    check: ({ extensions }) =>
      findExtension(extensions, oids.subjectKeyIdentifier)?.critical === false,
  },
  {
    name: 'authority key identifier is present unless self-signed, and not critical',
    source: 'RFC 5280 §4.2.1.1',
    check: ({ extensions, issuer, subject }) =>
      !(
        findExtension(extensions, oids.authorityKeyIdentifier)?.critical ??
        !sameBytes(issuer.der, subject.der)
      ),
  },
]

/** Throws AssertionError naming the lint that the DER of a TBSCertificate does not pass. */
export function lintTbsCertificate(tbsCertificateDer: Uint8Array): void {
  const certificate = parseTbsCertificate(tbsCertificateDer)
  for (const { name, source, check } of lints)
    assert(check(certificate), `certificate to be signed breaks: ${name} (${source})`)
}

function isCa({ extensions }: TbsCertificate): boolean {
  const extension = findExtension(extensions, oids.basicConstraints)
  return extension !== undefined && parseBasicConstraints(extension.value).ca
}

function mayCertSign({ extensions }: TbsCertificate): boolean {
  const extension = findExtension(extensions, oids.keyUsage)
  return extension !== undefined && parseKeyUsage(extension.value).includes('keyCertSign')
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
