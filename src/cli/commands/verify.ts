import type { Command } from 'commander'
import { verifyData } from '../../admin-commands/verify/verify.ts'
import type { Flags } from '../../settings/config.ts'
import { clearProgress, showProgress } from '../../terminal.ts'
import { configOf, storageSettings } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'

export function verifyCommand(context: CommandContext): Command {
  return (
    new SignetCommand(context, 'verify')
      // The object store settings are needed to read CRLs from buckets, and the token settings are needed to sign with keys in
      // a token.
      .settings([...storageSettings, ...(['objects', 's3Endpoint', 's3Region'] as const)])
      .output()
      .description('Check all stored keys, certificates, revocations and CRLs')
      .examples('signet verify --data /var/lib/signet')
      .action(async (flags: Flags & OutputFlags) => {
        const report = await verifyData(configOf(context, flags), (noun, count) =>
          showProgress(context.stderr, `${count} ${noun}`),
        )
        clearProgress(context.stderr)
        printResult(context, flags, { value: report })
        if (!report.Ok)
          throw new Error(
            report.ProblemCount === 1 ? '1 problem found' : `${report.ProblemCount} problems found`,
          )
      })
  )
}
