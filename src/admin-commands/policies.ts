/** Commands of `signet policy`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import {
  deleteIdentityPolicy,
  listPoliciesOf,
  putIdentityPolicy,
} from '../store/identity-policies.ts'
import { changeOr, resolveAccount } from './require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from './second-person.ts'
import { checkPolicy, requirePolicyName } from './principal-options.ts'
import { requireRole } from './roles.ts'
import { requireUser } from './users.ts'

/** A user or role with its account; the oldest account by default. */
export interface PolicyOwner {
  readonly accountId: string | undefined
  readonly userName: string | undefined
  readonly roleName: string | undefined
}

/**
 * Stores a policy for a principal, replacing any existing policy with the same name. Throws ConfigurationError for an
 * invalid policy.
 */
export async function putPolicy(
  config: Config,
  owner: PolicyOwner,
  policy: { readonly name: string; readonly policy: string },
): Promise<void> {
  requirePolicyName(policy.name)
  checkPolicy('--policy', policy.policy, 'identity')
  await withData(config, async ({ db }) => {
    const principalId = await principalIdOf(db, owner)
    const approved = await approve(
      { db, config },
      {
        accountId: await resolveAccount(db, owner.accountId),
        command: 'policy put',
        input: { principalId, principal: owner.userName ?? owner.roleName, ...policy },
      },
    )
    const problem = 'another command changed the policy at the same time; run the command again'
    await changeOr(problem, { db, context: operatorContext(config, 'policy put') }, [
      ...approved,
      putIdentityPolicy(principalId, policy),
    ])
  })
}

export async function listPolicies(config: Config, owner: PolicyOwner) {
  return withData(config, async ({ db }) => {
    const policies = await listPoliciesOf(db, await principalIdOf(db, owner))
    return policies.map(({ name, policy }) => ({
      PolicyName: name,
      PolicyDocument: JSON.parse(policy) as unknown,
    }))
  })
}

/** Deletes a policy of a principal. Throws ConfigurationError if the principal has no policy with that name. */
export async function removePolicy(
  config: Config,
  owner: PolicyOwner,
  name: string,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const principalId = await principalIdOf(db, owner)
    const problem = `${owner.userName ?? owner.roleName} has no policy ${name}`
    const approved = await approve(
      { db, config },
      {
        accountId: await resolveAccount(db, owner.accountId),
        command: 'policy delete',
        input: { principalId, principal: owner.userName ?? owner.roleName, name },
      },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'policy delete') }, [
      ...approved,
      deleteIdentityPolicy(principalId, name),
    ])
  })
}

async function principalIdOf(
  db: Database,
  { accountId, userName, roleName }: PolicyOwner,
): Promise<string> {
  if (userName !== undefined && roleName === undefined)
    return (await requireUser(db, { accountId, userName })).userId
  if (roleName !== undefined && userName === undefined)
    return (await requireRole(db, { accountId, roleName })).roleId
  throw new ConfigurationError('either --user or --role is required')
}
