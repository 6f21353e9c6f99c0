/** Converts certificates, CSRs, CRLs and OCSP responses to plain values, for output as JSON or text. */
import { hash } from 'node:crypto'
import { isoSeconds } from '../text/iso-time.ts'
import { weakKeyReason, refusalOfPrimeModulus } from '../key-strength/key-strength.ts'
import { describeSignatureAlgorithm } from '../x509/algorithm-identifier.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { lacksAlternativeName, parseCertificationRequest } from '../x509/certification-request.ts'
import { findExtension, type Extension } from '../x509/extensions/extensions.ts'
import { parseName } from '../x509/names/name.ts'
import { parseOcspAnswer, type SingleOcspAnswer } from '../x509/ocsp/parse-response.ts'
import { oidName, oids } from '../x509/der/oid.ts'
import { readRevokedCertificates } from '../x509/revoked-certificates.ts'
import { daysLeft, isExpiredAt } from '../x509/der/time.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import { issuerTolerance, requestTolerance } from '../x509/der/tolerance.ts'
import { verifySignature } from '../x509/verify-signature.ts'
import { describeExtension, type ExtensionDescription } from './describe-extensions.ts'
import type { Recognized } from './recognize.ts'
import {
  hexOf,
  keyWords,
  nameWords,
  reasonWords,
  serialWords,
  signedSerialWords,
} from './value-texts.ts'

export type CertificateDescription = Awaited<ReturnType<typeof describeCertificate>>
export type RequestDescription = Awaited<ReturnType<typeof describeRequest>>
export type CrlDescription = ReturnType<typeof describeCrl>
export type OcspDescription = ReturnType<typeof describeOcsp>
export type OcspEntry = ReturnType<typeof entryOf>

export type Description =
  | CertificateDescription
  | RequestDescription
  | CrlDescription
  | OcspDescription

/** Describes a parsed object. Throws DerError if the object is malformed. */
export async function describe({ kind, der }: Recognized, now: Date): Promise<Description> {
  switch (kind) {
    case 'certificate':
      return describeCertificate(der, now)
    case 'request':
      return describeRequest(der)
    case 'crl':
      return describeCrl(der, now)
    case 'ocsp':
      return describeOcsp(der)
  }
}

async function describeCertificate(der: Uint8Array, now: Date) {
  const certificate = parseCertificate(der, issuerTolerance)
  const { notBefore, notAfter, extensions, subjectPublicKeyInfo } = certificate
  const constraints = findExtension(extensions, oids.basicConstraints)
  const described = extensions.map(describeExtension)
  return {
    kind: 'certificate',
    subject: nameWords(certificate.subject),
    issuer: nameWords(certificate.issuer),
    serialNumber: signedSerialWords(certificate.serialNumber),
    notBefore: isoSeconds(notBefore),
    notAfter: isoSeconds(notAfter),
    status: now < notBefore ? 'not yet valid' : isExpiredAt(notAfter, now) ? 'expired' : 'valid',
    /** Whole days until the end of the last second of notAfter; negative after the certificate's expiry. */
    expiresInDays: daysLeft(notAfter, now),
    isCa: constraints !== undefined && isCa(constraints),
    names: namesOf(described),
    key: keyWords(subjectPublicKeyInfo.key),
    signatureAlgorithm: describeSignatureAlgorithm(certificate.signatureAlgorithm),
    extensions: described,
    /** SHA-256 of the DER, in the format that browsers and OpenSSL use. */
    fingerprintSha256: (hash('sha256', der).toUpperCase().match(/../g) ?? []).join(':'),
    warnings: await keyWarnings(subjectPublicKeyInfo),
  } as const
}

/** Warnings about keys that a server rejects unless it runs with --weak-keys=allow. */
async function keyWarnings(key: SubjectPublicKeyInfo): Promise<string[]> {
  const policy = { weakKeys: 'refuse' } as const
  const weakness = weakKeyReason(key, policy) ?? (await refusalOfPrimeModulus(key, policy))
  return weakness === undefined ? [] : [`weak key: ${weakness}`]
}

