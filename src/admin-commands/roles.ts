/** Commands of `signet role`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import { newUniqueId } from '../identity/new-credentials.ts'
import type { Tags } from '../identity/caller.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { viewRoleDetails } from '../principals/details.ts'
import { commandPartition, viewRole } from '../principals/views.ts'
import { systemRandom } from '../random.ts'
import type { Database } from '../store/database.ts'
import { deletePoliciesOf, listPoliciesOf } from '../store/identity-policies.ts'
import {
  deleteRole,
  findRole,
  insertRole,
  listRoles,
  updateRole,
  type Role,
  type RoleSummary,
} from '../store/roles.ts'
import {
  changeOr,
  findSimilarName,
  missingRow,
  pagedListingOf,
  requireRow,
  resolveAccount,
} from './require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from './second-person.ts'
import { checkPolicy, requireName } from './principal-options.ts'

/** A role and its account; the oldest account by default. */
interface RoleName {
  readonly accountId: string | undefined
  readonly roleName: string
}

/** Options that both `create` and `update` accept. */
export interface RoleOptions {
  /** The role's trust policy as JSON. */
  readonly trustPolicy?: string
  readonly sessionSecondsMax?: number
  readonly tags?: Tags
}

const sessionSecondsDefault = 3600

/** Creates a role. Throws ConfigurationError if the role name is already in use, or for an invalid policy. */
export async function addRole(
  config: Config,
  { accountId, roleName }: RoleName,
  options: RoleOptions & { readonly trustPolicy: string },
) {
  requireName('--role', roleName)
  requireOptions(options)
  return withData(config, async ({ db }) => {
    const role: Role = {
      roleId: newUniqueId('role', systemRandom),
      accountId: await resolveAccount(db, accountId),
      roleName,
      sessionSecondsMax: sessionSecondsDefault,
      tags: {},
      createdAt: systemClock.now(),
      ...options,
    }
    const problem = `account ${role.accountId} already has a role ${roleName}`
    const input = { roleName, ...options }
    const approved = await approve(
      { db, config },
      { accountId: role.accountId, command: 'role create', input },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'role create') }, [
      ...approved,
      insertRole(role),
    ])
    const view = viewRole({ ...role, policyCount: 0 }, commandPartition)
    return { ...view, AssumeRolePolicyDocument: role.trustPolicy }
  })
}

export const listAllRoles = pagedListingOf(listRoles, (role) => viewRole(role, commandPartition))

/** Returns a role with its trust policy and policies. Throws ConfigurationError if the role does not exist. */
export async function showRole(config: Config, name: RoleName) {
  return withData(config, async ({ db }) =>
    viewRoleDetails(db, await requireRole(db, name), commandPartition),
  )
}

/** Changes the specified settings of a role. Throws ConfigurationError if the role does not exist, or for an invalid policy. */
export async function changeRole(
  config: Config,
  name: RoleName,
  options: RoleOptions,
): Promise<void> {
  requireOptions(options)
  await withData(config, async ({ db }) => {
    const role = await requireRole(db, name)
    const input = { roleId: role.roleId, roleName: role.roleName, ...options }
    const approved = await approve(
      { db, config },
      { accountId: role.accountId, command: 'role update', input },
    )
    await changeOr(
      missingRow(role.accountId, `role ${role.roleName}`),
      { db, context: operatorContext(config, 'role update') },
      [...approved, updateRole({ ...role, ...options })],
    )
  })
}

/** Deletes a role, its policies and its sessions. Throws ConfigurationError if the role does not exist. */
export async function removeRole(config: Config, name: RoleName): Promise<void> {
  await withData(config, async ({ db }) => {
    const role = await requireRole(db, name)
    const input = { roleId: role.roleId, roleName: role.roleName }
    const approved = await approve(
      { db, config },
      { accountId: role.accountId, command: 'role delete', input },
    )
    await changeOr(
      missingRow(role.accountId, `role ${role.roleName}`),
      { db, context: operatorContext(config, 'role delete') },
      [
        ...approved,
        deletePoliciesOf(role.roleId, await listPoliciesOf(db, role.roleId)),
        deleteRole(role),
      ],
    )
  })
}

/** Finds a role by name. Throws ConfigurationError if the role does not exist. */
export function requireRole(db: Database, { accountId, roleName }: RoleName): Promise<Role> {
  return requireRow(db, accountId, {
    noun: `role ${roleName}`,
    find: (account) => findRole(db, { accountId: account, roleName }),
    findSimilar: (account) =>
      findSimilarName<RoleSummary>(
        roleName,
        (page) => listRoles(db, account, page),
        (role) => role.roleName,
      ),
  })
}

function requireOptions({
  trustPolicy,
  sessionSecondsMax = sessionSecondsDefault,
}: RoleOptions): void {
  if (trustPolicy !== undefined) checkPolicy('--trust-policy', trustPolicy, 'trust')
  if (sessionSecondsMax < 3600 || sessionSecondsMax > 43_200)
    throw new ConfigurationError('--max-session must be from 3600 to 43200 seconds')
}
