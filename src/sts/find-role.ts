import type { Database } from '../store/database.ts'
import { findRole, type Role } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import { parseArn } from '../wire/arn.ts'

const roleForm = /^role\/(?:[!-.0-~]+\/)*([\w+=,.@-]{1,64})$/
const accountForm = /^\d{12}$/

/** Account and name in the ARN of a role; the role does not necessarily exist. */
interface RoleName {
  readonly partition: string
  readonly accountId: string
  readonly roleName: string
}

/** Parses a role ARN. Throws ValidationError for any other string. */
function requireRoleArn(text: string): RoleName {
  const arn = parseArn(text)
  const roleName = arn && roleForm.exec(arn.resource)?.[1]
  const isRole =
    arn?.service === 'iam' && arn.region === '' && accountForm.test(arn.accountId) && roleName
  if (arn === undefined || !isRole) throw new QueryError('ValidationError', `${text} is invalid`)
  return { partition: arn.partition, accountId: arn.accountId, roleName }
}

/** Finds a role by account and name. Roles in Signet have no path, so an ARN with a path never matches. */
export async function findNamedRole(
  db: Database,
  text: string,
): Promise<{ readonly name: RoleName; readonly role: Role | undefined }> {
  const name = requireRoleArn(text)
  const isPlain = text.endsWith(`:role/${name.roleName}`)
  return { name, role: isPlain ? await findRole(db, name) : undefined }
}
