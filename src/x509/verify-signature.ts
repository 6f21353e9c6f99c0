/** Checks a signature over DER by the key in a SubjectPublicKeyInfo (RFC 5280 §4.1.1.2, RFC 2986 §4.2). */
import { constants, verify, type PublicKeyInput, type SigningOptions } from 'node:crypto'
import type { AlgorithmIdentifier } from './algorithm-identifier.ts'
import { DerError } from './der-error.ts'
import { readOnlyNested, tags } from './der-reader.ts'
import { readUnsignedOctets } from './der-values.ts'
import { schemeOf, type SignatureScheme } from './signature-scheme.ts'
import type { SubjectPublicKeyInfo } from './subject-public-key-info.ts'

/** `unsupported`: the algorithm is not accepted, or is not one for that kind of key. */
export type SignatureCheck = 'valid' | 'invalid' | 'unsupported'

export interface SignatureToCheck {
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly message: Uint8Array
  /** Octets of the BIT STRING. */
  readonly signature: Uint8Array
}

/**
 * Checks off the main thread. Accepted are RSA PKCS #1 v1.5 and PSS, ECDSA, each with SHA-256, SHA-384 or SHA-512,
 * Ed25519, Ed448 and ML-DSA. Never rejects: a key or signature that cannot be read is `invalid`.
 */
export async function verifySignature(check: SignatureToCheck): Promise<SignatureCheck> {
  try {
    const { key } = check.subjectPublicKeyInfo
    const scheme = schemeOf(check.signatureAlgorithm)
    if (scheme === undefined || scheme.key !== key.kind) return 'unsupported'
    if (key.kind === 'ml-dsa' && key.parameterSet !== scheme.parameterSet) return 'unsupported'
    if (scheme.key === 'ec') requireEcdsaSignature(check.signature)
    return (await verifyWithKey(check, scheme)) ? 'valid' : 'invalid'
  } catch {
    return 'invalid'
  }
}

function verifyWithKey(check: SignatureToCheck, scheme: SignatureScheme): Promise<boolean> {
  const { message, signature } = check
  const { der: spki } = check.subjectPublicKeyInfo
  const options: PublicKeyInput & SigningOptions = {
    key: Buffer.from(spki.buffer, spki.byteOffset, spki.length),
    format: 'der',
    type: 'spki',
    dsaEncoding: 'der',
  }
  if (scheme.key === 'rsa') {
    const pss = scheme.pssSaltLength !== undefined
    options.padding = pss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
    if (pss) options.saltLength = scheme.pssSaltLength
  }
  return new Promise((resolve, reject) => {
    verify(scheme.hash, message, options, signature, (error, valid) => {
      if (error) reject(error)
      else resolve(valid)
    })
  })
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) in strict DER: r and s, not negative, nothing else. */
function requireEcdsaSignature(signature: Uint8Array): void {
  const reader = readOnlyNested(signature, tags.sequence, 'ECDSA-Sig-Value')
  const r = readUnsignedOctets(reader.element(tags.integer), 'r')
  const s = readUnsignedOctets(reader.element(tags.integer), 's')
  reader.end()
  if (r.length === 0 || s.length === 0) throw new DerError('ECDSA-Sig-Value has a zero')
}