const noAlternativeName =
  'no subject alternative name: TLS clients ignore host names in the common name'

function isCa({ value }: Extension): boolean {
  try {
    return parseBasicConstraints(value).ca
  } catch {
    // The extension's description already contains the problem.
    return false
  }
}

function namesOf(extensions: readonly ExtensionDescription[]): readonly string[] {
  const found = extensions.find(({ oid }) => oid === oids.subjectAltName)
  return found?.problem === undefined ? (found?.values ?? []) : []
}

async function describeRequest(der: Uint8Array) {
  const request = parseCertificationRequest(der, requestTolerance)
  const { subjectPublicKeyInfo, signatureAlgorithm, signature } = request
  const message = request.certificationRequestInfoDer
  const extensions = request.extensions.map(describeExtension)
  return {
    kind: 'request',
    subject: nameWords(request.subject),
    names: namesOf(extensions),
    key: keyWords(subjectPublicKeyInfo.key),
    signatureAlgorithm: describeSignatureAlgorithm(signatureAlgorithm),
    /** Result of verifying the CSR's signature with the CSR's own key. */
    signature: await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm,
      message,
      signature,
      tolerance: requestTolerance,
    }),
    extensions,
    warnings: [
      ...(await keyWarnings(subjectPublicKeyInfo)),
      ...(lacksAlternativeName(request) ? [noAlternativeName] : []),
    ],
  } as const
}

/** Maximum number of entries in the description of a CRL. */
const entriesShown = 10

function describeCrl(der: Uint8Array, now: Date) {
  const list = parseCertificateList(der)
  const entries: { serialNumber: string; revocationDate: string; reason: string }[] = []
  let revoked = 0
  for (const entry of readRevokedCertificates(list.revokedCertificates)) {
    revoked += 1
    if (entries.length === entriesShown) continue
    entries.push({
      serialNumber: serialWords(entry.serialNumber),
      revocationDate: isoSeconds(entry.revocationDate),
      reason: reasonWords(entry.reasonCode),
    })
  }
  return {
    kind: 'crl',
    issuer: nameWords(parseName(list.issuer)),
    crlNumber: list.crlNumber?.toString() ?? null,
    thisUpdate: isoSeconds(list.thisUpdate),
    nextUpdate: isoSeconds(list.nextUpdate),
    status: now < list.thisUpdate ? 'not yet valid' : now > list.nextUpdate ? 'overdue' : 'current',
    revoked,
    entries,
    signatureAlgorithm: describeSignatureAlgorithm(list.signatureAlgorithm),
    extensions: list.crlExtensions
      .filter(({ oid }) => oid !== oids.crlNumber)
      .map(describeExtension),
  } as const
}

function describeOcsp(der: Uint8Array) {
  const { status, basic } = parseOcspAnswer(der)
  const responder = basic?.responderId
  return {
    kind: 'ocsp',
    responseStatus: status,
    producedAt: basic === undefined ? null : isoSeconds(basic.producedAt),
    responder:
      responder === undefined
        ? null
        : responder.kind === 'name'
          ? nameWords(parseName(responder.der))
          : `key ${hexOf(responder.bytes)}`,
    signatureAlgorithm:
      basic === undefined ? null : describeSignatureAlgorithm(basic.signatureAlgorithm),
    responses: basic?.responses.map(entryOf) ?? [],
  } as const
}

function entryOf(answer: SingleOcspAnswer) {
  const { certStatus, revocationTime, reasonCode, thisUpdate, nextUpdate } = answer
  return {
    serialNumber: serialWords(answer.serialNumber),
    status: certStatus,
    revocationTime: revocationTime === undefined ? null : isoSeconds(revocationTime),
    reason: certStatus === 'revoked' ? reasonWords(reasonCode ?? 0) : null,
    thisUpdate: isoSeconds(thisUpdate),
    nextUpdate: nextUpdate === undefined ? null : isoSeconds(nextUpdate),
    hashAlgorithm: oidName(answer.hashAlgorithm),
    issuerKeyHash: hexOf(answer.issuerKeyHash),
  }
}
