/** Requires a second person's approval for the data folder commands that are listed in the account's approval policy. */
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

/** A command that changes data in the data folder. An approval allows an exact repetition of the command. */
export interface CriticalCommand {
  readonly accountId: string
  readonly action: ApprovalAction | typeof policyChange
  /** Name of the command, such as `user create`. */
  readonly command: string
  /** The parameters that determine what the command does. */
  readonly input: object
}

interface CommandData {
  readonly db: Database
  readonly config: Config
}

/**
 * Returns the SQL statements that a command's transaction must include to check the policy and use up the approval.
 * Throws ConfigurationError with the approval ID if the command has not been approved.
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

/**
 * The action `change-principals` applies to commands that change users, roles, policies, access keys, identity providers
 * and accounts.
 */
export function requireSecondPersonForPrincipals(
  data: CommandData,
  command: Omit<CriticalCommand, 'action'>,
): Promise<readonly Sql[]> {
  return requireSecondPerson(data, { ...command, action: 'change-principals' })
}

/** The operating-system user, who never counts as the same person as an API principal. */
export function operatingSystemUser(): Requester {
  const name = `${userName()}@${hostname()}`
  return { arn: `operating system user ${name}`, person: `os:${name}` }
}

/** A user who is missing from the user database, as in a container, has only a numeric ID. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
