/** What some bytes are, by their content: PEM blocks by their labels, DER by its first elements. */
import { DerError } from '../x509/der/error.ts'
import { tags } from '../x509/der/reader.ts'
import { parsePem } from '../x509/pem.ts'
import { structureKind } from '../x509/structure-kind.ts'

type Kind = 'certificate' | 'request' | 'crl' | 'ocsp'

export interface Recognized {
  readonly kind: Kind
  readonly der: Uint8Array
}

/** RFC 7468, and the older labels that OpenSSL reads as well. */
const kindsByLabel: ReadonlyMap<string, Kind> = new Map([
  ['CERTIFICATE', 'certificate'],
  ['X509 CERTIFICATE', 'certificate'],
  ['TRUSTED CERTIFICATE', 'certificate'],
  ['CERTIFICATE REQUEST', 'request'],
  ['NEW CERTIFICATE REQUEST', 'request'],
  ['X509 CRL', 'crl'],
  ['OCSP RESPONSE', 'ocsp'],
])

/** In one file: more than any bundle of roots has. */
const blocksMax = 1000

/**
 * Everything in a file, in its order. Throws DerError for what is none of it, and in plain words for a private key,
 * which is not looked into.
 */
export function recognize(bytes: Uint8Array): Recognized[] {
  if (bytes.length === 0) throw new DerError('it is empty')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  if (bytes[0] !== tags.sequence || text.includes('-----BEGIN ')) {
    const blocks = parsePem(text)
    if (blocks.length > blocksMax) throw new DerError(`it has more than ${blocksMax} PEM blocks`)
    if (blocks.length > 0) return blocks.map(({ label, der }) => ofLabel(label, der))
  }
  if (bytes[0] !== tags.sequence) throw new DerError('it is neither PEM nor DER')
  return [{ kind: kindOfDer(bytes), der: bytes }]
}

function ofLabel(label: string, der: Uint8Array): Recognized {
  if (label.endsWith('PRIVATE KEY')) throw privateKey()
  const kind = kindsByLabel.get(label)
  if (kind === undefined) throw new DerError(`it has a PEM block ${label}, which is not read here`)
  return { kind, der }
}

function privateKey(): DerError {
  return new DerError('it holds a private key, which is not looked into: keep it where it is')
}

function kindOfDer(der: Uint8Array): Kind {
  const kind = structureKind(der)
  switch (kind) {
    case 'private key':
    case 'pkcs12':
      throw privateKey()
    case 'pkcs7':
      throw new DerError('it is CMS (PKCS #7), which is not read here')
    case 'public key':
      throw new DerError('it is a public key alone, about which there is nothing to say')
    case undefined:
      throw new DerError('it is DER, but no certificate, CSR, CRL or OCSP response')
    case 'certificate':
    case 'request':
    case 'crl':
    case 'ocsp':
      return kind
  }
}
