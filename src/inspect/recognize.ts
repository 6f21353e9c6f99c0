/** Recognizes the content of a file: PEM blocks by their labels, and DER by its first elements. */
import { DerError } from '../x509/der/error.ts'
import { tags } from '../x509/der/reader.ts'
import { parsePem } from '../x509/pem.ts'
import { structureKind } from '../x509/structure-kind.ts'

type Kind = 'certificate' | 'request' | 'crl' | 'ocsp'

export interface Recognized {
  readonly kind: Kind
  readonly der: Uint8Array
}

/** PEM labels in RFC 7468, and older labels that OpenSSL accepts. */
const kindsByLabel: ReadonlyMap<string, Kind> = new Map([
  ['CERTIFICATE', 'certificate'],
  ['X509 CERTIFICATE', 'certificate'],
  ['TRUSTED CERTIFICATE', 'certificate'],
  ['CERTIFICATE REQUEST', 'request'],
  ['NEW CERTIFICATE REQUEST', 'request'],
  ['X509 CRL', 'crl'],
  ['OCSP RESPONSE', 'ocsp'],
])

/** Maximum number of PEM blocks in a file. Root certificate bundles have fewer PEM blocks. */
const blocksMax = 1000

/**
 * Returns the objects in a file, in order. Throws DerError for unsupported content, and for private keys, which are never
 * parsed.
 */
export function recognize(bytes: Uint8Array): Recognized[] {
  if (bytes.length === 0) throw new DerError('the file is empty')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  if (bytes[0] !== tags.sequence || text.includes('-----BEGIN ')) {
    const blocks = parsePem(text)
    if (blocks.length > blocksMax)
      throw new DerError(`the file has more than ${blocksMax} PEM blocks`)
    if (blocks.length > 0) return blocks.map(({ label, der }) => ofLabel(label, der))
  }
  if (bytes[0] !== tags.sequence) throw new DerError('the file is neither PEM nor DER')
  return [{ kind: kindOfDer(bytes), der: bytes }]
}

function ofLabel(label: string, der: Uint8Array): Recognized {
  if (label.endsWith('PRIVATE KEY')) throw privateKey()
  const kind = kindsByLabel.get(label)
  if (kind === undefined) throw new DerError(`PEM blocks of type ${label} are not supported`)
  return { kind, der }
}

function privateKey(): DerError {
  return new DerError(
    'the file contains a private key, and signet inspect does not read private keys',
  )
}

function kindOfDer(der: Uint8Array): Kind {
  const kind = structureKind(der)
  switch (kind) {
    case 'private key':
    case 'pkcs12':
      throw privateKey()
    case 'pkcs7':
      throw new DerError('CMS (PKCS #7) is not supported')
    case 'public key':
      throw new DerError('a public key without a certificate is not supported')
    case undefined:
      throw new DerError('the DER is not a certificate, CSR, CRL or OCSP response')
    case 'certificate':
    case 'request':
    case 'crl':
    case 'ocsp':
      return kind
  }
}
