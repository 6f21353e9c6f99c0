/** Requires a second person for commands on the data folder that the approval policy of the account names. */
import { hostname, userInfo } from 'node:os'
import type { ApprovalAction, policyChange } from '../approval/actions.ts'
import { ApprovalRequiredError, requireApproval } from '../approval/require-approval.ts'
import { systemClock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import type { Config } from '../settings/config.ts'
import type { Requester } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'
import { operatorContext } from './operator.ts'

/** A command whose identical repetition an approval allows. */
export interface CriticalCommand {
  readonly accountId: string
  readonly action: ApprovalAction | typeof policyChange
  /** `user create` */
  readonly command: string
  /** The parameters that determine the effect. */
  readonly input: object
}

interface CommandData {
  readonly db: Database
  readonly config: Config
}

/**
 * Returns the statements about the policy and the approval of a command, for the transaction of its effect. Throws ConfigurationError with the approval ID if it is not approved.
 */
export async function requireSecondPerson(
  { db, config }: CommandData,
  { accountId, action, command, input }: CriticalCommand,
): Promise<readonly Sql[]> {
  try {
    return await requireApproval(
      { db, clock: systemClock, random: systemRandom },
      {
        accountId,
        action,
        operation: command,
        region: undefined,
        resourceArn: undefined,
        input,
        requester: operatingSystemUser,
        actor: operatorContext(config, command).actor,
      },
    )
  } catch (error) {
    if (!(error instanceof ApprovalRequiredError)) throw error
    throw new ConfigurationError(`signet ${command} was refused ${error.message}`)
  }
}

/** `change-principals` for the commands of users, roles, policies, access keys, identity providers and accounts. */
export function requireSecondPersonForPrincipals(
  data: CommandData,
  command: Omit<CriticalCommand, 'action'>,
): Promise<readonly Sql[]> {
  return requireSecondPerson(data, { ...command, action: 'change-principals' })
}

/** The user of the operating system. No principal of the API is the same person. */
export function operatingSystemUser(): Requester {
  const name = `${userName()}@${hostname()}`
  return { arn: `operating system user ${name}`, person: `os:${name}` }
}

/** A user without an entry in the user database, as in a container, has only a number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
