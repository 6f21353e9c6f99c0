/** Users, roles and access keys in the form that the API and commands return, with the same member names as in AWS's IAM API. */
import type { Tags } from '../identity/caller.ts'
import { roleArn, userArn } from '../identity/principal-arn.ts'
import type { AccessKeyRecord } from '../store/access-keys.ts'
import type { IdentityPolicy } from '../store/identity-policies.ts'
import type { RoleSummary } from '../store/roles.ts'
import type { UserSummary } from '../store/users.ts'

/** The AWS partition for commands, which work without a Region. */
export const commandPartition = 'aws'

export function viewUser(user: UserSummary, partition: string) {
  const { userName, userId, accountId, tags, createdAt, lastUsedAt } = user
  return {
    UserName: userName,
    UserId: userId,
    AccountId: accountId,
    Arn: userArn({ partition, accountId }, userName),
    Tags: viewTags(tags),
    CreateDate: createdAt,
    PolicyCount: user.policyCount,
    AccessKeyCount: user.accessKeyCount,
    ...(lastUsedAt && { LastUsedDate: lastUsedAt }),
  }
}

/** Returns a role without its trust policy, which would make a list large. */
export function viewRole(role: RoleSummary, partition: string) {
  const { roleName, roleId, accountId, sessionSecondsMax, tags, createdAt, policyCount } = role
  return {
    RoleName: roleName,
    RoleId: roleId,
    AccountId: accountId,
    Arn: roleArn({ partition, accountId }, roleName),
    MaxSessionDuration: sessionSecondsMax,
    Tags: viewTags(tags),
    CreateDate: createdAt,
    PolicyCount: policyCount,
  }
}

/** Returns an access key without its secret and without its policy. */
export function viewAccessKey(key: AccessKeyRecord) {
  const { accessKeyId, accountId, owner, active, createdAt, lastUse } = key
  return {
    AccessKeyId: accessKeyId,
    AccountId: accountId,
    ...(owner.kind === 'user'
      ? { UserName: owner.userName }
      : {
          ServicePrincipal: owner.name,
          ...(owner.sourceArn !== undefined && { SourceArn: owner.sourceArn }),
        }),
    Status: active ? ('Active' as const) : ('Inactive' as const),
    CreateDate: createdAt,
    HasPolicy: key.policy !== undefined,
    ...(lastUse && {
      LastUsedDate: lastUse.at,
      LastUsedRegion: lastUse.region,
      LastUsedService: lastUse.service,
    }),
  }
}

/** Returns a policy whose document is JSON text. */
export function viewPolicy({ name, policy }: IdentityPolicy) {
  return { PolicyName: name, PolicyDocument: policy }
}

function viewTags(tags: Tags) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
