/** The principal in a simulation, with its policies as they are stored. */
import { acmServicePrincipal, type Caller } from '../../identity/caller.ts'
import { sessionArn } from '../../identity/principal-arn.ts'
import { resourceNotFound, validationFailed } from '../../errors.ts'
import { listKeyPoliciesOf } from '../../store/access-keys.ts'
import { findAccount } from '../../store/accounts.ts'
import type { Database } from '../../store/database.ts'
import { listPoliciesOf } from '../../store/identity-policies.ts'
import { findRole } from '../../store/roles.ts'
import { findUser } from '../../store/users.ts'
import type { PolicySource } from './explain-decision.ts'
import { callerOfEndpoint, parseEndpointArn, type EndpointPrincipal } from './simulated-endpoint.ts'

export interface SimulatedPrincipal {
  readonly caller: Caller
  /** Sources of the caller's identity policies, in the order of the policies. */
  readonly sources: readonly PolicySource[]
  /** Condition keys whose values are unknown, although a real request would have them. */
  readonly unknownKeys: ReadonlySet<string>
  readonly warnings: readonly string[]
}

/** The principal in the SimulatePolicy input. */
export interface PrincipalRequest {
  readonly principalArn: string
  readonly accessKeyId: string | undefined
  readonly sessionPolicy: string | undefined
}

const accountForm = /^(?:arn:[a-z0-9-]+:iam::)?(\d{12})(?::root)?$/
const principalForm =
  /^arn:[a-z0-9-]+:(?:iam|sts)::(\d{12}):(user|role|assumed-role)\/([^/*?\s]+)(?:\/([^/*?\s]+))?$/
/** Session name for a role, because only role sessions make requests. */
const sessionName = 'simulation'

const allowEverything = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
})

/** A principal whose details are unknown. */
type Base = Omit<Caller, 'arn' | 'principal' | 'policies'>

/**
 * Finds a principal in the account. The policies of another account are not visible, so they are assumed to allow everything.
 * Throws ResourceNotFoundException if the account has no such user, role, endpoint or access key, and ValidationException for any
 * other text.
 */
export async function simulatedPrincipal(
  db: Database,
  { partition, region, accountId }: Caller,
  request: PrincipalRequest,
): Promise<SimulatedPrincipal> {
  const { principalArn } = request
  const base = { partition, region, accountId, accessKeyId: '', sessionPolicies: undefined }
  if (principalArn === acmServicePrincipal)
    return serviceOf({ ...base, organizationId: undefined }, request)
  const endpoint = parseEndpointArn(principalArn)
  if (endpoint?.accountId === accountId && endpoint.region === region) {
    refuseAccessKey(request)
    refuseSessionPolicy(request)
    return endpointOf(db, endpoint)
  }
  const [, ofAccount] = accountForm.exec(principalArn) ?? []
  const [, ofPrincipal, kind, name = '', session] = principalForm.exec(principalArn) ?? []
  const account = ofAccount ?? ofPrincipal
  if (account === undefined || (kind === 'assumed-role') !== (session !== undefined))
    throw validationFailed(
      "PrincipalArn must be an account ID, acm.amazonaws.com, or the ARN of a user, a role, a role session, or one of the account's endpoints in the Region.",
    )
  if (account !== accountId)
    return foreignPrincipal({ ...base, accountId: account, organizationId: undefined }, request)
  if (kind === undefined)
    throw validationFailed(
      "PrincipalArn is the account itself; it must be one of the account's users or roles, or another account.",
    )
  const organizationId = await organizationOf(db, accountId)
  return kind === 'user'
    ? userOf(db, { ...base, organizationId }, { ...request, userName: name })
    : roleOf(db, { ...base, organizationId }, { ...request, roleName: name, session })
}

/** The policy of an endpoint is generated from its configuration. */
async function endpointOf(db: Database, endpoint: EndpointPrincipal): Promise<SimulatedPrincipal> {
  const caller = await callerOfEndpoint(db, endpoint)
  const organizationId = await organizationOf(db, caller.accountId)
  const principal = `${endpoint.protocol}/${endpoint.name}`
  return {
    caller: { ...caller, organizationId },
    sources: caller.policies.map((text) => ({ type: 'ENDPOINT_POLICY', principal, text })),
    unknownKeys: new Set(),
    warnings: [],
  }
}

async function organizationOf(db: Database, accountId: string): Promise<string | undefined> {
  return (await findAccount(db, accountId))?.organizationId
}

function serviceOf(base: Base, request: PrincipalRequest): SimulatedPrincipal {
  refuseAccessKey(request)
  refuseSessionPolicy(request)
  const principal = { kind: 'service', name: acmServicePrincipal, sourceArn: undefined } as const
  const caller = { ...base, arn: acmServicePrincipal, principal, policies: [] }
  return { caller, sources: [], unknownKeys: new Set(), warnings: [] }
}

