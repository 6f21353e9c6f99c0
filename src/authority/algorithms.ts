/** Key and signing algorithms of CAs, and their valid combinations (AWS Private CA User Guide, Supported algorithms). */
import { invalidArgs } from '../errors.ts'

/** AWS's KeyAlgorithm values, in the order of AWS's API model. */
export const keyAlgorithms = [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'SM2',
] as const

/** AWS's SigningAlgorithm values, in the order of AWS's API model. */
export const signingAlgorithms = [
  'SHA256WITHECDSA',
  'SHA384WITHECDSA',
  'SHA512WITHECDSA',
  'SHA256WITHRSA',
  'SHA384WITHRSA',
  'SHA512WITHRSA',
  'SM3WITHSM2',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
] as const

export type KeyAlgorithm = (typeof keyAlgorithms)[number]
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

const withRsa = ['SHA256WITHRSA', 'SHA384WITHRSA', 'SHA512WITHRSA'] as const
const withEcdsa = ['SHA256WITHECDSA', 'SHA384WITHECDSA', 'SHA512WITHECDSA'] as const

/** Signing algorithms for each key algorithm. */
const signingAlgorithmsOf: Readonly<Record<KeyAlgorithm, readonly SigningAlgorithm[]>> = {
  RSA_2048: withRsa,
  RSA_3072: withRsa,
  RSA_4096: withRsa,
  EC_prime256v1: withEcdsa,
  EC_secp384r1: withEcdsa,
  EC_secp521r1: withEcdsa,
  ML_DSA_44: ['ML_DSA_44'],
  ML_DSA_65: ['ML_DSA_65'],
  ML_DSA_87: ['ML_DSA_87'],
  SM2: ['SM3WITHSM2'],
}

/** Key algorithms that Signet supports for CAs, which are all except SM2 (docs/reference/compatibility/README.md). */
export const offeredKeyAlgorithms: readonly KeyAlgorithm[] = keyAlgorithms.filter(
  (algorithm) => algorithm !== 'SM2',
)

/** Throws InvalidArgsException with AWS's message unless the key algorithm supports the signing algorithm. */
export function requireSigningAlgorithm(key: KeyAlgorithm, signing: SigningAlgorithm): void {
  const valid = signingAlgorithmsOf[key]
  if (!valid.includes(signing))
    throw invalidArgs(
      `Signing algorithm ${signing} cannot be used with key type ${key}. ` +
        `Valid signing algorithms are: ${valid.join(', ')}.`,
    )
}
