/** The command `signet ca import`, which imports a certificate that was issued elsewhere, for example by an offline root. */
import { findAuthority } from '../../client-commands/authorities.ts'
import { authorityOfCertificate } from '../../client-commands/authority/import-authority.ts'
import {
  externalAnswer,
  importCertificate,
} from '../../client-commands/authority/renew-authority.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { progressTo } from '../../terminal.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { nextSteps, printResult, type OutputFlags } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import { readText } from './renew-subcommand.ts'

interface ImportFlags extends ConnectionFlags, OutputFlags {
  readonly chain?: string
  readonly ca?: string
}

/** CA statuses to prefer when a name matches several CAs. */
const importing = ['PENDING_CERTIFICATE', 'ACTIVE', 'EXPIRED', 'DISABLED']

export function importSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('import'))
    .output('table')
    .description('Import a CA certificate signed by an external issuer, such as an offline root')
    .argument('<certificate>', 'certificate in PEM; the same file may also contain its chain')
    .option('--chain <file>', 'certificate chain in PEM, from the issuer to the root')
    .option(
      '--ca <ca>',
      'name, ID or ARN of the CA (default: the CA whose public key the certificate contains)',
    )
    .examples(
      'signet ca import issuing.pem --chain root.pem',
      "signet ca import ca-with-chain.pem --ca 'Example Issuing CA'",
    )
    .action(async (file: string, flags: ImportFlags) => {
      const answer = externalAnswer(
        readText(file, file),
        flags.chain === undefined ? undefined : readText(flags.chain, '--chain'),
        file,
      )
      const progress = progressTo(context.stderr)
      const imported = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const authority =
            flags.ca === undefined
              ? await authorityOfCertificate(client, answer.certificate)
              : await findAuthority(client, flags.ca, importing)
          return importCertificate(client, authority, { ...answer, progress })
        },
      )
      printResult(context, flags, { value: imported })
      nextSteps(
        context,
        [
          `signet ca show ${imported.Arn}`,
          `signet issue --ca ${imported.Arn} --name host.example.com`,
        ],
        flags,
      )
    })
}
