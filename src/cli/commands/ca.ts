/** Commands of `signet ca`, which manage the account's CAs through the API. */
import type { Command } from 'commander'
import {
  authorityTree,
  treeLines,
  type TreeNode,
} from '../../client-commands/authority/authority-tree.ts'
import {
  describeAuthority,
  type AuthorityDetails,
} from '../../client-commands/authority/describe-authority.ts'
import {
  externalStatus,
  withExternalIssuers,
  type ShownLine,
} from '../../client-commands/authority/external-issuers.ts'
import { revocationLines } from '../../client-commands/authority/revocation-state.ts'
import { everyAuthority, findAuthority, idOf } from '../../client-commands/authorities.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { visibleText } from '../../text/visible-text.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'
import { cellText, tableText, type Column, type Row } from '../shared/table.ts'
import type { Line, Paragraph } from '../../inspect/lines.ts'
import { changeSubcommands } from '../ca/change-subcommands.ts'
import { importSubcommand } from '../ca/import-subcommand.ts'
import { publishCrlSubcommand } from '../ca/publish-crl-subcommand.ts'
import { renewSubcommand } from '../ca/renew-subcommand.ts'
import { revocationSubcommand } from '../ca/revocation-subcommand.ts'

type CaFlags = ConnectionFlags & OutputFlags

export function caCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'ca')
  group.description('Manage certificate authorities')
  listSubcommand(group)
  showSubcommand(group)
  treeSubcommand(group)
  renewSubcommand(group)
  importSubcommand(group)
  changeSubcommands(group)
  revocationSubcommand(group)
  publishCrlSubcommand(group)
  return group
}

function subcommand(group: SignetCommand, name: string): SignetCommand {
  return withConnectionFlags(group.command(name)).output('table')
}

const caArgument = ['<ca>', 'name, ID, ID prefix or ARN of the CA'] as const

function listSubcommand(group: SignetCommand): void {
  const { context } = group
  subcommand(group, 'list')
    .description("List the account's CAs")
    .option('--all', 'include deleted CAs that can be restored')
    .examples('signet ca list', 'signet ca list --all --output json')
    .action(async (flags: CaFlags & { readonly all?: boolean }) => {
      const authorities = await withConnection(
        connectionOf(flags, context.environment),
        ({ client }) => everyAuthority(client),
      )
      const shown = authorities.filter(({ status }) => flags.all === true || status !== 'DELETED')
      printResult(context, flags, {
        value: pascalCaseKeys(shown),
        columns: listColumns,
        empty: 'No CAs exist. Create a root CA and an issuing CA with: signet init-hierarchy',
      })
    })
}

const listColumns: readonly Column[] = [
  { key: 'Name' },
  { key: 'Type', shrink: 'never' },
  { key: 'Status', shrink: 'never', tone: statusTone },
  { key: 'KeyAlgorithm', wide: true },
  { key: 'NotAfter', header: 'EXPIRES', shrink: 'never', text: ({ NotAfter }) => dateOf(NotAfter) },
  {
    key: 'CrlDays',
    header: 'CRL',
    shrink: 'never',
    text: ({ CrlDays }) => (typeof CrlDays === 'number' ? `${CrlDays} days` : 'no'),
  },
  { key: 'Ocsp', header: 'OCSP', shrink: 'never' },
  { key: 'Arn', header: 'ID', shrink: 'id', text: ({ Arn }) => idOf(String(Arn)) },
]

function statusTone({ Status }: Row): Line['tone'] {
  if (Status === 'ACTIVE') return 'good'
  return Status === 'EXPIRED' || Status === 'FAILED' ? 'bad' : 'warning'
}

function dateOf(instant: unknown): string {
  return typeof instant === 'string' ? instant.slice(0, 10) : ''
}

function showSubcommand(group: SignetCommand): void {
  const { context } = group
  subcommand(group, 'show')
    .description('Show the certificate, key, revocation configuration and URLs of a CA')
    .argument(...caArgument)
    .examples("signet ca show 'Example Issuing CA'", 'signet ca show 3f2c9a1b --output json')
    .action(async (reference: string, flags: CaFlags) => {
      const details = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) =>
          describeAuthority(client, await findAuthority(client, reference, ['ACTIVE'])),
      )
      printResult(context, flags, {
        value: details,
        text: () => paragraphsText(context.stdout, detailParagraphs(details)),
      })
    })
}

