/**
 * AWS's Regions, from `endpoints.json` in botocore 1.43.11 (November 2026). A Region that AWS opens later can be served with
 * `--regions` until this list contains it.
 */
const awsRegions: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-east-1',
  'us-gov-west-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isob-west-1',
  'eu-isoe-west-1',
  'us-isof-east-1',
  'us-isof-south-1',
  'eusc-de-east-1',
]

/** Region prefixes of all partitions other than `aws`. */
const prefixes: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
]

/** Regions for which requests may be signed. */
export interface ServedRegions {
  has(region: string): boolean
  /** Text for error messages, which describes the form of Region names and lists the served Regions. */
  readonly description: string
}

/** Returns the Regions of AWS and the additional Regions. */
export function servedRegions(further: readonly string[] = []): ServedRegions {
  const all = new Set([...awsRegions, ...further])
  const named =
    further.length === 0
      ? '--regions adds other Regions'
      : `and the Regions in --regions: ${further.join(', ')}`
  return {
    has: (region) => all.has(region),
    description: `A Region has a name such as eu-central-1. This server serves AWS's Regions (${named}).`,
  }
}

const nameForm = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/

/**
 * Returns whether a string is a valid Region name in ARNs and in AWS's SDKs, where it becomes part of a host name. A Region name
 * has at most 32 characters: lower-case letters, digits, and single hyphens between them. A Region name must not consist only of
 * digits.
 */
export function isRegionName(text: string): boolean {
  return nameForm.test(text) && !/^\d+$/.test(text)
}

/** Returns the partition of a Region for use in ARNs, such as `aws`, `aws-cn` or `aws-us-gov`. */
export function partitionOf(region: string): string {
  return prefixes.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws'
}
