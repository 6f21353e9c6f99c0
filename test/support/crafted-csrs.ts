/** Creates CSRs with arbitrary names, as ACME clients do. */
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodeSequence } from '../../src/x509/der/writer.ts'
import { nonCritical, type Extension } from '../../src/x509/extensions/extensions.ts'
import { encodeGeneralNames, type GeneralName } from '../../src/x509/names/general-name.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { parseIpAddress } from '../../src/text/ip-address.ts'

export interface CsrOptions {
  /** Attributes of the subject, keyed by OID; none by default. */
  readonly subject?: readonly { readonly type: string; readonly value: string }[]
  /** DNS names and addresses in the subject alternative name; if empty, the extension is omitted. */
  readonly names?: readonly string[]
  /** Additional names in the subject alternative name. */
  readonly otherNames?: readonly GeneralName[]
  readonly extensions?: readonly Extension[]
  readonly key?: KeyObject
}

/** Returns a CSR in DER, signed with ECDSA P-256 by default. */
export function createCsr({
  subject = [],
  names = [],
  otherNames = [],
  extensions = [],
  ...options
}: CsrOptions): Uint8Array {
  const privateKey = options.key ?? newCertificateKey()
  const alternative = [...names.map(generalNameOf), ...otherNames]
  const info = encodeCertificationRequestInfo({
    subject: encodeName(subject),
    subjectPublicKeyInfo: publicKeyOf(privateKey),
    extensions: [
      ...(alternative.length > 0
        ? [nonCritical(oids.subjectAltName, encodeGeneralNames(alternative))]
        : []),
      ...extensions,
    ],
  })
  const algorithm = encodeSequence(encodeOidElement(oids.ecdsaWithSha256))
  return encodeCertificationRequest(info, algorithm, sign('sha256', info, privateKey))
}

export function newCertificateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function publicKeyOf(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
}

function generalNameOf(name: string): GeneralName {
  const address = parseIpAddress(name)
  return address === undefined
    ? { kind: 'dNSName', content: Buffer.from(name) }
    : { kind: 'iPAddress', content: address }
}
