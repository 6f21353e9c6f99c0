/** `signet certificates`: search of issued certificates. */
import { Option, type Command } from 'commander'
import { listCertificates, type CertificatesOptions } from '../../admin-commands/certificates.ts'
import type { Flags } from '../../settings/config.ts'
import { ConfigurationError } from '../../errors.ts'
import { parseSpan } from '../../client-commands/issuance-options.ts'
import type { CommandContext } from '../shared/context.ts'
import { listOf, SignetCommand } from '../shared/signet-command.ts'
import { printResult, type OutputForm } from '../shared/print.ts'
import type { Column } from '../shared/table.ts'
import { configOf, wholeNumber } from '../shared/config-flags.ts'
import { printNote } from '../../terminal.ts'

type ListFlags = Flags &
  Omit<CertificatesOptions, 'authority' | 'accountId' | 'alternativeName'> & {
    readonly ca?: string
    readonly san?: string
    readonly output: OutputForm
    readonly wide?: boolean
  }

/** The most certificates that one answer can have. */
const limitMax = 100_000

export function certificatesCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'certificates')
  group.description('certificates that were issued')
  listOf(group)
    .description('search what was issued; all that is asked for has to hold')
    .option('--ca <arn>', 'issued by this CA')
    .option('--subject <name>', "common name: whole, or what it begins with: 'web*'")
    .option(
      '--san <name>',
      "subject alternative name: whole, what it begins with: 'web*', or what it ends with: .example.com",
    )
    .option('--serial <number>', 'serial number, in hexadecimal')
    .option('--template <name>', 'name or ARN of a template')
    .option('--requester <arn>', 'who asked for it: ARN of a user, role or session, or an account')
    .option('--issued-after <time>', '2026-03-01, or 2026-03-01T08:00:00Z', time)
    .option('--expiring-within <time>', 'expires within that time from now: 30d, 12h', parseSpan)
    .addOption(
      new Option('--status <status>', 'its status now').choices(['VALID', 'EXPIRED', 'REVOKED']),
    )
    .option('--limit <number>', `at most so many, up to ${limitMax}`, limit, 1000)
    .output('table')
    .examples(
      'signet certificates list --expiring-within 30d',
      'signet certificates list --san .example.com --status VALID --output json',
      'signet certificates list --ca arn:aws:acm-pca:… --issued-after 2026-01-01 --output csv',
    )
    .action((flags: ListFlags) => list(context, flags))
  return group
}

async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const { output, wide, ca, account, san, ...rest } = flags
  if (ca !== undefined && account !== undefined)
    throw new ConfigurationError('name either --ca or --account')
  const options: CertificatesOptions = {
    ...rest,
    authority: ca,
    accountId: account,
    alternativeName: san,
  }
  const { certificates, isCut, isBehind } = await listCertificates(
    configOf(context, flags),
    options,
  )
  printResult(
    context,
    { output, ...(wide !== undefined && { wide }) },
    { value: certificates, csvKeys, columns, empty: 'No certificates found.' },
  )
  if (isCut) printNote(context.stderr, `there are more than ${flags.limit}; --limit shows more`)
  if (isBehind)
    printNote(
      context.stderr,
      'the newest certificates are not searched yet; a server that runs adds them within seconds',
    )
}

/** The columns of the table. */
const columns: readonly Column[] = [
  { key: 'Subject' },
  { key: 'SubjectAlternativeNames', header: 'NAMES' },
  {
    key: 'TemplateArn',
    header: 'TEMPLATE',
    text: ({ TemplateArn }) => String(TemplateArn).split('/')[1] ?? '',
    wide: true,
  },
  { key: 'NotAfter', header: 'VALID UNTIL', shrink: 'never' },
  { key: 'Status', shrink: 'never' },
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
] as const

const timeForm = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

function time(text: string): Date {
  const date = new Date(text)
  if (timeForm.test(text) && !Number.isNaN(date.getTime())) return date
  throw new ConfigurationError(
    `'${text}' must be a day (2026-03-01, in UTC) or a time with its zone (2026-03-01T08:00:00Z)`,
  )
}

function limit(text: string): number {
  const number = wholeNumber(text)
  if (number >= 1 && number <= limitMax) return number
  throw new ConfigurationError(`--limit must be 1 to ${limitMax}`)
}
