/** Identifiers of certificates for renewal information (RFC 9773 §4.1). */

import { decodeBase64url } from '../text/base64url.ts'

export interface CertificateId {
  /** keyIdentifier in the certificate's authorityKeyIdentifier. */
  readonly keyIdentifier: Uint8Array
  /** Content bytes of the serial number. */
  readonly serialNumber: Uint8Array
}

const partLengthMax = 64

/** Parses a certificate identifier: two base64url strings without padding, separated by a dot. */
export function parseCertificateId(text: string): CertificateId | undefined {
  const parts = text.split('.')
  const [keyIdentifier, serialNumber] = parts.map(decodePart)
  return parts.length === 2 && keyIdentifier !== undefined && serialNumber !== undefined
    ? { keyIdentifier, serialNumber }
    : undefined
}

export function formatCertificateId({ keyIdentifier, serialNumber }: CertificateId): string {
  return [keyIdentifier, serialNumber]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
}

function decodePart(text: string): Uint8Array | undefined {
  return text === '' || text.length > partLengthMax ? undefined : decodeBase64url(text)
}
