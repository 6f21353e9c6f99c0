/** Commands of `signet acme eab`, `signet acme account` and `signet acme order`. */
import { Option } from 'commander'
import {
  deactivateAccount,
  listAccountsOf,
  listOrdersOf,
} from '../../admin-commands/enrollment/accounts.ts'
import {
  addBindingKey,
  listBindingKeysOf,
  removeBindingKey,
} from '../../admin-commands/enrollment/binding-keys.ts'
import { listAcmeAccounts, listAcmeOrders } from '../../client-commands/enrollment.ts'
import type { AcmeOrderStatus } from '../../../client/index.ts'
import type { Flags } from '../../settings/config.ts'
import { isObject } from '../../text/json.ts'
import { visibleText } from '../../text/visible-text.ts'
import { seconds, wholeNumber } from '../shared/config-flags.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { detailsText, printResult, type OutputFlags } from '../shared/print.ts'
import { storageCommand, type Call, type SignetCommand } from '../shared/signet-command.ts'
import { cellText, dayText, type Column, type Row } from '../shared/table.ts'
import { namesText } from './endpoint-subcommands.ts'
import { endpointUrl, enrollUrlOf, shownUrlMember, urlMember } from './endpoint-url.ts'

type EabFlags = Flags &
  OutputFlags & {
    readonly names?: string
    readonly expires?: number
    readonly reusable?: boolean
  }

const keyColumns: readonly Column[] = [
  { key: 'KeyId', header: 'KEY ID', shrink: 'never' },
  { key: 'Usable', header: 'USABLE', shrink: 'never' },
  { key: 'Reusable', header: 'REUSABLE', shrink: 'never' },
  { key: 'Names', header: 'NAMES', text: namesText },
  { key: 'CreatedAt', header: 'CREATED', shrink: 'never', text: dayText('CreatedAt') },
  { key: 'ExpiresAt', header: 'EXPIRES', wide: true },
  { key: 'UsedAt', header: 'USED', wide: true },
]

export function eabSubcommands(acme: SignetCommand): void {
  const group = acme.command('eab')
  group.description('Manage keys for external account binding (EAB)')
  storageCommand(group, 'create')
    .output()
    .description('Create an EAB key that allows a client to create an account')
    .argument('<endpoint>', 'name of the ACME endpoint')
    .option(
      '--names <list>',
      "comma-separated names that accounts with the key may use, limited to the endpoint's names (default: *; required if the endpoint has neither challenges nor names)",
    )
    .option('--expires <time>', 'time after which the EAB key expires (default: never)', seconds)
    .option('--reusable', 'allow several accounts to be created with the EAB key')
    .examples(
      'signet acme eab create web --names host1.corp.example --expires 30d',
      "signet acme eab create web --names '*.team.corp.example' --reusable",
    )
    .run(async ({ config, flags }: Call<EabFlags>, endpoint: string) => {
      const { names, expires: expiresSeconds, reusable = false } = flags
      const key = await addBindingKey(config, endpoint, { names, expiresSeconds, reusable })
      const address = { protocol: 'acme', name: endpoint, enrollUrl: enrollUrlOf(config) } as const
      const command = certbotCommand(endpointUrl(address), key)
      const { context } = acme
      printResult(context, flags, {
        value: { ...key, ...urlMember(address), CertbotCommand: command },
        text: () => {
          const details = detailsText(context.stdout, { ...key, ...shownUrlMember(address) })
          // A command in the table would be wrapped, and could not be copied.
          return `${details}\n\n${visibleText(command)}`
        },
      })
    })
  storageCommand(group, 'list')
    .output()
    .description('List the EAB keys of an endpoint, without their secrets')
    .argument('<endpoint>', 'name of the ACME endpoint')
    .examples('signet acme eab list web')
    .run(({ config }, endpoint: string) => listBindingKeysOf(config, endpoint), {
      columns: keyColumns,
      empty: 'No EAB keys found.',
    })
  storageCommand(group, 'delete')
    .description(
      'Delete an EAB key. Accounts that were created with this EAB key can no longer order certificates',
    )
    .argument('<endpoint>', 'name of the ACME endpoint')
    .argument('<key-id>', 'ID of the key')
    .examples('signet acme eab delete web nKZ4o8Jr3TzP1hq6cVbX2A')
    .run(
      ({ config }, endpoint: string, keyId: string) => removeBindingKey(config, endpoint, keyId),
      { done: (_endpoint, keyId) => `Deleted EAB key ${keyId}.` },
    )
}

/** Returns a certbot command that creates an account with an EAB key and obtains a certificate. */
function certbotCommand(
  directory: string,
  { KeyId, HmacKey, Names }: { KeyId: string; HmacKey: string; Names: readonly string[] },
): string {
  const host = Names.find((name) => /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/.test(name)) ?? 'HOST'
  return `certbot certonly --standalone --server ${directory} --eab-kid ${KeyId} --eab-hmac-key ${HmacKey} --domain ${host}`
}

