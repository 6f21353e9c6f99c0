/** A user or role with its policies. */
import { listAccessKeysOfUser } from '../store/access-keys.ts'
import type { Database } from '../store/database.ts'
import { listPoliciesOf } from '../store/identity-policies.ts'
import type { Role } from '../store/roles.ts'
import { summarizeUser, type User } from '../store/users.ts'
import { viewAccessKey, viewPolicy, viewRole, viewUser } from './views.ts'

/**
 * Maximum numbers of policies and access keys of a user or role in a response. The counts in the response include policies and
 * access keys that the response omits.
 */
const policiesMax = 100
const accessKeysMax = 100

/** Returns a user with its policies and its oldest access keys, without secrets. The policies are JSON text. */
export async function viewUserDetails(db: Database, user: User, partition: string) {
  const page = { after: undefined, limit: accessKeysMax }
  const [summary, policies, accessKeys] = await Promise.all([
    summarizeUser(db, user),
    listPoliciesOf(db, user.userId, policiesMax),
    listAccessKeysOfUser(db, user.userId, page),
  ])
  return {
    ...viewUser(summary, partition),
    Policies: policies.map(viewPolicy),
    AccessKeys: accessKeys.map((key) => ({
      ...viewAccessKey(key),
      ...(key.policy !== undefined && { PolicyDocument: key.policy }),
    })),
  }
}

/** Returns a role with its trust policy and its policies, which are JSON text. */
export async function viewRoleDetails(db: Database, role: Role, partition: string) {
  const policies = await listPoliciesOf(db, role.roleId)
  return {
    ...viewRole({ ...role, policyCount: policies.length }, partition),
    AssumeRolePolicyDocument: role.trustPolicy,
    Policies: policies.slice(0, policiesMax).map(viewPolicy),
  }
}
