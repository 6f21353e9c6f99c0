import { setImmediate } from 'node:timers/promises'
import {
  decideAccess,
  evaluatedPolicies,
  permittedActions,
  targetOf,
  type ActionDecision,
} from '../../authorization/decide-access.ts'
import { resourceNotFound, ServiceError } from '../../errors.ts'
import type { ContextKeys } from '../../policy/pattern.ts'
import { parsePolicy } from '../../policy/policy-document.ts'
import { refusedContentText } from '../../policy/refused-content.ts'
import { requireSharingPolicy } from '../../policy/sharing-policy.ts'
import type { Services } from '../../services.ts'
import { findResourcePolicy, findSharePolicies } from '../../store/resource-policies.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import {
  enumeration,
  integer,
  list,
  required,
  string,
  structure,
  type Infer,
} from '../../wire/shapes/shape.ts'
import { operation, type ScopedCaller } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn, awsPolicy } from '../shared/shapes.ts'
import {
  explainDecision,
  sourceTypes,
  type ExplainedStatement,
  type PolicySource,
} from './explain-decision.ts'
import { simulatedPrincipal, type SimulatedPrincipal } from './simulated-principal.ts'

const contextEntry = structure({
  ContextKeyName: required(string({ min: 3, max: 256, pattern: String.raw`[^\s:]+:\S(.*\S)?` })),
  ContextKeyValues: required(list(string({ max: 256 }), { min: 1, max: 20 })),
})

const simulatePolicyInput = structure({
  PrincipalArn: required(string({ min: 12, max: 2048 })),
  ActionNames: required(
    list(string({ min: 3, max: 128, pattern: '[a-z0-9-]+:[A-Za-z0-9]+' }), { min: 1, max: 50 }),
  ),
  ResourceArn: arn,
  ContextEntries: list(contextEntry, { max: 20 }),
  Policy: awsPolicy,
  SessionPolicy: awsPolicy,
  AccessKeyId: string({ min: 1, max: 128, pattern: String.raw`\w+` }),
})

type Input = Infer<typeof simulatePolicyInput>

const result = structure({
  ActionName: string(),
  Decision: enumeration(['allowed', 'explicitDeny', 'implicitDeny']),
  Reason: string(),
  Statements: list(
    structure({
      Source: enumeration(sourceTypes),
      PolicyName: string(),
      Principal: string(),
      Sid: string(),
      StatementNumber: integer(),
      Statement: string(),
    }),
  ),
  MissingContextKeys: list(string()),
})

type Result = Encodable<typeof result>

/**
 * Decides requests in the same way as authorization, and returns the policy statements that decide them. The operation reveals
 * the account's policies, so policies written for AWS never allow it. AWS Private CA has no equivalent operation (decision 0048).
 */
