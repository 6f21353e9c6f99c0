import { invalidArgs } from '../errors.ts'

/** AWS's KeyStorageSecurityStandard values, in the order of the model. */
export const keyStorageSecurityStandards = [
  'FIPS_140_2_LEVEL_2_OR_HIGHER',
  'FIPS_140_2_LEVEL_3_OR_HIGHER',
  'CCPC_LEVEL_1_OR_HIGHER',
] as const

export type KeyStorageSecurityStandard = (typeof keyStorageSecurityStandards)[number]

/**
 * The standard that a CA is recorded with. China has its own, which nobody else has; without a options it is what the
 * partition has. Throws InvalidArgsException, in AWS's words, for one that the partition does not have. The value
 * is the caller's label: where keys really are is described in docs/reference/data-folder.md.
 */
export function requireKeyStorage(
  requested: KeyStorageSecurityStandard | undefined,
  partition: string,
): KeyStorageSecurityStandard {
  const china = partition === 'aws-cn'
  const standard = requested ?? (china ? 'CCPC_LEVEL_1_OR_HIGHER' : 'FIPS_140_2_LEVEL_3_OR_HIGHER')
  if ((standard === 'CCPC_LEVEL_1_OR_HIGHER') !== china)
    throw invalidArgs(
      'A certificate authority cannot be created in this region with the specified security standard.',
    )
  return standard
}
