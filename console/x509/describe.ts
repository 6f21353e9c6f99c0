/**
 * Describes certificates and CSRs for display, using the parsers in src/x509. The returned values are untrusted and not escaped.
 */
import {
  describeExtension,
  type ExtensionDescription,
} from '../../src/inspect/describe-extensions.ts'
import { hexOf, keyWords, nameWords, signedSerialWords } from '../../src/inspect/value-texts.ts'
import { describeSignatureAlgorithm } from '../../src/x509/algorithm-identifier.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { issuerTolerance, requestTolerance } from '../../src/x509/der/tolerance.ts'
import {
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from '../../src/x509/extensions/key-identifiers.ts'
import { findExtension } from '../../src/x509/extensions/extensions.ts'
import { sameName } from '../../src/x509/names/name.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'

export interface CertificateDescription {
  readonly pem: string
  readonly der: Uint8Array<ArrayBuffer>
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  /** Time in seconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly names: readonly string[]
  readonly key: string
  readonly signatureAlgorithm: string
  readonly extensions: readonly ExtensionDescription[]
  readonly parsed: Certificate
}

/** Describes every certificate in PEM text. Throws DerError if a certificate is malformed. */
export function describeCertificates(pem: string): CertificateDescription[] {
  return parsePem(pem).map(({ der }) => {
    const parsed = parseCertificate(der, issuerTolerance)
    const extensions = parsed.extensions.map(describeExtension)
    return {
      pem: encodePem('CERTIFICATE', der),
      der: new Uint8Array(der),
      subject: nameWords(parsed.subject),
      issuer: nameWords(parsed.issuer),
      serialNumber: signedSerialWords(parsed.serialNumber),
      notBefore: parsed.notBefore.getTime() / 1000,
      notAfter: parsed.notAfter.getTime() / 1000,
      names: namesOf(extensions),
      key: keyWords(parsed.subjectPublicKeyInfo.key),
      signatureAlgorithm: describeSignatureAlgorithm(parsed.signatureAlgorithm),
      extensions,
      parsed,
    }
  })
}

export interface RequestDescription {
  readonly pem: string
  readonly subject: string
  readonly names: readonly string[]
  readonly key: string
  readonly signatureAlgorithm: string
  readonly extensions: readonly ExtensionDescription[]
}

/** Describes the CSR in PEM text. Throws an Error that states what is wrong with the CSR. */
export function describeRequest(text: string): RequestDescription {
  const [block, ...more] = parsePem(text)
  if (block === undefined)
    throw new Error(
      'No PEM block was found. A CSR starts with -----BEGIN CERTIFICATE REQUEST-----.',
    )
  if (!/^(?:NEW )?CERTIFICATE REQUEST$/.test(block.label))
    throw new Error(`The PEM block is a ${block.label}, not a CERTIFICATE REQUEST.`)
  if (more.length > 0) throw new Error('The text has several PEM blocks. Paste one CSR.')
  const request = parseCertificationRequest(block.der, requestTolerance)
  const extensions = request.extensions.map(describeExtension)
  return {
    pem: encodePem('CERTIFICATE REQUEST', block.der),
    subject: nameWords(request.subject),
    names: namesOf(extensions),
    key: keyWords(request.subjectPublicKeyInfo.key),
    signatureAlgorithm: describeSignatureAlgorithm(request.signatureAlgorithm),
    extensions,
  }
}

function namesOf(extensions: readonly ExtensionDescription[]): readonly string[] {
  const found = extensions.find(({ oid }) => oid === oids.subjectAltName)
  return found?.problem === undefined ? (found?.values ?? []) : []
}

/**
 * Returns whether one certificate is the issuer of the other certificate, according to names and key identifiers. Signatures are
 * not verified.
 */
export function isIssuerOf(issuer: Certificate, certificate: Certificate): boolean {
  if (!sameName(certificate.issuer, issuer.subject)) return false
  const wanted = keyIdentifier(certificate, oids.authorityKeyIdentifier)
  const own = keyIdentifier(issuer, oids.subjectKeyIdentifier)
  return wanted === undefined || own === undefined || wanted === own
}

function keyIdentifier({ extensions }: Certificate, oid: string): string | undefined {
  const extension = findExtension(extensions, oid)
  if (extension === undefined) return undefined
  const parse =
    oid === oids.subjectKeyIdentifier ? parseSubjectKeyIdentifier : parseAuthorityKeyIdentifier
  const bytes = parse(extension.value)
  return bytes && hexOf(bytes)
}
