import type { Command } from 'commander'
import {
  serverStatus,
  type AuthorityStatus,
  type ServerStatus,
} from '../../client-commands/status.ts'
import type { Output } from '../../terminal.ts'
import { systemClock } from '../../clock.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { Line, Paragraph, Tone } from '../../inspect/lines.ts'
import { durationWords } from '../../inspect/value-texts.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { paint, paragraphsText } from '../shared/style.ts'
import { tableText, type Row } from '../shared/table.ts'

type StatusFlags = ConnectionFlags & OutputFlags & { readonly check?: boolean }

export function statusCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'status'))
    .output('table')
    .description('say whether a server is well, what its CAs are, and what has to be looked at')
    .option('--check', 'exit with 1 if something has to be looked at')
    .examples('signet status', 'signet status --check --output json')
    .action(async (flags: StatusFlags) => {
      const status = await serverStatus(connectionOf(flags, context.environment), systemClock.now())
      printResult(context, flags, {
        value: pascalCaseKeys(status),
        rows: pascalCaseKeys(status.authorities) as object[],
        text: () => statusText(context.stdout, status),
      })
      if (status.server.health === 'not reachable') throw new Error('there is no status')
      if (flags.check === true && status.warnings.length > 0)
        throw new Error(`${status.warnings.length} to be looked at`)
    })
}

function statusText(stdout: Output, status: ServerStatus): string {
  const { authorities, warnings } = status
  const table = authorities.map((authority) => ({
    CA: authority.name,
    Type: authority.type,
    Status: authority.status,
    Expires: authority.notAfter === null ? '' : expiryWords(authority),
    CRL: crlWords(authority),
    OCSP: authority.ocsp ? 'yes' : 'no',
    Id: authority.arn.slice(authority.arn.lastIndexOf('/') + 1),
  }))
  const notes = warnings.map((warning) => paint(stdout, 'warning', `! ${warning}`))
  const paragraphs = [
    paragraphsText(stdout, [serverParagraph(status)]),
    ...(status.server.health === 'not reachable' ? [] : [authoritiesText(stdout, table)]),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ]
  return paragraphs.join('\n\n')
}

function authoritiesText(stdout: Output, rows: readonly Row[]): string {
  return rows.length === 0
    ? 'There are no CAs: signet init-hierarchy makes them.'
    : tableText(stdout, rows)
}

function serverParagraph({ server, counts, jobs, authorities }: ServerStatus): Paragraph {
  const line = (label: string, text: string, tone: Tone = 'plain'): Line => ({ label, text, tone })
  const failing = jobs.filter(({ failures }) => failures > 0)
  return {
    title: `Signet at ${server.endpoint}`,
    lines: [
      line('health', server.health, server.health === 'ok' ? 'good' : 'bad'),
      line('version', server.version ?? 'not known'),
      line('account', server.account ?? (authorities.length === 0 ? 'no CAs yet' : 'not known')),
      line('region', server.region),
      line(
        'since its start',
        counts === null
          ? 'not known: its metrics cannot be reached'
          : `${counts.certificatesIssued} certificates issued, ${counts.certificatesRevoked} revoked, ` +
              `${counts.requests} requests, ${counts.requestsFailed} of them refused`,
      ),
      ...failing.map(({ name, runs, failures, waiting }) =>
        line('job', `${name}: ${failures} of ${runs} runs failed, ${waiting} rows wait`, 'warning'),
      ),
    ],
  }
}

function expiryWords({ notAfter, expiresInDays }: AuthorityStatus): string {
  return `${notAfter?.slice(0, 10) ?? ''} (${expiresInDays ?? 0} days)`
}

function crlWords({ crlDays, crlAgeSeconds, crlNextUpdate }: AuthorityStatus): string {
  if (crlDays === null) return 'no'
  if (crlAgeSeconds === null) return 'none yet'
  return `${durationWords(crlAgeSeconds * 1000)} old, next by ${crlNextUpdate?.slice(0, 16).replace('T', ' ') ?? ''}`
}
