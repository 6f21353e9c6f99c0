/** Generates a key pair and a CSR for callers that do not have a CSR. */
import { generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { generalNameOf, type RequestedGeneralName } from '../src/authority/general-names.ts'
import { encodeSubject } from '../src/authority/subject.ts'
import { signatureAlgorithmIdentifier } from '../src/x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../src/x509/certification-request.ts'
import { encodeGeneralNames, type GeneralName } from '../src/x509/names/general-name.ts'
import { encodeName } from '../src/x509/names/name.ts'
import { oids } from '../src/x509/der/oid.ts'
import { encodePem } from '../src/x509/pem.ts'
import type { KeyAlgorithm, Subject } from './inputs.ts'
import { nameProblemText, readName } from './names.ts'

/**
 * Key algorithms that the client supports for new keys: all of AWS's algorithms except SM2. ML-DSA requires Node.js 24 or later.
 */
export type LeafKeyAlgorithm = Exclude<KeyAlgorithm, 'SM2'>

interface KeyKind {
  readonly generate: () => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>
  /** AWS's name for the CSR's signature algorithm. */
  readonly signing: string
  /** Hash algorithm; undefined if the signature algorithm has a built-in hash. */
  readonly hash: string | undefined
}

const generate = promisify(generateKeyPair)

const rsa = (modulusLength: number): KeyKind => ({
  generate: () => generate('rsa', { modulusLength }),
  signing: 'SHA256WITHRSA',
  hash: 'sha256',
})

const ec = (namedCurve: string, bits: number): KeyKind => ({
  generate: () => generate('ec', { namedCurve }),
  signing: `SHA${bits}WITHECDSA`,
  hash: `sha${bits}`,
})

const mlDsa = (set: 44 | 65 | 87): KeyKind => ({
  generate: () => generateMlDsa(`ml-dsa-${set}`),
  signing: `ML_DSA_${set}`,
  hash: undefined,
})

async function generateMlDsa(type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87') {
  try {
    return await generate(type)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_ARG_VALUE') throw error
    throw new Error(`ML-DSA keys need Node.js 24 or newer; this is ${process.versions.node}`, {
      cause: error,
    })
  }
}

const keyKinds: Readonly<Record<LeafKeyAlgorithm, KeyKind>> = {
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  EC_prime256v1: ec('prime256v1', 256),
  EC_secp384r1: ec('secp384r1', 384),
  EC_secp521r1: ec('secp521r1', 512),
  ML_DSA_44: mlDsa(44),
  ML_DSA_65: mlDsa(65),
  ML_DSA_87: mlDsa(87),
}

/**
 * Key algorithms that some version of Node.js supports. The running version of Node.js may support only some of the algorithms.
 */
export const keyAlgorithms = Object.keys(keyKinds) as LeafKeyAlgorithm[]

export interface CsrOptions {
  readonly keyAlgorithm: LeafKeyAlgorithm
  /** DNS names, IP addresses, email addresses and URIs for the CSR. */
  readonly names: readonly string[]
  /** Subject of the CSR. By default, the subject's CommonName is the first name that is not a URI. */
  readonly subject?: Subject | undefined
}

/**
 * Generates a private key (PKCS #8) and a CSR, both in PEM. At least one name or a subject is required. Throws TypeError for a
 * name that a certificate cannot contain, and for an invalid subject.
 */
export async function makeRequest({ keyAlgorithm, names, subject }: CsrOptions) {
  const { generate: makeKey, signing, hash } = keyKinds[keyAlgorithm]
  const alternatives = withTypeErrors(() =>
    names.map((name) => generalNameOf(formOf(name), `'${name}'`)),
  )
  const name = withTypeErrors(() => subjectDer(names, subject))
  const extensions = alternativeNames(alternatives, name.isEmpty)
  const { publicKey, privateKey } = await makeKey()
  const info = encodeCertificationRequestInfo({
    subject: name.der,
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  })
  const signature = await promisify<string | undefined, Uint8Array, KeyObject, Buffer>(sign)(
    hash,
    info,
    privateKey,
  )
  const der = encodeCertificationRequest(info, signatureAlgorithmIdentifier(signing), signature)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    csr: encodePem('CERTIFICATE REQUEST', der),
  }
}

/** The maximum length of a CommonName, in characters (RFC 5280 appendix A.1). */
const commonNameMax = 64

function subjectDer(names: readonly string[], subject: Subject | undefined) {
  const first = names.find((name) => !('UniformResourceIdentifier' in readName(name))) ?? ''
  if (subject !== undefined) return { der: encodeSubject(subject, 'subject'), isEmpty: false }
  return first === '' || first.length > commonNameMax
    ? { der: encodeName([]), isEmpty: true }
    : { der: encodeSubject({ CommonName: first }), isEmpty: false }
}

/** Creates the subjectAltName extension, which is critical if the subject is empty (RFC 5280 §4.2.1.6). */
function alternativeNames(names: readonly GeneralName[], critical: boolean) {
  if (names.length === 0) return []
  return [{ oid: oids.subjectAltName, critical, value: encodeGeneralNames(names) }]
}

function formOf(name: string): RequestedGeneralName {
  const result = readName(name)
  if ('problem' in result) throw new TypeError(nameProblemText(name, result))
  return result
}

function withTypeErrors<Value>(encode: () => Value): Value {
  try {
    return encode()
  } catch (error) {
    if (error instanceof TypeError) throw error
    throw new TypeError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
