/** `signet serve`, and `signet check-config`, which says what it would serve with. */
import { Command } from 'commander'
import { configWarnings } from '../settings/config-warnings.ts'
import type { Config } from '../settings/config.ts'
import { visibleJson, visibleLines } from '../text/visible-text.ts'
import type { Print } from './print.ts'
import { configOf, examples, allowUnknownFlags, type ParsedFlags } from './config-flags.ts'

/** `signet serve`. */
export function serveCommand(print: Print): Command {
  return allowUnknownFlags(new Command('serve'))
    .description('serve the API')
    .addHelpText(
      'after',
      examples(
        'signet serve',
        'signet serve --data /var/lib/signet --listen 127.0.0.1:8080 --public-listen 0.0.0.0:8081 \\\n' +
          '    --public-url http://pki.example.com',
      ),
    )
    .action(async (flags: ParsedFlags, command: Command) => {
      const config = configOf(flags, command)
      const { serve } = await import('../server/serve.ts')
      await serve(config, (text) => print(visibleLines(text)))
    })
}

/** The configuration as JSON, with warnings. */
function describe(config: Config): string {
  const described = { ...config, warnings: configWarnings(config) }
  return visibleJson(JSON.stringify(described, undefined, 2))
}

/** `signet check-config`. */
export function checkConfigCommand(print: Print): Command {
  return allowUnknownFlags(new Command('check-config'))
    .description('check the flags and variables that serve would get, and print what they mean')
    .addHelpText('after', examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config'))
    .action((flags: ParsedFlags, command: Command) => print(describe(configOf(flags, command))))
}
