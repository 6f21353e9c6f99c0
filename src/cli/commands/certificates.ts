/** Commands of `signet certificates`, which handle issued certificates through the API. */
import type { Command } from 'commander'
import { findAuthority } from '../../client-commands/authorities.ts'
import {
  certificateRecord,
  downloadCertificate,
  saveCertificate,
  type DownloadedCertificate,
} from '../../client-commands/certificates/download-certificate.ts'
import {
  certificateArn,
  resolveCertificate,
  type CertificateId,
} from '../../client-commands/certificates/resolve-certificate.ts'
import { withConnection, type Connection } from '../../client-commands/connection.ts'
import { systemClock } from '../../clock.ts'
import { inspect } from '../../inspect/inspect.ts'
import { paragraphsOf } from '../../inspect/lines.ts'
import { checkSubcommand } from '../certificates/check-subcommand.ts'
import { listSubcommand } from '../certificates/list-subcommand.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { nextSteps, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'
import { wordsOf } from '../shared/table.ts'

export function certificatesCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'certificates')
  group.description('Find and download issued certificates')
  listSubcommand(group)
  showSubcommand(group)
  checkSubcommand(group)
  downloadSubcommand(group)
  return group
}

type OneFlags = ConnectionFlags & OutputFlags & { readonly ca?: string }

const certificateArgument = [
  '<certificate>',
  'serial number, ARN, certificate file, or folder written by signet issue',
] as const

function oneSubcommand(group: SignetCommand, name: string): SignetCommand {
  return withConnectionFlags(group.command(name))
    .output('table')
    .argument(...certificateArgument)
    .option('--ca <ca>', 'name, ID or ARN of the CA that issued the certificate')
}

function showSubcommand(group: SignetCommand): void {
  const { context } = group
  oneSubcommand(group, 'show')
    .description('Show a certificate, its status and its requester')
    .examples('signet certificates show 6f0a…', 'signet certificates show tls --output json')
    .action((reference: string, flags: OneFlags) =>
      withConnection(connectionOf(flags, context.environment), async ({ client }) => {
        const id = await resolve(client, reference, flags.ca)
        const downloaded = await downloadCertificate(client, id)
        const record = await certificateRecord(client, id)
        const members = {
          CertificateArn: certificateArn(id),
          Status: record?.Status ?? null,
          Requester: record?.Requester ?? null,
          TemplateArn: record?.TemplateArn ?? null,
          IssuedAt: record === undefined ? null : new Date(record.IssuedAt).toISOString(),
          RevokedAt: record?.RevokedAt ? new Date(record.RevokedAt).toISOString() : null,
          RevocationReason: record?.RevocationReason ?? null,
        }
        const now = systemClock.now()
        const description = await inspect(Buffer.from(downloaded.certificate), now)
        printResult(context, flags, {
          value: {
            ...members,
            Certificate: downloaded.certificate,
            CertificateChain: downloaded.chain + downloaded.root,
          },
          text: () =>
            paragraphsText(context.stdout, [
              ...paragraphsOf(description, now),
              { title: 'Record', lines: recordLines(members) },
            ]),
        })
      }),
    )
}

function recordLines(members: Readonly<Record<string, string | null>>) {
  return Object.entries(members).flatMap(([key, text]) =>
    text === null
      ? []
      : [
          {
            label: wordsOf(key),
            text,
            tone: text === 'REVOKED' ? ('bad' as const) : ('plain' as const),
          },
        ],
  )
}

type DownloadFlags = OneFlags & {
  readonly out?: string
  readonly chain?: boolean
  readonly force?: boolean
}

function downloadSubcommand(group: SignetCommand): void {
  const { context } = group
  oneSubcommand(group, 'download')
    .description('Download a certificate and its chain')
    .option('--out <path>', 'output folder or file (default: PEM on standard output)')
    .option('--chain', 'include the CA certificates below the root in the same file')
    .option('--force', 'replace existing files')
    .examples(
      'signet certificates download 6f0a… --out tls',
      'signet certificates download 6f0a… --out fullchain.pem --chain',
    )
    .action((reference: string, flags: DownloadFlags) =>
      withConnection(connectionOf(flags, context.environment), async ({ client }) => {
        const id = await resolve(client, reference, flags.ca)
        await deliver(context, flags, { id, downloaded: await downloadCertificate(client, id) })
      }),
    )
}

async function deliver(
  context: CommandContext,
  flags: DownloadFlags,
  { id, downloaded }: { readonly id: CertificateId; readonly downloaded: DownloadedCertificate },
): Promise<void> {
  const { out, chain: withChain = false, force = false } = flags
  if (out === undefined) {
    const { certificate, chain } = downloaded
    context.print((withChain ? certificate + chain : certificate).trimEnd())
    return
  }
  const Files = await saveCertificate(downloaded, { path: out, withChain, force })
  printResult(context, flags, { value: { CertificateArn: certificateArn(id), Files } })
  const [first = ''] = Files
  nextSteps(context, [`signet inspect ${first}`])
}

async function resolve(
  client: Connection['client'],
  reference: string,
  ca: string | undefined,
): Promise<CertificateId> {
  const authority =
    ca === undefined ? undefined : await findAuthority(client, ca, ['ACTIVE', 'DISABLED'])
  return resolveCertificate(client, reference, authority?.arn)
}