const accountColumns: readonly Column[] = [
  { key: 'AcmeAccountId', header: 'ACCOUNT', shrink: 'never' },
  { key: 'Status', header: 'STATUS', shrink: 'never' },
  { key: 'Contacts', header: 'CONTACTS' },
  { key: 'CreatedAt', header: 'CREATED', shrink: 'never', text: dayText('CreatedAt') },
  { key: 'KeyId', header: 'EAB KEY', wide: true },
  { key: 'KeyThumbprint', header: 'KEY THUMBPRINT', wide: true },
]

export function accountSubcommands(acme: SignetCommand): void {
  const group = acme.command('account')
  group.description('Manage the accounts of ACME endpoints')
  orApi(storageCommand(group, 'list'))
    .output()
    .description('List the accounts of an endpoint, oldest first')
    .argument('<endpoint-name>', 'name of the ACME endpoint')
    .examples('signet acme account list web')
    .run(
      (call: Call<SourceFlags>, name: string) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAccountsOf(call.config, name),
          api: (client) => listAcmeAccounts(client, name),
        }),
      { columns: accountColumns, empty: 'No accounts found.' },
    )
  storageCommand(group, 'deactivate')
    .description('Deactivate an ACME account. Certificates of the account stay valid')
    .argument('<endpoint-name>', 'name of the ACME endpoint')
    .argument('<account-id>', 'ID of the account')
    .examples('signet acme account deactivate web p9JxW2rT5uYk7QeHs3LdNg')
    .run(({ config }, name: string, id: string) => deactivateAccount(config, name, id), {
      done: (_name, id) => `Deactivated account ${id}.`,
    })
}

type OrderFlags = SourceFlags & {
  readonly acmeAccount?: string
  readonly status?: Lowercase<AcmeOrderStatus>
  readonly limit: number
}

const orderColumns: readonly Column[] = [
  { key: 'CreatedAt', header: 'CREATED', shrink: 'never' },
  { key: 'AcmeAccountId', header: 'ACCOUNT', shrink: 'id' },
  {
    key: 'Status',
    header: 'STATUS',
    shrink: 'never',
    tone: ({ Status }) => (Status === 'INVALID' ? 'bad' : 'plain'),
  },
  { key: 'Identifiers', header: 'NAMES', text: identifiersText },
  { key: 'Error', header: 'ERROR', shrink: 'below', text: orderErrorText },
  { key: 'Profile', header: 'PROFILE', wide: true },
  { key: 'CertificateArn', header: 'CERTIFICATE', wide: true },
  { key: 'OrderId', header: 'ORDER', wide: true },
]

export function orderSubcommands(acme: SignetCommand): void {
  const group = acme.command('order')
  group.description('Show the orders of ACME endpoints')
  orApi(storageCommand(group, 'list'))
    .output()
    .description('List the orders of an endpoint, newest first, with the errors of failed orders')
    .argument('<endpoint-name>', 'name of the ACME endpoint')
    .option('--acme-account <id>', 'ID of the account whose orders are listed')
    .addOption(
      new Option('--status <status>', 'status of the orders').choices([
        'pending',
        'ready',
        'processing',
        'valid',
        'invalid',
      ]),
    )
    .option('--limit <number>', 'maximum number of orders', wholeNumber, 100)
    .examples('signet acme order list web --status invalid')
    .run(
      (call: Call<OrderFlags>, name: string) => {
        const { acmeAccount: acmeAccountId, status, limit } = call.flags
        const upper = status?.toUpperCase() as AcmeOrderStatus | undefined
        return readFrom<readonly object[]>(group, call, {
          data: () => listOrdersOf(call.config, name, { acmeAccountId, status, limit }),
          api: (client) => listAcmeOrders(client, name, { acmeAccountId, status: upper, limit }),
        })
      },
      { columns: orderColumns, empty: 'No orders found.' },
    )
}

function identifiersText({ Identifiers }: Row): string {
  const all: readonly unknown[] = Array.isArray(Identifiers) ? Identifiers : []
  return all
    .filter(isObject)
    .map(({ Value }) => cellText(Value))
    .join(', ')
}

/**
 * Formats the errors of an ACME order's failed challenges. The order's own error comes first, unless it repeats the error of a
 * challenge.
 */
export function orderErrorText({ Error: error, FailedChallenges }: Row): string {
  const failed: readonly unknown[] = Array.isArray(FailedChallenges) ? FailedChallenges : []
  const challenges = failed.filter(isObject).map(({ Identifier, Type, Error: problem }) => ({
    name: `${cellText(isObject(Identifier) ? Identifier['Value'] : '')} ${cellText(Type)}`,
    detail: detailText(problem),
  }))
  const detail = detailText(error)
  return [
    ...(detail === '' || challenges.some((challenge) => challenge.detail === detail)
      ? []
      : [detail]),
    ...challenges.map((challenge) => `${challenge.name}: ${challenge.detail}`),
  ].join('; ')
}

/** Returns the detail of a problem document without the period at its end. */
function detailText(problem: unknown): string {
  return isObject(problem) ? cellText(problem['Detail']).replace(/\.$/, '') : ''
}
