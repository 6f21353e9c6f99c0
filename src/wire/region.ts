const regionLengthMax = 32
const form = /^[a-z]{2,4}(?:-[a-z]{1,16}){1,4}-\d{1,2}$/

/** Region prefixes of the partitions other than `aws` (AWS SDKs, partitions). */
const partitions: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
]

/**
 * Whether text has the form of a Region name: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`. Every such name is
 * served, so that a Region that AWS opens tomorrow needs no release.
 */
export function isRegion(text: string): boolean {
  return text.length <= regionLengthMax && form.test(text)
}

/** The partition that a Region belongs to, as it stands in ARNs: `aws`, `aws-cn`, `aws-us-gov`, … */
export function partitionOf(region: string): string {
  return partitions.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws'
}
