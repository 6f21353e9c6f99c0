import { invalidArgs } from '../errors.ts'

/** AWS's KeyStorageSecurityStandard values, in the order of the model. */
export const keyStorageSecurityStandards = [
  'FIPS_140_2_LEVEL_2_OR_HIGHER',
  'FIPS_140_2_LEVEL_3_OR_HIGHER',
  'CCPC_LEVEL_1_OR_HIGHER',
] as const

export type KeyStorageSecurityStandard = (typeof keyStorageSecurityStandards)[number]

/**
 * Returns the stored standard of a CA; the default depends on the partition. The partition of China has a different standard.
 * Throws InvalidArgsException with AWS's message for a standard that the partition does not have. The value is only a label:
 * docs/reference/data-folder.md describes where keys are stored.
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
