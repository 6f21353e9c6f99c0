/** The algorithms a CA may have, and which may sign with which (behaviour of AWS Private CA, Supported algorithms). */

/** AWS's KeyAlgorithm values, in the order of the model. */
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

/** AWS's SigningAlgorithm values, in the order of the model. */
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
