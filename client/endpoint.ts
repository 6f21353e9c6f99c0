/** The AWS Private CA endpoint in each Region (AWS General Reference, AWS Private CA endpoints). */
import { partition } from '@aws-sdk/core/client'
import type { EndpointV2 } from '@smithy/types'

export interface EndpointParameters {
  readonly Region?: string | undefined
  readonly UseDualStack?: boolean | undefined
  readonly UseFIPS?: boolean | undefined
  /** A configured endpoint, such as the endpoint of a Signet server. */
  readonly Endpoint?: string | undefined
}

export const missingRegionText =
  'the Region is unknown: set AWS_REGION, or pass region to createClient'

/**
 * Returns the URL of the API. Throws Error if the Region is missing or if a custom endpoint is combined with FIPS or dual-stack.
 */
export function resolveEndpoint(parameters: EndpointParameters): EndpointV2 {
  const { Region: region, UseDualStack: dualStack, UseFIPS: fips, Endpoint: custom } = parameters
  if (custom !== undefined) {
    if (fips || dualStack)
      throw new Error('a custom endpoint cannot be combined with FIPS or dual-stack endpoints')
    return { url: new URL(custom) }
  }
  if (region === undefined) throw new Error(missingRegionText)
  const { name, dnsSuffix, dualStackDnsSuffix } = partition(region)
  // The regular endpoints of GovCloud are FIPS endpoints.
  const isFipsHost = fips && !(name === 'aws-us-gov' && !dualStack)
  const host = `acm-pca${isFipsHost ? '-fips' : ''}.${region}`
  return { url: new URL(`https://${host}.${dualStack ? dualStackDnsSuffix : dnsSuffix}`) }
}
