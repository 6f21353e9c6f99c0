/** `signet check-config`, which prints what `signet serve` would run with. */
import { Command } from 'commander'
import { configWarnings } from '../../settings/config-warnings.ts'
import type { Config } from '../../settings/config.ts'
import { visibleJson } from '../../text/visible-text.ts'
import type { CommandContext } from '../shared/context.ts'
import {
  allowUnknownFlags,
  examples,
  serverConfigOf,
  type ParsedFlags,
} from '../shared/config-flags.ts'

/** The configuration as JSON, with warnings. */
function describe(config: Config): string {
  const described = { ...config, warnings: configWarnings(config) }
  return visibleJson(JSON.stringify(described, undefined, 2))
}

export function checkConfigCommand(context: CommandContext): Command {
  return allowUnknownFlags(new Command('check-config'))
    .description('check the flags and variables that serve would get, and print what they mean')
    .addHelpText('after', examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config'))
    .action((flags: ParsedFlags, command: Command) =>
      context.print(describe(serverConfigOf(context, flags, command))),
    )
}
