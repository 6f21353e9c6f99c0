/** Commands of `signet trust`, which manage roots in this machine's trust stores. */
import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { withConnection } from '../../client-commands/connection.ts'
import {
  changeTrust,
  thisMachine,
  type StoreName,
} from '../../client-commands/trust/change-trust.ts'
import { rootsInFile, rootsOfServer, type Root } from '../../client-commands/trust/roots.ts'
import { ConfigurationError } from '../../errors.ts'
import { quoteArgument } from '../shared/same-flags.ts'
import {
  authorityFlag,
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'
import { systemErrorText } from '../../text/system-error.ts'

type TrustFlags = ConnectionFlags &
  OutputFlags & { readonly ca?: string; readonly file?: string; readonly store?: StoreName }

export function trustCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'trust')
  group.description('Manage the root certificates that this machine trusts')
  changeSubcommand(
    group,
    'install',
    'Add roots to the trust stores of the system, Chromium and Firefox',
  )
  changeSubcommand(group, 'remove', 'Remove roots that signet trust install has added')
  rootSubcommand(group, 'print')
    .description('Print root certificates in PEM')
    .examples('signet trust print > root.pem', "signet trust print --ca 'Example Issuing CA'")
    .action(async (flags: TrustFlags) => {
      const roots = await rootsOf(context, flags)
      printResult(context, flags, {
        value: roots.map(({ subject, fingerprint, pem }) => ({
          Subject: subject,
          FingerprintSha256: fingerprint,
          Certificate: pem,
        })),
        text: () => pemOf(roots),
      })
    })
  return group
}

function rootSubcommand(group: SignetCommand, name: string): SignetCommand {
  return withConnectionFlags(group.command(name))
    .output('table')
    .option(
      '--ca <ca>',
      'name, ID or ARN of a CA whose root is used (default: all roots) [SIGNET_CA]',
    )
    .option(
      '--file <file>',
      'PEM file with root certificates, instead of the root certificates from a server',
    )
}

function pemOf(roots: readonly Root[]): string {
  return roots
    .map(({ pem }) => pem)
    .join('')
    .trimEnd()
}

function changeSubcommand(
  group: SignetCommand,
  action: 'install' | 'remove',
  description: string,
): void {
  const { context } = group
  rootSubcommand(group, action)
    .description(description)
    .addOption(
      new Option('--store <store>', 'type of trust store (default: all existing stores)').choices([
        'system',
        'nss',
      ]),
    )
    .examples(`signet trust ${action}`, `signet trust ${action} --store nss --file root.pem`)
    .action(async (flags: TrustFlags) => {
      const roots = await rootsOf(context, flags)
      const results = await changeTrust(
        {
          action,
          roots,
          stores: flags.store === undefined ? ['system', 'nss'] : [flags.store],
          administratorCommand: (each) => administratorCommand(each, flags),
        },
        thisMachine(context.environment),
      )
      printResult(context, flags, { value: results, columns })
      const failed = results.filter(({ Result }) => Result === 'failed').length
      const isNothing =
        action === 'install' &&
        !results.some(({ Result }) => Result === 'installed' || Result === 'already installed')
      if (failed > 0) throw new Error(`${failed} of ${results.length} stores could not be changed`)
      if (isNothing) throw new Error('no root was installed')
    })
}

const columns: readonly Column[] = [
  { key: 'Store', shrink: 'never' },
  { key: 'Root' },
  {
    key: 'Result',
    shrink: 'never',
    tone: ({ Result }) => (Result === 'failed' ? 'bad' : Result === 'skipped' ? 'warning' : 'good'),
  },
  { key: 'Location' },
  { key: 'Problem', shrink: 'below' },
]

/** The root user lacks the current user's credentials, so the root certificates are passed in a file. */
function administratorCommand(action: string, { ca, file }: TrustFlags): string {
  if (file !== undefined)
    return `sudo signet trust ${action} --store system --file ${quoteArgument(file)}`
  const of = ca === undefined ? '' : ` --ca ${quoteArgument(ca)}`
  return `signet trust print${of} > signet-roots.pem && sudo signet trust ${action} --store system --file signet-roots.pem`
}

async function rootsOf(context: CommandContext, flags: TrustFlags): Promise<Root[]> {
  if (flags.file !== undefined) {
    if (flags.ca !== undefined) throw new ConfigurationError('--file cannot be combined with --ca')
    return rootsInFile(readBytes(flags.file), flags.file)
  }
  return withConnection(connectionOf(flags, context.environment), ({ client }) =>
    rootsOfServer(client, authorityFlag(flags.ca, context)),
  )
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigurationError(`--file: cannot read ${file}: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}
