/** `signet account`. The server may be running on the same data. */
import { operatorContext } from './operator.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { insertAccount, listAccounts, setOrganization, type Account } from '../store/accounts.ts'
import { changeOr, listingOf } from './require-rows.ts'

const organizationForm = /^o-[a-z0-9]{10,32}$/

/** Creates an account. Throws ConfigurationError if it exists. */
export async function addAccount(config: Config, accountId: string, organizationId?: string) {
  requireOrganization(organizationId)
  const account = { accountId, organizationId, createdAt: systemClock.now() }
  await withData(config, ({ db }) =>
    changeOr(
      `account ${accountId} already exists`,
      { db, context: operatorContext(config, 'account create') },
      [insertAccount(account)],
    ),
  )
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
  await withData(config, ({ db }) =>
    changeOr(
      `account ${accountId} does not exist`,
      { db, context: operatorContext(config, 'account move') },
      [setOrganization(accountId, organizationId)],
    ),
  )
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
