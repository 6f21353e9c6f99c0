import type { Command } from 'commander'
import { loadBytes } from '../../client-commands/load.ts'
import { systemClock } from '../../clock.ts'
import { inspect } from '../../inspect/inspect.ts'
import { paragraphsOf } from '../../inspect/lines.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { paragraphsText } from '../shared/style.ts'

type InspectFlags = OutputFlags & { readonly tls?: boolean; readonly caFile?: string }

export function inspectCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'inspect')
    .output('table')
    .description('Describe a certificate, chain, CSR, CRL or OCSP response')
    .argument('<file|url|->', 'PEM or DER file, http, https or tls URL, or - for standard input')
    .option(
      '--tls',
      "inspect the https server's certificate chain instead of the content of the URL",
    )
    .examples(
      'signet inspect tls/fullchain.pem',
      'signet inspect tls://localhost:8443',
      'openssl req -in server.csr | signet inspect - --output json',
    )
    .action(async (source: string, flags: InspectFlags) => {
      const now = systemClock.now()
      const bytes = await loadBytes(source, { tls: flags.tls === true, stdin: context.stdin })
      try {
        const description = await inspect(bytes, now)
        printResult(context, flags, {
          value: pascalCaseKeys({ source, ...description }),
          rows: pascalCaseKeys(description.objects) as object[],
          text: () => paragraphsText(context.stdout, paragraphsOf(description, now)),
        })
      } catch (error) {
        throw new Error(`${source}: ${(error as Error).message}`, { cause: error })
      }
    })
}