function detailParagraphs(details: AuthorityDetails): Paragraph[] {
  const {
    Certificate,
    Chain,
    RevocationConfiguration,
    RevocationState,
    Urls,
    Tags,
    Name,
    ...members
  } = details
  const crl = RevocationConfiguration?.CrlConfiguration
  const ocsp = RevocationConfiguration?.OcspConfiguration
  const urls = Urls ?? { Crl: [], Ocsp: [], CaIssuers: [] }
  return [
    { title: Name, lines: linesOf(members) },
    {
      title: 'Certificate',
      lines:
        Certificate === null
          ? linesOf({ State: 'none' })
          : linesOf({
              ...Certificate,
              Chain: Chain.map(({ Subject, NotAfter }) => `${Subject}, until ${dateOf(NotAfter)}`),
            }),
    },
    {
      title: 'Revocation',
      lines: linesOf({
        Crl:
          crl?.Enabled === true
            ? `every ${crl.ExpirationInDays} days, bucket ${crl.S3BucketName}`
            : 'disabled',
        Ocsp: ocsp?.Enabled === true ? 'enabled' : 'disabled',
      }).concat(RevocationState === null ? [] : revocationLines(RevocationState)),
    },
    {
      title: 'URLs in issued certificates',
      lines:
        Urls === null
          ? linesOf({
              State: 'unknown until the CA issues a certificate with the current configuration',
            })
          : linesOf({ Crl: urls.Crl, Ocsp: urls.Ocsp, CaIssuers: urls.CaIssuers }),
    },
    ...(Object.keys(Tags).length === 0 ? [] : [{ title: 'Tags', lines: tagLines(Tags) }]),
  ]
}

const labels: Readonly<Record<string, string>> = {
  Crl: 'CRL',
  Ocsp: 'OCSP',
  Arn: 'ARN',
  CaIssuers: 'CA issuers',
  FingerprintSha256: 'SHA-256',
}

/** Returns a line for each member that has a value. */
function linesOf(members: object): Line[] {
  return Object.entries(members)
    .filter(([, value]) => value !== null && value !== undefined)
    .flatMap(([key, value]) => {
      const label = labels[key] ?? key.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
      const values: readonly unknown[] = Array.isArray(value) ? value : [value]
      return values.map((each, index) => ({
        label: index === 0 ? label : '',
        text: cellText(typeof each === 'number' ? String(each) : each),
        tone: 'plain' as const,
      }))
    })
}

function tagLines(tags: Readonly<Record<string, string>>): Line[] {
  return Object.entries(tags).map(([label, text]) => ({
    label: visibleText(label),
    text,
    tone: 'plain',
  }))
}

function treeSubcommand(group: SignetCommand): void {
  const { context } = group
  subcommand(group, 'tree')
    .description("Show the account's CAs as a tree, each below its issuer")
    .examples('signet ca tree')
    .action(async (flags: CaFlags) => {
      const nodes = await withConnection(connectionOf(flags, context.environment), ({ client }) =>
        authorityTree(client),
      )
      const lines = treeLines(nodes)
      const rows = lines.map(({ node, prefix }) => ({
        ...nodeMembers(node),
        Name: `${prefix}${node.authority.name}`,
      }))
      const shown = withExternalIssuers(
        lines.map(({ node, prefix }) => ({
          prefix,
          externalIssuers: node.externalChain,
          item: node,
        })),
      ).map(shownRow)
      printResult(context, flags, {
        value: nodes.map(treeValue),
        rows,
        ...(rows.length > 0 && {
          text: () =>
            tableText(context.stdout, shown, { columns: treeColumns, wide: flags.wide === true }),
        }),
        empty: 'No CAs exist. Create a root CA and an issuing CA with: signet init-hierarchy',
      })
    })
}

const treeColumns: readonly Column[] = [
  { key: 'Name' },
  { key: 'Status', shrink: 'never', tone: statusTone },
  { key: 'NotAfter', header: 'EXPIRES', shrink: 'never', text: ({ NotAfter }) => dateOf(NotAfter) },
  {
    key: 'Arn',
    header: 'ID',
    shrink: 'id',
    text: ({ Arn }) => (typeof Arn === 'string' ? idOf(Arn) : ''),
  },
]

/** The table row for a CA in the account, or for an external CA above it. */
function shownRow({ prefix, item, external }: ShownLine<TreeNode>): Row {
  if (external === undefined)
    return { ...nodeMembers(item), Name: `${prefix}${item.authority.name}` }
  const { name, notAfter } = external
  return { Name: `${prefix}${name}`, Status: externalStatus, NotAfter: notAfter }
}

function nodeMembers({ authority, externalIssuer }: TreeNode): Row {
  const { name, arn, type, status, notAfter } = authority
  return {
    Name: name,
    Arn: arn,
    Type: type,
    Status: status,
    NotAfter: notAfter,
    ExternalIssuer: externalIssuer,
  }
}

function treeValue(node: TreeNode): object {
  return {
    ...nodeMembers(node),
    ExternalChain: pascalCaseKeys(node.externalChain),
    Children: node.children.map(treeValue),
  }
}
