/** `signet certificates list`: a search for issued certificates. */
import { Option } from 'commander'
import { findAuthority } from '../../client-commands/authorities.ts'
import {
  searchCertificates,
  type CertificateFilters,
} from '../../client-commands/certificates/search-certificates.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { parseSpan } from '../../client-commands/issuance-options.ts'
import { systemClock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import { forwardName } from '../../inspect/value-texts.ts'
import { printNote } from '../../terminal.ts'
import { wholeNumber } from '../shared/config-flags.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'

type ListFlags = ConnectionFlags &
  OutputFlags &
  Omit<CertificateFilters, 'certificateAuthorityArn' | 'alternativeName'> & {
    readonly ca?: string
    readonly san?: string
    readonly limit: number
  }

/** Maximum number of certificates in a result. */
const limitMax = 100_000

export function listSubcommand(group: SignetCommand): void {
  const { context } = group
  const command = withConnectionFlags(group.command('list'))
    .output('table')
    .description('Search for issued certificates that match all filters')
    .option('--ca <ca>', 'name, ID or ARN of the CA that issued the certificates')
    .option('--subject <name>', "common name, or a prefix such as 'web*'")
    .option(
      '--san <name>',
      "subject alternative name: complete, a prefix ('web*') or a suffix (.example.com)",
    )
    .option('--serial <number>', 'serial number in hexadecimal')
    .option('--template <name>', 'name or ARN of a template')
    .option('--requester <name>', 'user name, account ID, or ARN of a user, role or session')
    .option(
      '--issued-after <time>',
      'earliest time of issuance, such as 2026-03-01 or 2026-03-01T08:00:00Z',
      parseTime,
    )
    .option(
      '--expiring-within <duration>',
      'maximum time until expiry, such as 30d or 12h',
      parseSpan,
    )
    .addOption(
      new Option('--status <status>', 'current status').choices(['VALID', 'EXPIRED', 'REVOKED']),
    )
    .option(
      '--limit <number>',
      `maximum number of certificates to show, up to ${limitMax}`,
      parseLimit,
      1000,
    )
    .examples(
      'signet certificates list --expiring-within 30d',
      'signet certificates list --san .example.com --status VALID --output json',
      "signet certificates list --ca 'Example Issuing CA' --issued-after 2026-01-01 --output csv",
    )
    .action((flags: ListFlags) => list(context, flags))
  for (const option of retiredOptions()) command.addOption(option)
}

/** Flags from earlier versions, in which the search read the data folder instead of calling the API. */
function retiredOptions(): Option[] {
  return ['--database <url>', '--database-password-file <file>', '--master-key-file <file>']
    .map((flags) => refusedOption(flags, 'the search uses the API: specify --endpoint or --data'))
    .concat(
      refusedOption(
        '--account <id>',
        "the search covers the credentials' account: select the credentials with --profile",
      ),
    )
}

function refusedOption(flags: string, reason: string): Option {
  return new Option(flags).hideHelp().argParser(() => {
    throw new ConfigurationError(`${flags.split(' ')[0]}: ${reason}`)
  })
}

async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const { ca, san, limit } = flags
  const found = await withConnection(
    connectionOf(flags, context.environment),
    async ({ client }) => {
      const authority =
        ca === undefined ? undefined : await findAuthority(client, ca, ['ACTIVE', 'DISABLED'])
      const filters = { ...flags, certificateAuthorityArn: authority?.arn, alternativeName: san }
      return searchCertificates(client, filters, { limit, now: systemClock.now() })
    },
  )
  printResult(context, flags, {
    value: found.certificates,
    csvKeys,
    columns,
    empty: `No certificates found.${requesterNote(flags.requester, found.requester)}`,
  })
  if (found.isCut)
    printNote(context.stderr, `more than ${limit} certificates match; raise --limit to see them`)
}

/** A plain name is treated as the name of a user, so certificates requested by a role with the same name are not found. */
function requesterNote(name: string | undefined, arn: string | undefined): string {
  if (name === undefined || name === arn) return ''
  const role = arn?.replace(':user/', ':role/')
  return ` The search was for the user ${name}; for a role, specify --requester ${role}.`
}

const columns: readonly Column[] = [
  { key: 'Subject', text: ({ Subject }) => forwardName(String(Subject)) },
  { key: 'SubjectAlternativeNames', header: 'NAMES' },
  { key: 'Issuer', wide: true },
  {
    key: 'TemplateArn',
    header: 'TEMPLATE',
    text: ({ TemplateArn }) => String(TemplateArn).split('/')[1] ?? '',
    wide: true,
  },
  { key: 'NotAfter', header: 'VALID UNTIL', shrink: 'never' },
  { key: 'Status', shrink: 'never' },
  { key: 'RevokedAt', header: 'REVOKED', wide: true },
  { key: 'RevocationReason', header: 'REASON', wide: true },
  {
    key: 'SerialNumber',
    header: 'SERIAL',
    text: ({ SerialNumber }) => String(SerialNumber).replaceAll(':', ''),
    shrink: 'id',
  },
]

const csvKeys = [
  'CertificateArn',
  'SerialNumber',
  'Subject',
  'SubjectAlternativeNames',
  'TemplateArn',
  'Requester',
  'IssuedAt',
  'NotBefore',
  'NotAfter',
  'Status',
  'RevokedAt',
  'RevocationReason',
  'Issuer',
] as const

const timeForm = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

function parseTime(text: string): Date {
  const date = new Date(text)
  if (timeForm.test(text) && !Number.isNaN(date.getTime())) return date
  throw new ConfigurationError(
    `'${text}' must be a day (2026-03-01, in UTC) or a time with its zone (2026-03-01T08:00:00Z)`,
  )
}

function parseLimit(text: string): number {
  const number = wholeNumber(text)
  if (number >= 1 && number <= limitMax) return number
  throw new ConfigurationError(`--limit must be 1 to ${limitMax}`)
}
