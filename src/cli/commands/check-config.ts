/** `signet check-config`, which prints what `signet serve` would run with. */
import type { Command } from 'commander'
import { configWarnings } from '../../settings/config-warnings.ts'
import { serverConfigOf, type ParsedFlags } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'

export function checkConfigCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'check-config')
    .everySetting()
    .output()
    .description('Check the configuration of serve, and print it')
    .examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config')
    .action((flags: ParsedFlags & OutputFlags, command: Command) => {
      const config = serverConfigOf(context, flags, command)
      printResult(context, flags, {
        value: pascalCaseKeys({ ...config, warnings: configWarnings(config) }),
      })
    })
}
