/**
 * The command `signet check-config`, which prints the configuration of `signet serve` and checks everything that the
 * configuration refers to.
 */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Config } from '../../settings/config.ts'
import { configWarnings } from '../../settings/config-warnings.ts'
import { printDone, printNote } from '../../terminal.ts'
import { serverConfigOf, type ParsedFlags } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { tableText } from '../shared/table.ts'

type Flags = ParsedFlags & OutputFlags & { readonly offline?: true }

export function checkConfigCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'check-config')
    .everySetting()
    .option('--offline', 'check only the syntax of settings, without opening files or connections')
    .output()
    .description('Check and print the configuration of signet serve, without changing anything')
    .examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config', 'signet check-config --offline')
    .action(async (flags: Flags, command: Command) => {
      const config = serverConfigOf(context, flags, command)
      if (flags.offline !== true) {
        const { configProblems } = await import('../../server/check-config.ts')
        const problems = await configProblems(config, systemClock)
        if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
      }
      // Secrets are redacted during conversion to JSON.
      const redacted = JSON.parse(JSON.stringify(config)) as object
      const warnings = configWarnings(config)
      printResult(context, flags, {
        value: pascalCaseKeys({ ...redacted, warnings }),
        text: () => settingsText(context.stdout, config, flags),
      })
      if (flags.output !== 'table') return
      for (const warning of warnings) printNote(context.stderr, warning)
      printDone(context, conclusion(config, flags))
    })
}

/** Returns a table of the settings that have a value. */
function settingsText(
  stdout: CommandContext['stdout'],
  { effectiveSettings }: Config,
  { wide = false }: OutputFlags,
): string {
  const rows = effectiveSettings
    .filter(({ value }) => value !== undefined)
    .map(({ name, value, source }) => ({ setting: name, value, source: source.toLowerCase() }))
  return tableText(stdout, rows, { wide })
}

/** Returns the result of the checks in a sentence. */
function conclusion({ dataDirectory }: Config, { offline }: Flags): string {
  if (offline === true)
    return 'The settings are valid. Files and connections were not checked, because --offline is set.'
  const valid = 'The configuration is valid.'
  return existsSync(dataDirectory)
    ? valid
    : `${valid} At its first start, signet serve creates the data folder ${dataDirectory}.`
}
