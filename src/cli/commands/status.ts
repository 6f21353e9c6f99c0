import type { Command } from 'commander'
import { serverStatus, type ServerStatus } from '../../client-commands/status/server-status.ts'
import { jobWords, type AuthorityStatus } from '../../client-commands/status/status-warnings.ts'
import {
  externalStatus,
  withExternalIssuers,
  type ShownLine,
} from '../../client-commands/authority/external-issuers.ts'
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
import { nextSteps, pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { paint, paragraphsText } from '../shared/style.ts'
import { cellText, tableText, type Column, type Row } from '../shared/table.ts'

interface StatusFlags extends ConnectionFlags, OutputFlags {
  readonly check?: boolean
  readonly metricsUrl?: string
}

export function statusCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'status'))
    .output('table')
    .description("Show a server's health, CAs and warnings")
    .option(
      '--metrics-url <url>',
      'metrics URL of a server with --metrics-listen (default: from the data folder, or /metrics on the endpoint)',
    )
    .option('--check', 'exit with code 1 if there are warnings')
    .examples('signet status', 'signet status --check --output json')
    .action(async (flags: StatusFlags) => {
      const connection = connectionOf(flags, context.environment)
      const { metricsUrl = connection.metricsUrl } = flags
      const status = await serverStatus({ ...connection, metricsUrl }, systemClock.now())
      const members = (status.authorities ?? []).map(withoutBranch)
      printResult(context, flags, {
        value: pascalCaseKeys({ ...status, authorities: status.authorities && members }),
        rows: pascalCaseKeys(members) as object[],
        text: () => statusText(context.stdout, status, flags.wide === true),
      })
      const { server, authorities, warnings } = status
      if (server.health !== 'ok') throw new Error(`the server is ${server.health}`)
      if (authorities?.length === 0 && (server.otherCas ?? 0) === 0)
        nextSteps(context, ['signet init-hierarchy'], flags)
      if (flags.check === true && warnings.length > 0)
        throw new Error(warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`)
    })
}

/** Omits the branch characters, because only the table shows them. */
function withoutBranch(authority: AuthorityStatus): object {
  const { branch: _, ...members } = authority
  return members
}

function statusText(stdout: Output, status: ServerStatus, wide: boolean): string {
  const { authorities, warnings } = status
  const rows = withExternalIssuers(
    (authorities ?? []).map((authority) => ({
      prefix: authority.branch,
      externalIssuers: authority.externalIssuers,
      item: authority,
    })),
  ).map(rowOf)
  const paragraphs = [
    paragraphsText(stdout, [serverParagraph(status)]),
    ...(rows.length === 0 ? [] : [tableText(stdout, rows, { columns, wide })]),
    ...(warnings.length === 0
      ? []
      : [warnings.map((warning) => paint(stdout, 'warning', `! ${warning}`)).join('\n')]),
  ]
  return paragraphs.join('\n\n')
}

/** The table row for a CA on the server, or for an external CA above it. */
function rowOf({ prefix, item, external }: ShownLine<AuthorityStatus>): Row {
  if (external === undefined) return { ...item, branch: prefix, own: true }
  return {
    branch: prefix,
    name: external.name,
    status: externalStatus,
    notAfter: external.notAfter,
    own: false,
  }
}

/** Columns of the CA table; `rowOf` creates the rows. If a CA's key is not on the server, its row has only the first members. */
const columns: readonly Column[] = [
  column('name', 'CA', ({ branch, name }) => `${branch}${name}`),
  { ...column('status', 'STATUS', ({ status }) => status), shrink: 'never' },
  { ...column('notAfter', 'EXPIRES', expiryWords), shrink: 'never' },
  { ...ownColumn('crlDays', 'CRL', crlWords), shrink: 'never' },
  { ...ownColumn('crlNextUpdate', 'NEXT CRL BY', nextCrlWords), wide: true },
  { ...ownColumn('ocsp', 'OCSP', ({ ocsp }) => (ocsp ? 'yes' : 'no')), shrink: 'never' },
  { ...ownColumn('keyAlgorithm', 'KEY', ({ keyAlgorithm }) => keyAlgorithm), wide: true },
  {
    ...ownColumn('arn', 'ID', ({ arn }) => arn.slice(arn.lastIndexOf('/') + 1)),
    shrink: 'id',
  },
]

/** Creates a column that is empty for CAs whose keys are not on the server. */
function ownColumn(
  key: string,
  header: string,
  text: (authority: AuthorityStatus) => string,
): Column {
  return column(key, header, (row) => ((row as unknown as Row)['own'] === true ? text(row) : ''))
}

function column(key: string, header: string, text: (authority: AuthorityStatus) => string): Column {
  return { key, header, text: (row) => text(row as unknown as AuthorityStatus) }
}

function serverParagraph({ server, counts, jobs, authorities }: ServerStatus): Paragraph {
  const line = (label: string, text: string, tone: Tone = 'plain'): Line => ({ label, text, tone })
  const unknown = authorities === null ? 'unknown' : noAuthoritiesText(server)
  const started =
    counts === null
      ? `unknown, because ${server.metricsUrl} returns no metrics; specify --metrics-url`
      : `${counts.certificatesIssued} issued, ${counts.certificatesRevoked} revoked, ` +
        `${counts.requests} requests (${counts.requestsFailed} failed)`
  return {
    title: `Signet at ${server.endpoint}`,
    lines: [
      line('health', server.health, server.health === 'ok' ? 'good' : 'bad'),
      ...(server.keyStorage === null ? [] : [line('keys', server.keyStorage)]),
      line('version', server.version ?? 'unknown'),
      line('account', server.account ?? unknown),
      line('region', server.region),
      ...(server.health === 'not reachable' ? [] : [line('since startup', started)]),
      ...jobs
        .filter(({ failures }) => failures > 0)
        .map((job) => line('job', jobWords(job), job.waiting === 0 ? 'plain' : 'warning')),
    ],
  }
}

/** Days are shown only for an expiry within this limit, to leave room for the CAs' names. */
const shownDaysMax = 366

function noAuthoritiesText({ region, otherCas }: ServerStatus['server']): string {
  if (otherCas === null) return `no CAs in ${region}`
  if (otherCas === 0) return 'no CAs yet'
  const cas = otherCas === 1 ? '1 CA' : `${otherCas} CAs`
  return `no CAs in ${region}; the server has ${cas} in other Regions or accounts`
}

function expiryWords({ notAfter, expiresInDays }: AuthorityStatus): string {
  if (notAfter === null) return ''
  if (expiresInDays === undefined) return notAfter.slice(0, 10)
  return expiresInDays !== null && expiresInDays < shownDaysMax
    ? `${notAfter.slice(0, 10)} (${expiresInDays}d)`
    : notAfter.slice(0, 10)
}

function crlWords({ crlDays, crlAgeSeconds }: AuthorityStatus): string {
  if (crlDays === null) return 'no'
  if (crlAgeSeconds === null) return 'none yet'
  return `${shortDuration(crlAgeSeconds * 1000)} old`
}

/** Formats a duration with an abbreviated unit: `15s`, `3h` or `2d`. */
function shortDuration(milliseconds: number): string {
  return durationWords(milliseconds).replace(/ (\w)\w*$/, '$1')
}

function nextCrlWords({ crlDays, crlNextUpdate }: AuthorityStatus): string {
  return crlDays === null ? '' : cellText(crlNextUpdate)
}
