/**
 * Commands of `signet approval policy`, which select the actions in an account that need a second person's approval. The commands
 * also work while a server uses the same data.
 */
import { approvalActions, isApprovalAction, policyChange } from '../approval/actions.ts'
import { ConfigurationError } from '../errors.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { roleArn, userArn } from '../identity/principal-arn.ts'
import { decide } from '../policy/evaluation.ts'
import { parsePolicy } from '../policy/policy-document.ts'
import { listAccessKeys, type AccessKeyRecord } from '../store/access-keys.ts'
import {
  deleteApprovalPolicy,
  findApprovalPolicy,
  putApprovalPolicy,
} from '../store/approval-policies.ts'
import type { Database } from '../store/database.ts'
import { listPoliciesOf } from '../store/identity-policies.ts'
import { listRoles, type Role } from '../store/roles.ts'
import { readAllRows } from '../store/row-pages.ts'
import { listUsers, type User } from '../store/users.ts'
import { operatorContext } from './operator.ts'
import { changeOr, resolveAccount } from './require-rows.ts'
import { requireSecondPerson } from './second-person.ts'

export interface PolicyOptions {
  readonly actions: readonly string[]
  readonly windowSeconds: number
}

const windowMin = 60
const windowMax = 30 * 86_400
/** Two approvers are required, because a requester must not approve their own request. */
const approversMin = 2

/**
 * Stores an account's approval policy. Replacing an existing approval policy requires a second person's approval. Throws
 * ConfigurationError for an unknown action, and if fewer than two principals could approve requests.
 */
export async function setApprovalPolicy(
  config: Config,
  account: string | undefined,
  { actions, windowSeconds }: PolicyOptions,
) {
  const unknown = actions.find((action) => !isApprovalAction(action))
  if (unknown !== undefined || actions.length === 0)
    throw new ConfigurationError(
      `--action must be one of ${Object.keys(approvalActions).join(', ')}${unknown === undefined ? '' : `, not '${unknown}'`}`,
    )
  if (windowSeconds < windowMin || windowSeconds > windowMax)
    throw new ConfigurationError('--window must be a duration from 1m to 30d, such as 24h')
  return withData(config, async ({ db }) => {
    const accountId = await resolveAccount(db, account)
    const approvers = await approversOf(db, accountId)
    if (approvers.length < approversMin)
      throw new ConfigurationError(
        `at least ${approversMin} users or roles of account ${accountId} must be allowed to approve requests; ` +
          `at present, the following are allowed: ${approvers.join(', ') || 'none'}. Allow signet:ApproveRequest with signet policy put`,
      )
    const policy = { actions: [...new Set(actions)].toSorted(), windowSeconds }
    const approved = await requireSecondPerson(
      { db, config },
      {
        accountId,
        action: policyChange,
        command: 'approval policy set',
        input: policy,
      },
    )
    const problem = 'another command changed the approval policy at the same time'
    await changeOr(problem, { db, context: operatorContext(config, 'approval policy set') }, [
      ...approved,
      putApprovalPolicy(accountId, policy),
    ])
    return { ...toPrintedPolicy(accountId, policy), Approvers: approvers }
  })
}

/** Returns the approval policy and the principals that may approve requests. */
export async function showApprovalPolicy(config: Config, account: string | undefined) {
  return withData(config, async ({ db }) => {
    const accountId = await resolveAccount(db, account)
    const policy = await findApprovalPolicy(db, accountId)
    const printed = toPrintedPolicy(accountId, policy ?? { actions: [], windowSeconds: 0 })
    return { ...printed, Approvers: await approversOf(db, accountId) }
  })
}

/**
 * Deletes an account's approval policy, which requires a second person's approval. Throws ConfigurationError if the account has
 * no policy.
 */
export async function removeApprovalPolicy(
  config: Config,
  account: string | undefined,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const accountId = await resolveAccount(db, account)
    const approved = await requireSecondPerson(
      { db, config },
      {
        accountId,
        action: policyChange,
        command: 'approval policy delete',
        input: {},
      },
    )
    const problem = `account ${accountId} has no approval policy`
    await changeOr(problem, { db, context: operatorContext(config, 'approval policy delete') }, [
      ...approved,
      deleteApprovalPolicy(accountId),
    ])
  })
}

/**
 * Returns the ARNs of users and roles whose policies allow signet:ApproveRequest. Conditions are evaluated without a request, so
 * principals whose permission depends on a condition are omitted.
 */
async function approversOf(db: Database, accountId: string): Promise<readonly string[]> {
  const home = { partition: 'aws', accountId }
  const keys = await readAllRows<AccessKeyRecord>((page) => listAccessKeys(db, accountId, page))
  const users = await readAllRows<User>((page) => listUsers(db, accountId, page))
  const roles = await readAllRows<Role>((page) => listRoles(db, accountId, page))
  const principals = [
    ...users.map(({ userId, userName }) => ({
      id: userId,
      arn: userArn(home, userName),
      own: keys.flatMap(({ owner, policy, active }) =>
        owner.kind === 'user' && owner.userId === userId && active && policy !== undefined
          ? [policy]
          : [],
      ),
    })),
    ...roles.map(({ roleId, roleName }) => ({
      id: roleId,
      arn: roleArn(home, roleName),
      own: [],
    })),
  ]
  const approvers: string[] = []
  for (const { id, arn, own } of principals) {
    const stored = await listPoliciesOf(db, id)
    const decisions = [...own, ...stored.map(({ policy }) => policy)].map((text) =>
      decide(parsePolicy(text, 'identity'), {
        action: 'signet:ApproveRequest',
        resource: `arn:aws:acm-pca:us-east-1:${accountId}:certificate-authority/*`,
        keys: new Map(),
        principal: { accountId, names: [arn] },
      }),
    )
    if (decisions.includes('allowed') && !decisions.includes('denied')) approvers.push(arn)
  }
  return approvers
}

function toPrintedPolicy(accountId: string, { actions, windowSeconds }: PolicyOptions) {
  return { AccountId: accountId, Actions: actions, WindowSeconds: windowSeconds }
}
