/** `signet inspect` and `signet status`. */
import { Command } from 'commander'
import { serverStatus, type AuthorityStatus, type ServerStatus } from '../client-commands/status.ts'
import { systemClock } from '../clock.ts'
import {
  connectionOf,
  withConnectionFlags,
  withTableOutput,
  type ConnectionFlags,
} from './connection.ts'
import { inspect } from '../inspect/inspect.ts'
import { loadBytes } from '../client-commands/load.ts'
import { paragraphsOf, type Line, type Paragraph, type Tone } from '../inspect/lines.ts'
import { durationWords } from '../inspect/words.ts'
import { printAnswer, tableOf, type OutputFlags, type Print } from './print.ts'
import { environment, examples } from './config-flags.ts'
import { paint, paragraphsText } from './style.ts'

type InspectFlags = OutputFlags & { readonly tls?: boolean; readonly caFile?: string }

/** `signet inspect`. */
export function inspectCommand(print: Print): Command {
  return withTableOutput(new Command('inspect'))
    .description('say what is in a certificate, a chain, a CSR, a CRL or an OCSP response')
    .argument('<file|url|->', 'file, http, https or tls URL, or - for standard input; PEM or DER')
    .option('--tls', 'of an https URL, the chain that its server presents')
    .addHelpText(
      'after',
      examples(
        'signet inspect tls/fullchain.pem',
        'signet inspect tls://localhost:8443',
        'openssl req -in server.csr | signet inspect - --output json',
      ),
    )
    .action(async (source: string, flags: InspectFlags) => {
      const now = systemClock.now()
      const bytes = await loadBytes(source, flags.tls === true)
      try {
        const found = await inspect(bytes, now)
        if (flags.output === 'json') printAnswer(print, flags, { source, ...found })
        else print(paragraphsText(paragraphsOf(found, now)))
      } catch (error) {
        throw new Error(`${source}: ${(error as Error).message}`, { cause: error })
      }
    })
}

type StatusFlags = ConnectionFlags & OutputFlags & { readonly check?: boolean }

/** `signet status`. */
export function statusCommand(print: Print): Command {
  return withTableOutput(withConnectionFlags(new Command('status')))
    .description('say whether a server is well, what its CAs are, and what has to be looked at')
    .option('--check', 'exit with 1 if something has to be looked at')
    .addHelpText('after', examples('signet status', 'signet status --check --output json'))
    .action(async (flags: StatusFlags) => {
      const status = await serverStatus(connectionOf(flags, environment()), systemClock.now())
      if (flags.output === 'json') printAnswer(print, flags, status)
      else print(statusText(status))
      if (status.server.health === 'not reachable') throw new Error('there is no status')
      if (flags.check === true && status.warnings.length > 0)
        throw new Error(`${status.warnings.length} to be looked at`)
    })
}

function statusText(status: ServerStatus): string {
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
  const notes = warnings.map((warning) => paint('warning', `! ${warning}`))
  const paragraphs = [
    paragraphsText([serverParagraph(status)]),
    ...(status.server.health === 'not reachable' ? [] : [authoritiesText(table)]),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ]
  return paragraphs.join('\n\n')
}

function authoritiesText(rows: readonly object[]): string {
  return rows.length === 0
    ? 'There are no CAs: signet init-hierarchy makes them.'
    : tableOf(rows, true)
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
