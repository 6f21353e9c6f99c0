/** Keys that can be asked for: those of AWS Private CA but SM2, which no key is made with here. */
export const keyAlgorithms = [
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
] as const

export type KeyAlgorithmName = (typeof keyAlgorithms)[number]
