/** Commands of `signet share`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import {
  letsRead,
  managedPermissionNames,
  statementsOf,
  type ManagedPermission,
} from '../policy/managed-permissions.ts'
import { statusAt } from '../authority/status.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom, uuid } from '../random.ts'
import { findAuthority } from '../store/authorities.ts'
import type { Database } from '../store/database.ts'
import {
  deleteShare,
  insertShare,
  listShares,
  type ShareWithAuthorities,
  type SharedAuthority,
} from '../store/shares.ts'
import { certificateAuthorityArn, parseCertificateAuthorityArn } from '../wire/arn.ts'
import { changeOr, listingOf } from './require-rows.ts'
import { requireSecondPerson } from './second-person.ts'

/** The CAs to share, and the principals that receive access. */
export interface ShareOptions {
  readonly name: string
  /** ARNs of the CAs, all in one account. */
  readonly authorities: readonly string[]
  /** IDs of the accounts and organizations that receive access to the CAs. */
  readonly principals: readonly string[]
  readonly permission: string
}

const nameForm = /^[\p{L}\p{N}\p{Z}_.:/=+\-@]{1,255}$/u
const principalForm = /^(?:\d{12}|o-[a-z0-9]{10,32})$/

/**
 * Shares CAs with accounts and organizations. Throws ConfigurationError for a CA that does not exist,
 * and for other invalid options.
 */
export async function addShare(config: Config, options: ShareOptions) {
  const permission = requirePermission(options.permission)
  const principals = requireDistinct('--principal', options.principals)
  const arns = requireDistinct('--authority', options.authorities)
  if (!nameForm.test(options.name))
    throw new ConfigurationError('the name must be 1 to 255 letters, digits and _.:/=+-@')
  if (!principals.every((principal) => principalForm.test(principal)))
    throw new ConfigurationError('--principal must be an account ID or an organization ID')
  const accountId = requireOneAccount(arns)
  return withData(config, async ({ db }) => {
    const createdAt = systemClock.now()
    const id = uuid(systemRandom)
    const share = { id, accountId, name: options.name, permission, principals, createdAt }
    const rows: SharedAuthority[] = []
    for (const arn of arns) rows.push(await sharedAuthority(db, arn, { permission, principals }))
    const approved = await requireSecondPerson(
      { db, config },
      {
        accountId,
        action: 'put-policy',
        command: 'share create',
        input: { name: options.name, authorities: arns, principals, permission },
      },
    )
    const problem = 'another command changed the share at the same time; run the command again'
    const statements = [...approved, ...insertShare(share, rows, letsRead(permission))]
    await changeOr(problem, { db, context: operatorContext(config, 'share create') }, statements)
    const [stored] = (await listShares(db, accountId)).filter((row) => row.id === id)
    if (stored === undefined)
      throw new ConfigurationError('another command deleted the share at the same time')
    return toPrintedShare(stored)
  })
}

function requirePermission(name: string): ManagedPermission {
  const permission = managedPermissionNames.find((managed) => managed === name)
  if (permission === undefined)
    throw new ConfigurationError(
      `--permission must be one of ${managedPermissionNames.join(', ')}, not '${name}'`,
    )
  return permission
}

function requireDistinct(flag: string, values: readonly string[]): readonly string[] {
  const distinct = [...new Set(values)]
  if (distinct.length === 0) throw new ConfigurationError(`at least one ${flag} is required`)
  return distinct
}

/** Returns a share of the given CAs, and the account that owns the CAs. */
function requireOneAccount(arns: readonly string[]): string {
  const accounts = new Set(
    arns.map((arn) => {
      const name = parseCertificateAuthorityArn(arn)
      if (name === undefined)
        throw new ConfigurationError(`${arn} is not the ARN of a certificate authority`)
      return name.accountId
    }),
  )
  const [account = ''] = accounts
  if (accounts.size > 1)
    throw new ConfigurationError('--authority: all CAs must belong to one account')
  return account
}

async function sharedAuthority(
  db: Database,
  arn: string,
  { permission, principals }: Pick<ShareWithAuthorities, 'permission' | 'principals'>,
): Promise<SharedAuthority> {
  const id = parseCertificateAuthorityArn(arn)?.id ?? ''
  const authority = await findAuthority(db, id)
  const status = authority && statusAt(authority, systemClock.now())
  const isThere = status !== undefined && status !== 'DELETED'
  if (authority === undefined || !isThere || certificateAuthorityArn(authority) !== arn)
    throw new ConfigurationError(`certificate authority ${arn} does not exist`)
  const { partition, number } = authority
  const statements = statementsOf(permission, { arn, partition, principals })
  return { number, policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }
}

export const listAllShares = listingOf(listShares, toPrintedShare)

/** Deletes a share. Throws ConfigurationError if the share does not exist. */
export async function removeShare(config: Config, id: string): Promise<void> {
  await withData(config, async ({ db }) => {
    const share = (await listShares(db, undefined)).find((row) => row.id === id)
    const approved =
      share === undefined
        ? []
        : await requireSecondPerson(
            { db, config },
            {
              accountId: share.accountId,
              action: 'put-policy',
              command: 'share delete',
              input: { id },
            },
          )
    await changeOr(
      `share ${id} does not exist`,
      { db, context: operatorContext(config, 'share delete') },
      [...approved, ...deleteShare(id)],
    )
  })
}

function toPrintedShare(share: ShareWithAuthorities) {
  const { accountId, authorities } = share
  return {
    ShareId: share.id,
    Name: share.name,
    OwningAccountId: accountId,
    Permission: share.permission,
    ResourceArns: authorities.map((authority) =>
      certificateAuthorityArn({ ...authority, accountId }),
    ),
    Principals: share.principals,
    CreateDate: share.createdAt.toISOString(),
  }
}
