/** Keys and CSRs for certificates that the caller has no CSR for. */
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

/** Algorithms of keys that are made here: all of AWS's but SM2. */
export type LeafKeyAlgorithm = Exclude<KeyAlgorithm, 'SM2'>

interface KeyKind {
  readonly generate: () => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>
  /** AWS's name of the algorithm that the CSR is signed with. */
  readonly signing: string
  /** Undefined if the algorithm hashes by itself. */
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
  generate: () => generate(`ml-dsa-${set}`),
  signing: `ML_DSA_${set}`,
  hash: undefined,
})

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

export interface CsrOptions {
  readonly keyAlgorithm: LeafKeyAlgorithm
  /** DNS names, IP addresses, mail addresses and URIs, told apart by their form. */
  readonly names: readonly string[]
  /** Default: the first name that is not a URI as CommonName. */
  readonly subject?: Subject | undefined
}

/**
 * A new key and a CSR for it, both PEM; the key is PKCS #8. Throws TypeError for an algorithm that no key is made with,
 * for a name that is none, and if there is neither a name nor a subject.
 */
export async function makeRequest({ keyAlgorithm, names, subject }: CsrOptions) {
  if (!Object.hasOwn(keyKinds, keyAlgorithm))
    throw new TypeError(`No key can be made with ${keyAlgorithm}`)
  if (names.length === 0 && subject === undefined)
    throw new TypeError('names or subject must be given, as there is no csr')
  const { generate: makeKey, signing, hash } = keyKinds[keyAlgorithm]
  const alternatives = encodeOrRefuse(() =>
    names.map((name) => generalNameOf(formOf(name), `'${name}'`)),
  )
  const name = encodeOrRefuse(() => subjectDer(names, subject))
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

/** The upper bound of a CommonName in characters (RFC 5280 appendix A.1). */
const commonNameMax = 64

function subjectDer(names: readonly string[], subject: Subject | undefined) {
  const first = names.find((name) => !('UniformResourceIdentifier' in readName(name))) ?? ''
  if (subject !== undefined) return { der: encodeSubject(subject, 'subject'), isEmpty: false }
  return first === '' || first.length > commonNameMax
    ? { der: encodeName([]), isEmpty: true }
    : { der: encodeSubject({ CommonName: first }), isEmpty: false }
}

/** subjectAltName, which is critical if it is all that names the subject (RFC 5280 §4.2.1.6). */
function alternativeNames(names: readonly GeneralName[], critical: boolean) {
  if (names.length === 0) return []
  return [{ oid: oids.subjectAltName, critical, value: encodeGeneralNames(names) }]
}

function formOf(name: string): RequestedGeneralName {
  const result = readName(name)
  if ('problem' in result) throw new TypeError(nameProblemText(name, result))
  return result
}

function encodeOrRefuse<Value>(encode: () => Value): Value {
  try {
    return encode()
  } catch (error) {
    if (error instanceof TypeError) throw error
    throw new TypeError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
