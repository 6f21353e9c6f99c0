/** SimulatePolicy, which shows the policy statements that decide a request. AWS Private CA does not have it. */
import { call } from './call.ts'
import { checkOptions, textRule, texts, type OptionRules } from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

/** A condition key with its values, such as the template of a request. */
export interface ContextEntry {
  readonly ContextKeyName: string
  readonly ContextKeyValues: readonly string[]
}

/** The input of simulatePolicy. */
export interface SimulatePolicyInput {
  /** ARN of a user, role, session, or ACME or EST endpoint, an account ID, or `acm.amazonaws.com`. */
  readonly PrincipalArn: string
  /** IAM actions, such as `acm-pca:IssueCertificate`: 1 to 50. */
  readonly ActionNames: readonly string[]
  /** ARN of one of the account's CAs; by default, the whole account. */
  readonly ResourceArn?: string
  /** Condition keys of the simulated request. Keys of the principal, the CA's tags and the time are known. */
  readonly ContextEntries?: readonly ContextEntry[]
  /** A resource policy as JSON, to test in place of the CA's policy. */
  readonly Policy?: string
  /** A session policy as JSON, for a role. */
  readonly SessionPolicy?: string
  /** The access key whose own policy also applies, for a user. */
  readonly AccessKeyId?: string
}

/** A statement that decides a simulated request. */
export interface SimulatedStatement {
  readonly Source:
    | 'IDENTITY_POLICY'
    | 'ACCESS_KEY_POLICY'
    | 'ENDPOINT_POLICY'
    | 'SESSION_POLICY'
    | 'RESOURCE_POLICY'
    | 'UNSAVED_POLICY'
    | 'SHARE'
    | 'PERMISSION'
  /** Name of the identity policy, or ID of the access key. */
  readonly PolicyName?: string
  /** Name of the user, role or endpoint with the policy. */
  readonly Principal?: string
  readonly Sid?: string
  /** Position in the policy; the first statement is 1. */
  readonly StatementNumber: number
  /** The statement as JSON. */
  readonly Statement: string
}

/** The decision on an action. */
export interface SimulationResult {
  readonly ActionName: string
  readonly Decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The reason for a denial, as in AccessDeniedException. */
  readonly Reason?: string
  /** The Deny statement, or the Allow statements that are required. */
  readonly Statements: readonly SimulatedStatement[]
  /** Condition keys that policies refer to, and that have no value. */
  readonly MissingContextKeys: readonly string[]
}

/** The decisions on the actions, in order. */
export interface SimulatePolicyOutput {
  readonly Resource: string
  readonly Results: readonly SimulationResult[]
  /** Errors in `Policy` and `SessionPolicy`. */
  readonly PolicyProblems: readonly string[]
  readonly Warnings: readonly string[]
}

/** The client's method for simulations. Only Signet has this operation. */
export interface SimulationOperations {
  /**
   * Returns whether a principal may perform actions, and the policy statements that decide this.
   *
   * @throws TypeError for an unknown option and for a value of a wrong type
   * @throws ClientError `AccessDeniedException`, `ValidationException`, `InvalidArnException`, and
   * `ResourceNotFoundException` for a nonexistent principal or CA
   * @example
   * const { Results } = await client.simulatePolicy({
   *   PrincipalArn: 'arn:aws:iam::123456789012:user/alice',
   *   ActionNames: ['acm-pca:IssueCertificate'],
   *   ResourceArn: arn,
   * })
   */
  simulatePolicy(input: SimulatePolicyInput, options?: CallOptions): Promise<SimulatePolicyOutput>
}

const rules: OptionRules<SimulatePolicyInput> = {
  PrincipalArn: { ...textRule, isRequired: true },
  ActionNames: { ...texts("['acm-pca:IssueCertificate']"), isRequired: true },
  ResourceArn: textRule,
  ContextEntries: {
    expected: 'an array of objects with ContextKeyName and ContextKeyValues',
    accepts: Array.isArray,
  },
  Policy: textRule,
  SessionPolicy: textRule,
  AccessKeyId: textRule,
}

export function simulationOperations(sdk: SdkClient): SimulationOperations {
  return {
    async simulatePolicy(input, options = {}) {
      checkOptions('simulatePolicy', input, rules)
      return (await call(sdk, 'simulatePolicy', { input, options })) as SimulatePolicyOutput
    },
  }
}
