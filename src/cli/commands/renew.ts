import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { withConnection } from '../../client-commands/connection.ts'
import { runDaemon } from '../../client-commands/renewal-daemon.ts'
import {
  renewAll,
  type Renewal,
  type RenewalRequest,
  type RenewalTools,
} from '../../client-commands/renew.ts'
import { parseSpan } from '../../client-commands/issuance-options.ts'
import { systemClock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import { systemRandom } from '../../random.ts'
import type { CommandContext } from '../shared/context.ts'
import { askPkcs12Password, readPkcs12Password } from '../shared/pkcs12-password.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { tableText, type Column, type Row } from '../shared/table.ts'
import { progressTo } from '../../terminal.ts'
import { visibleText } from '../../text/visible-text.ts'

type RenewFlags = ConnectionFlags &
  OutputFlags & {
    readonly ifExpiringWithin?: string
    readonly ca?: string
    readonly validity?: string
    readonly hook?: string
    readonly daemon?: boolean
    readonly pkcs12PasswordFile?: string
  }

export function renewCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'renew'))
    .output('table')
    .description(
      'Renew certificates in folders written by signet issue. Each renewal uses a new key',
    )
    .argument('<dir...>', 'folders written by signet issue')
    .option(
      '--if-expiring-within <duration>',
      'renew only certificates that expire within this time, such as 7d',
    )
    .option(
      '--ca <ca>',
      'name, ID or ARN of another CA (default: the CA used by the previous request)',
    )
    .option(
      '--validity <time>',
      'validity period of each new certificate (default: the same as for the previous certificate)',
    )
    .option(
      '--hook <command>',
      'program to run after each renewal, without a shell; arguments are separated by spaces',
    )
    .option(
      '--daemon',
      'keep running, and renew each certificate in the last third of its lifetime, or as --if-expiring-within specifies',
    )
    .option(
      '--pkcs12-password-file <file>',
      'file whose first line is the password of the PKCS #12 files (default: the file that signet issue read, otherwise prompt)',
    )
    .examples(
      'signet renew tls',
      "signet renew /etc/tls/* --if-expiring-within 7d --hook 'systemctl reload nginx'",
      "signet renew tls --ca 'New Issuing CA'",
      "signet renew tls --daemon --hook 'systemctl reload nginx'",
    )
    .action((folders: string[], flags: RenewFlags) =>
      flags.daemon === true ? watch(context, folders, flags) : once(context, folders, flags),
    )
}

function requestOf(
  { ifExpiringWithin: span, ca, validity, hook = '', daemon }: RenewFlags,
  { environment }: CommandContext,
): RenewalRequest {
  return {
    when: span === undefined ? (daemon === true ? 'last-third' : 'always') : parseSpan(span),
    ca,
    validity,
    hook: hook.split(' ').filter((word) => word !== ''),
    environment,
  }
}

function connectWith(flags: RenewFlags, { environment }: CommandContext): RenewalTools['connect'] {
  return (metadata, work) => withConnection(connectionOf(flags, environment, metadata), work)
}

function passwordReader({
  pkcs12PasswordFile,
  daemon,
}: RenewFlags): RenewalTools['readPkcs12Password'] {
  return async (path, recorded) => {
    const file = pkcs12PasswordFile ?? recorded
    if (file !== undefined) return readPkcs12Password(file)
    if (daemon === true || !process.stdin.isTTY)
      throw new ConfigurationError(
        `a renewal must also replace the PKCS #12 file ${path}, but its password is not available; ` +
          'specify the file with the password: --pkcs12-password-file FILE',
      )
    return askPkcs12Password(path)
  }
}

async function once(
  context: CommandContext,
  folders: readonly string[],
  flags: RenewFlags,
): Promise<void> {
  const renewals = await renewAll(folders, requestOf(flags, context), {
    connect: connectWith(flags, context),
    readPkcs12Password: passwordReader(flags),
    random: systemRandom,
    now: systemClock.now(),
    progress: progressTo(context.stderr),
  })
  const rows = pascalCaseKeys(renewals) as object[]
  printResult(context, flags, {
    value: { Renewals: rows },
    rows,
    text: () =>
      tableText(context.stdout, renewals.map(renewalRow), {
        columns: renewalColumns,
        wide: flags.wide === true,
      }),
  })
  const failed = renewals.filter(({ result }) => result === 'failed').length
  if (failed > 0) throw new Error(`${failed} of ${renewals.length} could not be renewed`)
}

/** The command runs until SIGTERM or SIGINT and then exits with code 0. */
async function watch(
  context: CommandContext,
  folders: readonly string[],
  flags: RenewFlags,
): Promise<void> {
  if (flags.validity !== undefined && /^\d{4}-/.test(flags.validity))
    throw new ConfigurationError('--daemon requires a duration in --validity, not a date')
  const request = requestOf(flags, context)
  connectionOf(flags, context.environment)
  const stop = new AbortController()
  const end = (): void => stop.abort()
  process.once('SIGTERM', end).once('SIGINT', end)
  try {
    const tools = {
      connect: connectWith(flags, context),
      readPkcs12Password: passwordReader(flags),
      clock: systemClock,
      random: systemRandom,
      progress: () => {},
      sleep: sleepUntilAborted,
      signal: stop.signal,
      report: (line: string) =>
        context.print(`${systemClock.now().toISOString()} ${visibleText(line)}`),
    }
    await runDaemon(folders, request, tools)
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end)
  }
}

async function sleepUntilAborted(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const renewalColumns: readonly Column[] = [
  { key: 'Folder' },
  {
    key: 'Result',
    shrink: 'never',
    tone: ({ Result }) => (Result === 'failed' ? 'bad' : 'good'),
  },
  { key: 'Valid until', header: 'VALID UNTIL', shrink: 'never' },
  { key: 'Problem', shrink: 'below' },
]

function renewalRow({ folder, result, notAfter, problem }: Renewal): Row {
  return {
    Folder: folder,
    Result: result,
    'Valid until': notAfter === null ? '' : instantWords(notAfter),
    ...(problem !== undefined && { Problem: problem }),
  }
}