function foreignPrincipal(base: Base, request: PrincipalRequest): SimulatedPrincipal {
  refuseAccessKey(request)
  refuseSessionPolicy(request)
  const { principalArn } = request
  const { accountId, partition } = base
  const isAccount = accountForm.test(principalArn)
  const [, , kind, name = '', session = sessionName] = principalForm.exec(principalArn) ?? []
  const isSession = kind === 'role' || kind === 'assumed-role'
  const principal = isSession
    ? { ...unknownSession, roleName: name, roleId: 'unknown', sessionName: session, tags: {} }
    : ({ kind: 'user', userName: name, userId: 'unknown', tags: {} } as const)
  const arn = isAccount
    ? `arn:${partition}:iam::${accountId}:root`
    : isSession
      ? sessionArn(base, { roleName: name, sessionName: session })
      : principalArn
  const unknownKeys = ['aws:userid', 'aws:tokenissuetime', 'aws:principalorgid']
  const ofAccount = ['aws:username', 'aws:principalarn', 'aws:principaltype']
  return {
    caller: { ...base, arn, principal, policies: [allowEverything] },
    sources: [{ type: 'OTHER_ACCOUNT', text: allowEverything }],
    unknownKeys: new Set(isAccount ? [...unknownKeys, ...ofAccount] : unknownKeys),
    warnings: [
      `The identity policies in account ${accountId} are not visible. The simulation assumes that they allow the actions.`,
    ],
  }
}

async function userOf(
  db: Database,
  base: Base,
  { userName, ...request }: PrincipalRequest & { readonly userName: string },
): Promise<SimulatedPrincipal> {
  refuseSessionPolicy(request)
  const { partition, accountId } = base
  const user = await findUser(db, { accountId, userName })
  if (user?.userName !== userName)
    throw resourceNotFound(`Account ${accountId} has no user ${userName}.`)
  const keys = await listKeyPoliciesOf(db, user.userId)
  const { accessKeyId } = request
  const key = keys.find((each) => each.accessKeyId === accessKeyId)
  if (accessKeyId !== undefined && key === undefined)
    throw resourceNotFound(`User ${userName} has no active access key ${accessKeyId}.`)
  const others = keys.filter(({ policy }) => policy !== undefined).map((each) => each.accessKeyId)
  const sources: readonly PolicySource[] = [
    ...(key?.policy === undefined
      ? []
      : [
          {
            type: 'ACCESS_KEY_POLICY',
            name: key.accessKeyId,
            principal: userName,
            text: key.policy,
          } as const,
        ]),
    ...(await identitySources(db, user.userId, userName)),
  ]
  return {
    caller: {
      ...base,
      arn: `arn:${partition}:iam::${accountId}:user/${userName}`,
      principal: { kind: 'user', userName, userId: user.userId, tags: user.tags },
      policies: sources.map(({ text }) => text),
    },
    sources,
    unknownKeys: new Set(),
    warnings:
      accessKeyId === undefined && others.length > 0
        ? [
            `Requests with these access keys of ${userName} have an additional policy, which the simulation omits: ${others.join(', ')}. Specify AccessKeyId to include the policy of one access key.`,
          ]
        : [],
  }
}

const unknownSession = {
  kind: 'role-session',
  issuedAt: new Date(0),
  transitiveTags: {},
  sourceIdentity: undefined,
  federatedProvider: undefined,
} as const

async function roleOf(
  db: Database,
  base: Base,
  {
    roleName,
    session,
    ...request
  }: PrincipalRequest & { readonly roleName: string; readonly session: string | undefined },
): Promise<SimulatedPrincipal> {
  refuseAccessKey(request)
  const { accountId } = base
  const role = await findRole(db, { accountId, roleName })
  if (role === undefined) throw resourceNotFound(`Account ${accountId} has no role ${roleName}.`)
  const { roleId, tags } = role
  const named = { roleName, sessionName: session ?? sessionName }
  const sources = await identitySources(db, roleId, roleName)
  const { sessionPolicy } = request
  return {
    caller: {
      ...base,
      arn: sessionArn(base, named),
      principal: { ...unknownSession, ...named, roleId, tags },
      policies: sources.map(({ text }) => text),
      sessionPolicies: sessionPolicy === undefined ? undefined : [sessionPolicy],
    },
    sources,
    unknownKeys: new Set(['aws:tokenissuetime', ...(session === undefined ? ['aws:userid'] : [])]),
    warnings: [],
  }
}

async function identitySources(
  db: Database,
  principalId: string,
  principal: string,
): Promise<PolicySource[]> {
  const policies = await listPoliciesOf(db, principalId)
  return policies.map(({ name, policy: text }) => ({
    type: 'IDENTITY_POLICY',
    name,
    principal,
    text,
  }))
}

function refuseAccessKey({ accessKeyId }: PrincipalRequest): void {
  if (accessKeyId !== undefined)
    throw validationFailed("AccessKeyId requires the PrincipalArn of one of the account's users.")
}

function refuseSessionPolicy({ sessionPolicy }: PrincipalRequest): void {
  if (sessionPolicy !== undefined)
    throw validationFailed("SessionPolicy requires the PrincipalArn of one of the account's roles.")
}
