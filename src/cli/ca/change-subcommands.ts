/** Commands `signet ca disable`, `enable`, `delete` and `restore`. */
import { findAuthority, idOf, type AuthoritySummary } from '../../client-commands/authorities.ts'
import { withConnection, type Connection } from '../../client-commands/connection.ts'
import { ConfigurationError } from '../../errors.ts'
import { visibleText } from '../../text/visible-text.ts'
import { wholeNumber } from '../shared/config-flags.ts'
import { requireConfirmation } from '../shared/confirm.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { nextSteps, pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'

export type CaFlags = ConnectionFlags & OutputFlags

export function changeSubcommands(group: SignetCommand): void {
  stateSubcommand(group, {
    name: 'disable',
    description:
      'Disable a CA. A disabled CA issues no certificates, but still publishes CRLs and OCSP responses',
    preferred: ['ACTIVE'],
    status: 'DISABLED',
    next: ({ arn }) => [`signet ca enable ${arn}`],
  })
  stateSubcommand(group, {
    name: 'enable',
    description: 'Enable a disabled CA, so that it can issue certificates again',
    preferred: ['DISABLED'],
    status: 'ACTIVE',
    next: enabledSteps,
  })
  deleteSubcommand(group)
  restoreSubcommand(group)
}

/** A root CA should only issue certificates of CAs. */
function enabledSteps({ type, arn }: AuthoritySummary): readonly string[] {
  return [
    type === 'ROOT' ? `signet ca show ${arn}` : `signet issue --ca ${arn} --name host.example.com`,
  ]
}

interface StateChange {
  readonly name: string
  readonly description: string
  /** CA statuses to prefer when a name matches several CAs. */
  readonly preferred: readonly string[]
  readonly status: 'ACTIVE' | 'DISABLED'
  readonly next: (authority: AuthoritySummary) => readonly string[]
}

function stateSubcommand(
  group: SignetCommand,
  { name, description, preferred, status, next }: StateChange,
): void {
  changeSubcommand(group, name, {
    preferred,
    next,
    async change(client, authority) {
      await client.updateCertificateAuthority({
        CertificateAuthorityArn: authority.arn,
        Status: status,
      })
    },
  })
    .description(description)
    .examples(`signet ca ${name} 'Example Issuing CA'`)
}

type DeleteFlags = CaFlags & { readonly yes?: boolean; readonly permanentDeletionDays?: number }

function deleteSubcommand(group: SignetCommand): void {
  const { context } = group
  changeSubcommand(group, 'delete', {
    preferred: ['DISABLED', 'EXPIRED', 'FAILED', 'PENDING_CERTIFICATE', 'CREATING'],
    next: ({ arn }) => [`signet ca restore ${arn}`],
    async change(client, authority, { yes, permanentDeletionDays: days = 30 }: DeleteFlags) {
      const { name, arn, status } = authority
      if (status === 'ACTIVE')
        throw new ConfigurationError(
          `${name} is ACTIVE; disable it first with: signet ca disable ${arn}`,
        )
      const expected = visibleText(name) === name ? name : idOf(arn)
      if (yes !== true)
        await requireConfirmation(context, {
          question: `${name} (${arn}) is deleted permanently after ${days} days; until then it can be restored.`,
          expected,
        })
      await client.deleteCertificateAuthority({
        CertificateAuthorityArn: arn,
        PermanentDeletionTimeInDays: days,
      })
    },
  })
    .description('Delete a CA; it can be restored for 7 to 30 days')
    .option('--yes', 'delete without asking for confirmation')
    .option(
      '--permanent-deletion-days <number>',
      'number of days during which the CA can be restored, 7 to 30 (default: 30)',
      deletionDays,
    )
    .examples(
      "signet ca delete 'Old Issuing CA'",
      "signet ca delete 'Old Issuing CA' --yes --permanent-deletion-days 7",
    )
}

function deletionDays(text: string): number {
  const days = wholeNumber(text)
  if (days >= 7 && days <= 30) return days
  throw new ConfigurationError(`--permanent-deletion-days must be 7 to 30, not ${days}`)
}

function restoreSubcommand(group: SignetCommand): void {
  changeSubcommand(group, 'restore', {
    preferred: ['DELETED'],
    next: ({ arn }) => [`signet ca enable ${arn}`],
    async change(client, { arn }) {
      await client.restoreCertificateAuthority({ CertificateAuthorityArn: arn })
    },
  })
    .description('Restore a deleted CA. If its certificate is valid, its status becomes DISABLED')
    .examples("signet ca restore 'Old Issuing CA'")
}

interface Change {
  readonly preferred: readonly string[]
  readonly next: (authority: AuthoritySummary) => readonly string[]
  readonly change: (
    client: Connection['client'],
    authority: AuthoritySummary,
    flags: CaFlags,
  ) => Promise<void>
}

/** Creates a subcommand that changes a CA and then prints the CA's new state. */
export function changeSubcommand(
  group: SignetCommand,
  name: string,
  { preferred, next, change }: Change,
): SignetCommand {
  const { context } = group
  return withConnectionFlags(group.command(name))
    .output('table')
    .argument('<ca>', 'name, ID, ID prefix or ARN of the CA')
    .action(async (reference: string, flags: CaFlags) => {
      const authority = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const found = await findAuthority(client, reference, preferred)
          await change(client, found, flags)
          return findAuthority(client, found.arn, [])
        },
      )
      printResult(context, flags, { value: pascalCaseKeys(authority) })
      nextSteps(context, next(authority), flags)
    })
}
