/** Policy simulation: shows which policy statements allow or deny a request. AWS Private CA does not have SimulatePolicy. */
import { textRule, texts, type OptionRules } from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

/** A condition key and its values, such as the template of a request. */
export interface ContextEntry {
  readonly ContextKeyName: string
  readonly ContextKeyValues: readonly string[]
}

/** The input of simulatePolicy. */
export interface SimulatePolicyInput {
  /**
   * Principal of the simulated request: the ARN of a user, role, session, ACME endpoint or EST
   * endpoint, an account ID, or `acm.amazonaws.com`.
   */
  readonly PrincipalArn: string
  /** Between 1 and 50 IAM actions, such as `acm-pca:IssueCertificate`. */
  readonly ActionNames: readonly string[]
  /** ARN of one of the account's CAs; by default, the request applies to the whole account. */
  readonly ResourceArn?: string
  /** Condition keys of the simulated request. The server adds the principal's condition keys, the CA's tags and the time. */
  readonly ContextEntries?: readonly ContextEntry[]
  /** A resource policy as JSON, which is tested instead of the CA's policy. */
  readonly Policy?: string
  /** A session policy as JSON, if the principal is a role. */
  readonly SessionPolicy?: string
  /** An access key whose own policy also applies, if the principal is a user. */
  readonly AccessKeyId?: string
}

/** A policy statement that decides a simulated request. */
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
  /** Name of the identity policy, or ID of the access key that has the policy. */
  readonly PolicyName?: string
  /** Name of the user, role or endpoint that has the policy. */
  readonly Principal?: string
  readonly Sid?: string
  /** Position of the statement in its policy, starting from 1. */
  readonly StatementNumber: number
  /** The policy statement as JSON. */
  readonly Statement: string
}

/** The decision about an action. */
export interface SimulationResult {
  readonly ActionName: string
  readonly Decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The reason for a denial, worded as in AccessDeniedException. */
  readonly Reason?: string
  /** The Deny statement, or all Allow statements that are required. */
  readonly Statements: readonly SimulatedStatement[]
  /** Condition keys that the policies refer to but that have no value. */
  readonly MissingContextKeys: readonly string[]
}

/** The decision for each action, in the order of the request. */
export interface SimulatePolicyOutput {
  readonly Resource: string
  readonly Results: readonly SimulationResult[]
  /** Errors found in `Policy` and `SessionPolicy`. */
  readonly PolicyProblems: readonly string[]
  readonly Warnings: readonly string[]
}

/** The client's method for policy simulation. Only Signet has the SimulatePolicy operation. */
export interface SimulationOperations {
  /**
   * Returns whether a principal may perform the given actions, and the policy statements that decide each action.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
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
  return { simulatePolicy: ownMethods(sdk)('simulatePolicy', rules) }
}
