/** Accepted signature algorithms for tokens. Symmetric algorithms are excluded, because only the issuer must be able to sign. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]
