import { resourceNotFound } from '../../errors.ts'
import { findResourcePolicy, findSharePolicies } from '../../store/resource-policies.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn, awsPolicy } from '../shared/shapes.ts'

/** Returns the resource policy of a CA (AWS Private CA API, GetPolicy). */
export const getPolicy = authorityOperation({
  name: 'GetPolicy',
  input: structure({
    ResourceArn: required(arn),
  }),
  output: structure({
    Policy: awsPolicy,
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.ResourceArn,
  event: 'administer',
  async run(services, _input, { authority, arn: authorityArn }) {
    const Policy =
      (await findResourcePolicy(services.db, authority.number)) ??
      policyOfShares(await findSharePolicies(services.db, authority.number))
    if (Policy === undefined)
      throw resourceNotFound(`Could not find policy for resource ${authorityArn}.`)
    return { Policy }
  },
})

/** Merges the policies of all resource shares into one policy. Returns undefined if there are no shares. */
function policyOfShares(policies: readonly string[]): string | undefined {
  if (policies.length === 0) return undefined
  const statements = policies.flatMap(
    (policy) => (JSON.parse(policy) as { readonly Statement: readonly unknown[] }).Statement,
  )
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}
