import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { findAuthority } from '../../client-commands/authorities.ts'
import {
  parseReason,
  parseTargets,
  readList,
  readReferences,
  revokeAll,
  type References,
  type Revocation,
} from '../../client-commands/certificates/revoke.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { loadBytes } from '../../client-commands/load.ts'
import { ConfigurationError } from '../../errors.ts'
import { clearProgress, showProgress } from '../../terminal.ts'
import { quoteArgument } from '../shared/same-flags.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { nextSteps, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'

type RevokeFlags = ConnectionFlags &
  OutputFlags & { readonly reason: string; readonly ca?: string; readonly from?: string }

export function revokeCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'revoke'))
    .output('table')
    .description('Revoke certificates')
    .argument(
      '[certificate...]',
      'folder written by signet issue, certificate file, serial number, or ARN of a certificate',
    )
    .option(
      '--reason <reason>',
      'revocation reason as in AWS or RFC 5280, such as KEY_COMPROMISE or superseded',
      'UNSPECIFIED',
    )
    .option('--ca <ca>', 'name, ID or ARN of the CA that issued the certificates')
    .option(
      '--from <file>',
      'file with one certificate per line, or CSV output of signet certificates list; - for standard input',
    )
    .examples(
      'signet revoke tls --reason KEY_COMPROMISE',
      'signet revoke 6f:0a:… --ca "Example Issuing CA"',
      'signet certificates list --requester alice --output csv | signet revoke --from -',
    )
    .action(async (certificates: string[], flags: RevokeFlags) => {
      const reason = parseReason(flags.reason)
      const named = await readReferences(certificates)
      const references = new Map([...named, ...(await listedReferences(context, flags.from))])
      if (references.size === 0)
        throw new ConfigurationError(
          flags.from === undefined
            ? 'specify at least one certificate, or a list with --from'
            : `--from: ${flags.from} lists no certificates`,
        )
      const revocations = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const authority =
            flags.ca === undefined
              ? undefined
              : await findAuthority(client, flags.ca, ['ACTIVE', 'DISABLED'])
          return revokeAll(client, references, {
            reason,
            certificateAuthorityArn: authority?.arn,
            progress: (text) => showProgress(context.stderr, text),
          })
        },
      )
      clearProgress(context.stderr)
      printResult(context, flags, { value: revocations, columns })
      const failed = revocations.filter(({ Result }) => Result === 'failed').length
      nextSteps(context, renewalSteps(revocations), flags)
      if (failed > 0)
        throw new Error(`${failed} of ${revocations.length} certificates were not revoked`)
    })
}

const columns: readonly Column[] = [
  { key: 'Target', header: 'CERTIFICATE', text: ({ Target }) => nameOfTarget(String(Target)) },
  {
    key: 'Result',
    shrink: 'never',
    tone: ({ Result }) => (Result === 'failed' ? 'bad' : 'good'),
  },
  { key: 'Problem', shrink: 'below' },
  { key: 'CertificateArn', wide: true },
]

/** With --if-expiring-within, a revoked certificate is not due for renewal, so the certificate must be renewed explicitly. */
function renewalSteps(revocations: readonly Revocation[]): string[] {
  const folders = revocations
    .filter(
      ({ Target, Result }) => Result !== 'failed' && existsSync(join(Target, 'metadata.json')),
    )
    .map(({ Target }) => quoteArgument(Target))
  return folders.length === 0 ? [] : [`signet renew ${folders.join(' ')}`]
}

/** Returns the serial number for a certificate ARN, and returns any other argument unchanged. */
function nameOfTarget(target: string): string {
  return target.startsWith('arn:') ? target.slice(target.lastIndexOf('/') + 1) : target
}

async function listedReferences(
  context: CommandContext,
  from: string | undefined,
): Promise<References> {
  if (from === undefined) return new Map()
  const bytes = await loadBytes(from, { tls: false, stdin: context.stdin })
  return readList(parseTargets(Buffer.from(bytes).toString('utf8')), from)
}