export const simulatePolicy = operation({
  name: 'SimulatePolicy',
  actionPrefix: 'signet',
  input: simulatePolicyInput,
  output: structure({
    Resource: string(),
    Results: list(result),
    PolicyProblems: list(string()),
    Warnings: list(string()),
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidStateException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { db } = services
    const principal = await simulatedPrincipal(db, caller, {
      principalArn: input.PrincipalArn,
      accessKeyId: input.AccessKeyId,
      sessionPolicy: input.SessionPolicy,
    })
    const resource = await resourceSources(services, caller, input)
    const results: Result[] = []
    for (const action of input.ActionNames) {
      // Evaluating a long policy takes time, and must not delay other requests.
      await setImmediate()
      results.push(await decideAction(services, { input, principal, resource }, action))
    }
    return {
      Resource: targetOf(caller, input.ResourceArn).resource,
      Results: results,
      PolicyProblems: problemsOf(input, caller),
      Warnings: [...principal.warnings],
    }
  },
})

interface Simulation {
  readonly input: Input
  readonly principal: SimulatedPrincipal
  readonly resource: readonly PolicySource[]
}

/**
 * Finds the CA's resource policies. The CA must belong to the caller's account, because the response contains the CA's policies.
 */
async function resourceSources(
  services: Services,
  caller: ScopedCaller,
  { ResourceArn, Policy }: Input,
): Promise<readonly PolicySource[]> {
  if (ResourceArn === undefined) {
    if (Policy === undefined) return []
    throw new ServiceError('ValidationException', 'Policy requires the ResourceArn of a CA.')
  }
  const { authority } = await requireAuthority(services, caller, {
    arn: ResourceArn,
    event: 'describe',
  })
  if (authority.accountId !== caller.accountId)
    throw resourceNotFound(`Could not find certificate authority ${ResourceArn}.`)
  const stored = await findResourcePolicy(services.db, authority.number)
  const shares = await findSharePolicies(services.db, authority.number)
  return [
    ...(Policy === undefined
      ? stored === undefined
        ? []
        : [{ type: 'RESOURCE_POLICY', text: stored } as const]
      : [{ type: 'UNSAVED_POLICY', text: Policy } as const]),
    ...shares.map((text) => ({ type: 'SHARE', text }) as const),
  ]
}

async function decideAction(
  services: Services,
  { input, principal, resource }: Simulation,
  action: string,
): Promise<Result> {
  const { caller } = principal
  if (caller.principal.kind === 'service')
    return decideForService(services, input, { caller, action })
  const missing = new Set<string>()
  let decision: ActionDecision | undefined
  const access = {
    actions: [action],
    resourceArn: input.ResourceArn,
    keys: new Map<string, readonly string[]>(),
    sourceIp: undefined,
    isSecure: false,
  }
  await decideAccess(
    services,
    { caller, access },
    {
      visit: (found) => (decision = found),
      replaceKeys: (keys) => simulatedKeys(keys, { input, principal, missing }),
      ...(input.Policy !== undefined && {
        readPolicies: async () => resource.map(({ text }) => parsePolicy(text, 'resource')),
      }),
    },
  )
  if (decision === undefined) throw new Error('no decision was made')
  const session = input.SessionPolicy
  const sources = {
    identity: principal.sources,
    session: session === undefined ? [] : [{ type: 'SESSION_POLICY', text: session } as const],
    resource,
  }
  const { outcome, reason } = decision.verdict
  const content =
    outcome === 'allowed' ? '' : refusedContentText(evaluatedPolicies(decision), decision.request)
  return {
    ActionName: action,
    Decision: decisions[outcome],
    ...(reason !== '' && { Reason: `${reason}${content}` }),
    Statements: explainDecision(decision, sources).map(statementMembers),
    MissingContextKeys: [...missing].toSorted(),
  }
}

const decisions = {
  allowed: 'allowed',
  'explicit-deny': 'explicitDeny',
  'implicit-deny': 'implicitDeny',
} as const

/** Condition keys that describe the connection; absent in a simulation unless the caller specifies them. */
const connectionKeys = new Set(['aws:sourceip', 'aws:securetransport'])

/** Adds the given condition keys and hides unknown keys. Records the keys that a policy refers to but that have no value. */
function simulatedKeys(
  keys: ContextKeys,
  {
    input,
    principal,
    missing,
  }: {
    readonly input: Input
    readonly principal: SimulatedPrincipal
    readonly missing: Set<string>
  },
): ContextKeys {
  const given = new Map(
    (input.ContextEntries ?? []).map(({ ContextKeyName, ContextKeyValues }) => [
      ContextKeyName.toLowerCase(),
      ContextKeyValues,
    ]),
  )
  return {
    get(key) {
      const isUnknown = connectionKeys.has(key) || principal.unknownKeys.has(key)
      const values = given.get(key) ?? (isUnknown ? undefined : keys.get(key))
      if (values === undefined) missing.add(key)
      return values
    },
  }
}

/** Decides a request from a service, which needs a permission (CreatePermission). */
async function decideForService(
  services: Services,
  { ResourceArn }: Input,
  { caller, action }: { readonly caller: SimulatedPrincipal['caller']; readonly action: string },
): Promise<Result> {
  const permitted = await permittedActions(services, caller, targetOf(caller, ResourceArn))
  const common = { ActionName: action, MissingContextKeys: [] }
  if (!permitted.has(action))
    return {
      ...common,
      Decision: 'implicitDeny',
      Reason: `because no resource-based policy allows the ${action} action`,
      Statements: [],
    }
  const json = JSON.stringify({ Principal: caller.arn, Actions: [...permitted] })
  const found = {
    type: 'PERMISSION',
    name: undefined,
    principal: caller.arn,
    sid: undefined,
  } as const
  return {
    ...common,
    Decision: 'allowed',
    Statements: [statementMembers({ ...found, number: 1, json })],
  }
}

function statementMembers({ type, name, principal, sid, number, json }: ExplainedStatement) {
  return {
    Source: type,
    ...(name !== undefined && { PolicyName: name }),
    ...(principal !== undefined && { Principal: principal }),
    ...(sid !== undefined && { Sid: sid }),
    StatementNumber: number,
    Statement: json,
  }
}

/** Returns why PutPolicy would reject the unsaved policy, and which of its statements are not understood. */
function problemsOf(
  { Policy, ResourceArn, SessionPolicy }: Input,
  { partition }: ScopedCaller,
): string[] {
  const session =
    SessionPolicy === undefined
      ? []
      : parsePolicy(SessionPolicy, 'identity').problems.map(
          (problem) => `SessionPolicy: ${problem}`,
        )
  if (Policy === undefined || ResourceArn === undefined) return session
  const { problems } = parsePolicy(Policy, 'resource')
  try {
    requireSharingPolicy(Policy, { arn: ResourceArn, partition })
    return [...problems, ...session]
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return [...new Set([...problems, error.message]), ...session]
  }
}
