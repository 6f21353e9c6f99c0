import { parsePolicy, type PolicyKind } from '../policy/policy-document.ts'
import { ConfigurationError } from '../errors.ts'

/**
 * What of a policy is not understood, one sentence each. Throws ConfigurationError, naming the flag, for a text that is
 * no policy.
 */
export function checkPolicy(flag: string, policy: string, kind: PolicyKind): readonly string[] {
  const { statements, problems } = parsePolicy(policy, kind)
  if (statements.length === 0)
    throw new ConfigurationError(problems.map((problem) => `${flag}: ${problem}`).join('\n'))
  return problems
}
