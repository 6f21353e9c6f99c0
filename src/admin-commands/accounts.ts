/** Commands of `signet account`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { listAccountsWithPolicy } from '../store/approval-policies.ts'
import type { Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'
import { insertAccount, listAccounts, setOrganization, type Account } from '../store/accounts.ts'
import { changeOr, listingOf } from './require-rows.ts'
import { requireSecondPersonForPrincipals } from './second-person.ts'

const organizationForm = /^o-[a-z0-9]{10,32}$/

/** Creates an account. Throws ConfigurationError if the account already exists. */
export async function addAccount(config: Config, accountId: string, organizationId?: string) {
  requireOrganization(organizationId)
  const account = { accountId, organizationId, createdAt: systemClock.now() }
  await withData(config, async ({ db }) => {
    const command = 'account create'
    const approved = await requireApprovals({ db, config }, { command, accountId, organizationId })
    await changeOr(
      `account ${accountId} already exists`,
      { db, context: operatorContext(config, command) },
      [...approved, insertAccount(account)],
    )
  })
  return toPrintedAccount(account)
}

/**
 * Adds an account to an organization, or removes it from its organization. Throws ConfigurationError if the account does not
 * exist.
 */
export async function moveAccount(
  config: Config,
  accountId: string,
  organizationId: string | undefined,
): Promise<void> {
  requireOrganization(organizationId)
  await withData(config, async ({ db }) => {
    const command = 'account update'
    const approved = await requireApprovals({ db, config }, { command, accountId, organizationId })
    await changeOr(
      `account ${accountId} does not exist`,
      { db, context: operatorContext(config, command) },
      [...approved, setOrganization(accountId, organizationId)],
    )
  })
}

/**
 * Requires approval from every affected account whose policy requires it. A change of organization affects the account and the
 * members of its new organization. The account gains access to the resources that those members share. Returns the SQL statements
 * for the transaction. Throws ConfigurationError with the ID of each missing approval.
 */
async function requireApprovals(
  { db, config }: { readonly db: Database; readonly config: Config },
  {
    command,
    accountId,
    organizationId,
  }: {
    readonly command: string
    readonly accountId: string
    readonly organizationId: string | undefined
  },
): Promise<readonly Sql[]> {
  const others =
    organizationId === undefined ? [] : await listAccountsWithPolicy(db, organizationId)
  const input = { account: accountId, organization: organizationId }
  const statements: Sql[] = []
  const problems: string[] = []
  for (const each of new Set([accountId, ...others]))
    try {
      const critical = { accountId: each, command, input }
      statements.push(...(await requireSecondPersonForPrincipals({ db, config }, critical)))
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      problems.push(error.message)
    }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return statements
}

export const listAllAccounts = listingOf(listAccounts, toPrintedAccount)

function requireOrganization(organizationId: string | undefined): void {
  if (organizationId !== undefined && !organizationForm.test(organizationId))
    throw new ConfigurationError(
      `--organization must be o- and 10 to 32 lower-case letters and digits, not '${organizationId}'`,
    )
}

function toPrintedAccount({ accountId, organizationId, createdAt }: Account) {
  return {
    AccountId: accountId,
    ...(organizationId !== undefined && { OrganizationId: organizationId }),
    CreateDate: createdAt.toISOString(),
  }
}
