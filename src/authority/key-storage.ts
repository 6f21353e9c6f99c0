import { invalidArgs } from '../errors.ts'

/** AWS's KeyStorageSecurityStandard values, in the order of AWS's API model. */
export const keyStorageSecurityStandards = [
  'FIPS_140_2_LEVEL_2_OR_HIGHER',
  'FIPS_140_2_LEVEL_3_OR_HIGHER',
  'CCPC_LEVEL_1_OR_HIGHER',
] as const

export type KeyStorageSecurityStandard = (typeof keyStorageSecurityStandards)[number]

export interface KeyStorageOffer {
  readonly partition: string
  /**
   * Security standards for which the server has a key store (--key-storage-standards); by default, the standards that
   * AWS offers in the partition.
   */
  readonly offered: readonly KeyStorageSecurityStandard[] | undefined
}

/**
 * Returns the key storage standard for a new CA. As in AWS, the default differs in the China partition. Throws
 * InvalidArgsException with AWS's message for a standard that is not offered, even if it is the default.
 */
export function requireKeyStorage(
  requested: KeyStorageSecurityStandard | undefined,
  { partition, offered }: KeyStorageOffer,
): KeyStorageSecurityStandard {
  const isChina = partition === 'aws-cn'
  const standard =
    requested ?? (isChina ? 'CCPC_LEVEL_1_OR_HIGHER' : 'FIPS_140_2_LEVEL_3_OR_HIGHER')
  const isOffered =
    offered?.includes(standard) ?? (standard === 'CCPC_LEVEL_1_OR_HIGHER') === isChina
  if (isOffered) return standard
  const refusal =
    'A certificate authority cannot be created in this region with the specified security standard.'
  if (offered === undefined) throw invalidArgs(refusal)
  const reason =
    requested === undefined
      ? ` The request does not specify one, and the default is ${standard}.`
      : ''
  throw invalidArgs(`${refusal}${reason} The server offers: ${offered.join(', ')}.`)
}
