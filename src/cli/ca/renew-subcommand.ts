/** The command `signet ca renew`, which renews a CA's certificate, or creates a successor CA with a new key. */
import { readFileSync } from 'node:fs'
import {
  csrOf,
  externalAnswer,
  importCertificate,
  renewAuthority,
  type RenewedAuthority,
} from '../../client-commands/authority/renew-authority.ts'
import { succeedAuthority } from '../../client-commands/authority/succeed-authority.ts'
import { findAuthority, type AuthoritySummary } from '../../client-commands/authorities.ts'
import { withConnection, type Connection } from '../../client-commands/connection.ts'
import { systemClock } from '../../clock.ts'
import { writeOutput } from '../../files/durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { printNote, progressTo } from '../../terminal.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { nextSteps, printResult, type OutputFlags } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import { systemErrorText } from '../../text/system-error.ts'

type CaRenewFlags = ConnectionFlags &
  OutputFlags & {
    readonly validity?: string
    readonly newKey?: boolean
    readonly csrOut?: string
    readonly certificate?: string
    readonly chain?: string
  }

export function renewSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('renew'))
    .output('table')
    .description(
      'Renew a CA certificate through its issuer on this server, or in two steps through an external issuer',
    )
    .argument('<ca>', 'name, ID, ID prefix or ARN of the CA')
    .option(
      '--validity <time>',
      'validity period of the new certificate, such as 5y (default: the same as for the current certificate)',
    )
    .option('--new-key', 'create a successor CA with a new key, and keep the existing CA')
    .option('--csr-out <file>', "write the CA's CSR to a file for an external issuer")
    .option(
      '--certificate <file>',
      'PEM file with the new certificate, signed by an external issuer',
    )
    .option(
      '--chain <file>',
      'PEM file with the chain of the new certificate, from its issuer to the root',
    )
    .examples(
      "signet ca renew 'Example Issuing CA'",
      "signet ca renew 'Example Issuing CA' --new-key --validity 5y",
      "signet ca renew 'Example Issuing CA' --csr-out ca.csr",
      "signet ca renew 'Example Issuing CA' --certificate ca.pem --chain chain.pem",
    )
    .action(async (reference: string, flags: CaRenewFlags) => {
      requireOneWay(flags)
      await withConnection(connectionOf(flags, context.environment), async (connection) => {
        const authority = await findAuthority(connection.client, reference, renewable)
        await renew(context, { connection, authority }, flags)
      })
    })
}

const renewable = ['ACTIVE', 'EXPIRED', 'DISABLED']

function requireOneWay({ newKey, csrOut, certificate, chain, validity }: CaRenewFlags): void {
  const ways = [
    ...(newKey === true ? ['--new-key'] : []),
    ...(csrOut === undefined ? [] : ['--csr-out']),
    ...(certificate === undefined ? [] : ['--certificate']),
  ]
  if (ways.length > 1) throw new ConfigurationError(ways.join(' cannot be combined with '))
  if (chain !== undefined && certificate === undefined)
    throw new ConfigurationError('--chain requires --certificate')
  const external = csrOut === undefined ? certificate && '--certificate' : '--csr-out'
  if (validity !== undefined && external !== undefined)
    throw new ConfigurationError(
      `--validity cannot be combined with ${external}: the external issuer chooses the validity`,
    )
}

interface Target {
  readonly connection: Connection
  readonly authority: AuthoritySummary
}

async function renew(
  context: CommandContext,
  { connection: { client }, authority }: Target,
  flags: CaRenewFlags,
): Promise<void> {
  const progress = progressTo(context.stderr)
  const options = { validity: flags.validity, now: systemClock.now(), progress }
  if (flags.csrOut !== undefined) {
    const content = await csrOf(client, authority)
    await writeOutput({ path: flags.csrOut, content, mode: 0o644 })
    printNote(context.stderr, `the CSR of ${authority.name} is in ${flags.csrOut}`)
    nextSteps(
      context,
      [`signet ca renew ${authority.arn} --certificate ca.pem --chain chain.pem`],
      flags,
    )
    return
  }
  if (flags.certificate !== undefined) {
    const answer = externalAnswer(
      readText(flags.certificate, '--certificate'),
      flags.chain === undefined ? undefined : readText(flags.chain, '--chain'),
    )
    print(context, flags, await importCertificate(client, authority, { ...answer, progress }))
    nextSteps(context, renewedSteps(authority), flags)
    return
  }
  if (flags.newKey !== true) {
    print(context, flags, await renewAuthority(client, authority, options))
    nextSteps(context, renewedSteps(authority), flags)
    return
  }
  const successor = await succeedAuthority(client, authority, options)
  print(context, flags, successor)
  nextSteps(
    context,
    [
      ...(authority.type === 'ROOT' ? [`signet trust install --ca ${successor.Arn}`] : []),
      `signet renew DIR… --ca ${successor.Arn}`,
      `signet ca disable ${authority.arn}`,
    ],
    flags,
  )
}

/**
 * A renewed root certificate must be installed in the same way as a new root. Certificate folders receive the new chain at
 * their next renewal.
 */
function renewedSteps({ type, arn }: AuthoritySummary): readonly string[] {
  return type === 'ROOT' ? [`signet trust install --ca ${arn}`] : [`signet ca show ${arn}`]
}

function print(context: CommandContext, flags: OutputFlags, renewed: RenewedAuthority): void {
  printResult(context, flags, { value: renewed })
}

export function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag}: cannot read ${file}: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}
