/** The command `signet certificates check`, which shows a certificate's status in the published CRL and in the OCSP response. */
import { findAuthority } from '../../client-commands/authorities.ts'
import { checkParagraphs } from '../../client-commands/authority/revocation-state.ts'
import { resolveCertificate } from '../../client-commands/certificates/resolve-certificate.ts'
import { withConnection } from '../../client-commands/connection.ts'
import {
  connectionOf,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'

type CheckFlags = ConnectionFlags & OutputFlags & { readonly ca?: string }

export function checkSubcommand(group: SignetCommand): void {
  const { context } = group
  withConnectionFlags(group.command('check'))
    .output('table')
    .description(
      'Show the current status of a certificate in the published CRL and in the OCSP response',
    )
    .argument(
      '<certificate>',
      'serial number, ARN, certificate file, or folder written by signet issue',
    )
    .option('--ca <ca>', 'name, ID or ARN of the CA that issued the certificate')
    .examples('signet certificates check 6f0a…', 'signet certificates check tls --output json')
    .action(async (reference: string, flags: CheckFlags) => {
      const checked = await withConnection(
        connectionOf(flags, context.environment),
        async ({ client }) => {
          const { ca } = flags
          const authority =
            ca === undefined ? undefined : await findAuthority(client, ca, ['ACTIVE', 'DISABLED'])
          const id = await resolveCertificate(client, reference, authority?.arn)
          return client.checkRevocation({
            CertificateAuthorityArn: id.certificateAuthorityArn,
            SerialNumber: id.serialNumber,
          })
        },
      )
      printResult(context, flags, {
        value: checked,
        text: () => paragraphsText(context.stdout, checkParagraphs(checked)),
      })
    })
}
