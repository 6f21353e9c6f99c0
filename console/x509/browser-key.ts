/**
 * Generates a key with Web Crypto and creates a CSR for it. The private key never leaves the browser unless the user downloads
 * it.
 */
import { nameProblemText, readName } from '../../client/names.ts'
import { generalNameOf } from '../../src/authority/general-names.ts'
import { encodeSubject, type Asn1Subject } from '../../src/authority/subject.ts'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { encodeSequence, encodeUnsigned } from '../../src/x509/der/writer.ts'
import { encodeGeneralNames } from '../../src/x509/names/general-name.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodePem } from '../../src/x509/pem.ts'

const kinds = {
  EC_prime256v1: {
    text: 'EC P-256',
    generate: { name: 'ECDSA', namedCurve: 'P-256' },
    sign: { name: 'ECDSA', hash: 'SHA-256' },
    signing: 'SHA256WITHECDSA',
  },
  EC_secp384r1: {
    text: 'EC P-384',
    generate: { name: 'ECDSA', namedCurve: 'P-384' },
    sign: { name: 'ECDSA', hash: 'SHA-384' },
    signing: 'SHA384WITHECDSA',
  },
  RSA_2048: rsa(2048),
  RSA_4096: rsa(4096),
} as const

function rsa(modulusLength: number) {
  return {
    text: `RSA ${modulusLength}`,
    generate: {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-256',
    },
    sign: { name: 'RSASSA-PKCS1-v1_5' },
    signing: 'SHA256WITHRSA',
  } as const
}

export type BrowserKeyAlgorithm = keyof typeof kinds

/** Key algorithms with their display names. */
export const browserKeyAlgorithms = Object.entries(kinds).map(([value, { text }]) => ({
  value: value as BrowserKeyAlgorithm,
  label: text,
}))

export interface KeyRequest {
  readonly algorithm: BrowserKeyAlgorithm
  /** DNS names, IP addresses, email addresses and URIs for the CSR. */
  readonly names: readonly string[]
  readonly subject: Asn1Subject
}

export interface BrowserKey {
  /** Private key as PKCS #8 in PEM. */
  readonly keyPem: string
  readonly csrPem: string
}

/** Returns the reason why a certificate cannot contain a name, or undefined if the name is valid. */
export function nameProblem(name: string): string | undefined {
  const read = readName(name)
  return 'problem' in read ? nameProblemText(name, read) : undefined
}

/** Generates the key and the CSR. Rejects with an Error that states which name or attribute is invalid. */
export async function generateKey({ algorithm, names, subject }: KeyRequest): Promise<BrowserKey> {
  const { generate, sign, signing } = kinds[algorithm]
  const isEmpty = Object.keys(subject).length === 0
  const general = names.map((name) => {
    const read = readName(name)
    if ('problem' in read) throw new Error(nameProblemText(name, read))
    return generalNameOf(read, `'${name}'`)
  })
  const info = {
    subject: isEmpty ? encodeName([]) : encodeSubject(subject),
    // The SAN extension is critical if the subject is empty (RFC 5280 §4.2.1.6).
    extensions:
      general.length === 0
        ? []
        : [{ oid: oids.subjectAltName, critical: isEmpty, value: encodeGeneralNames(general) }],
  }
  const pair = await crypto.subtle.generateKey(generate, true, ['sign', 'verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
  const der = new Uint8Array(
    encodeCertificationRequestInfo({ ...info, subjectPublicKeyInfo: spki }),
  )
  const raw = new Uint8Array(await crypto.subtle.sign(sign, pair.privateKey, der))
  const signature = sign.name === 'ECDSA' ? ecdsaSignature(raw) : raw
  const identifier = signatureAlgorithmIdentifier(signing)
  return {
    keyPem: encodePem('PRIVATE KEY', pkcs8),
    csrPem: encodePem(
      'CERTIFICATE REQUEST',
      encodeCertificationRequest(der, identifier, signature),
    ),
  }
}

/**
 * Converts a Web Crypto signature to the DER encoding in RFC 3279 §2.2.3. In Web Crypto, r and s have equal lengths and are
 * concatenated.
 */
function ecdsaSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  return encodeSequence(encodeUnsigned(raw.subarray(0, half)), encodeUnsigned(raw.subarray(half)))
}
