import { requireSharingPolicy } from '../../../src/policy/sharing-policy.ts'
import { jsonProblem } from '../../api/json-problem.ts'

/** Returns why PutPolicy would reject a policy for the CA, or undefined if PutPolicy would accept it. */
export function policyProblem(text: string, arn: string): string | undefined {
  const problem = jsonProblem(text)
  if (problem !== undefined) return problem
  try {
    requireSharingPolicy(text, { arn, partition: arn.split(':')[1] ?? 'aws' })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
