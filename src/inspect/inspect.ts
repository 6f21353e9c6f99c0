/** Describes all objects in a file, and checks whether its certificates form a chain. */
import { parseCertificate } from '../x509/certificate.ts'
import { sameName } from '../x509/names/name.ts'
import { issuerTolerance } from '../x509/der/tolerance.ts'
import { verifySignature } from '../x509/verify-signature.ts'
import { describe, type Description } from './describe.ts'
import { recognize, type Recognized } from './recognize.ts'

export interface Inspection {
  readonly objects: readonly Description[]
  /** Links of the chain, one for each certificate except the last; empty for fewer than two certificates. */
  readonly chain: readonly ChainLink[]
}

interface ChainLink {
  /** Index of the certificate in the list of objects. */
  readonly certificate: number
  /** Index of the next certificate in the list of objects. */
  readonly next: number
  readonly signed: 'yes' | 'no' | 'not checked'
  /** Whether the issuer and the next certificate's subject have the same encoding, which some verifiers require. */
  readonly sameEncoding: boolean
}

/** Describes the content of a file at the time `now`. Throws DerError for malformed content. */
export async function inspect(bytes: Uint8Array, now: Date): Promise<Inspection> {
  const recognized = recognize(bytes)
  const objects: Description[] = []
  for (const one of recognized) objects.push(await describe(one, now))
  return { objects, chain: await linksOf(recognized) }
}

async function linksOf(recognized: readonly Recognized[]): Promise<ChainLink[]> {
  const certificates = recognized.flatMap(({ kind, der }, index) =>
    kind === 'certificate' ? [{ index, certificate: parseCertificate(der, issuerTolerance) }] : [],
  )
  const links: ChainLink[] = []
  for (const [position, { index, certificate }] of certificates.entries()) {
    const next = certificates[position + 1]
    if (next === undefined) continue
    const isNamed = sameName(certificate.issuer, next.certificate.subject)
    const check = isNamed
      ? await verifySignature({
          subjectPublicKeyInfo: next.certificate.subjectPublicKeyInfo,
          signatureAlgorithm: certificate.signatureAlgorithm,
          message: certificate.tbsCertificateDer,
          signature: certificate.signature,
          tolerance: issuerTolerance,
        })
      : 'invalid'
    const signed = check === 'valid' ? 'yes' : check === 'invalid' ? 'no' : 'not checked'
    const { issuer } = certificate
    const sameEncoding = Buffer.compare(issuer.der, next.certificate.subject.der) === 0
    links.push({ certificate: index, next: next.index, signed, sameEncoding })
  }
  return links
}
