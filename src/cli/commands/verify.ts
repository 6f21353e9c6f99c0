/** `signet verify`. */
import { Command } from 'commander'
import { verifyData } from '../../admin-commands/verify/verify.ts'
import type { Flags, SettingName } from '../../settings/config.ts'
import { clearProgress, showProgress } from '../../terminal.ts'
import type { CommandContext } from '../shared/context.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

/** CRLs are read from the buckets that they are published in. */
const verifySettings: readonly SettingName[] = [
  ...storageSettings,
  'objects',
  's3Endpoint',
  's3Region',
]

export function verifyCommand(context: CommandContext): Command {
  return withOutput(withSettings(new Command('verify'), verifySettings))
    .description('check all records: keys, certificates, revocations, CRLs')
    .addHelpText('after', examples('signet verify --data /var/lib/signet'))
    .action(async (flags: Flags & OutputFlags) => {
      const report = await verifyData(configOf(context, flags), (noun, count) =>
        showProgress(context.stderr, `${count} ${noun}`),
      )
      clearProgress(context.stderr)
      printAnswer(context, flags, report)
      if (!report.Ok) throw new Error(`${report.ProblemCount} problems were found`)
    })
}
