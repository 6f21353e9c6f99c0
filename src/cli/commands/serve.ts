import type { Command } from 'commander'
import { visibleLines } from '../../text/visible-text.ts'
import { asCalled } from '../shared/called-as.ts'
import { serverConfigOf, type ParsedFlags } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'

export function serveCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'serve')
    .everySetting()
    .description('Run the server')
    .examples(
      'signet serve',
      'signet serve --data /var/lib/signet --listen 127.0.0.1:8080 --public-listen 0.0.0.0:8081 \\\n' +
        '    --public-url http://pki.example.com',
    )
    .action(async (flags: ParsedFlags, command: Command) => {
      const config = serverConfigOf(context, flags, command)
      const { serve } = await import('../../server/serve.ts')
      await serve(config, (text) => context.print(visibleLines(asCalled(text, context))))
    })
}
