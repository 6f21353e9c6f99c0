/** The command `signet ca revocation`, which changes a CA's CRL and OCSP settings. */
import { Option } from 'commander'
import {
  changedRevocation,
  type RevocationChange,
} from '../../client-commands/authority/change-revocation.ts'
import { ConfigurationError } from '../../errors.ts'
import { wholeNumber } from '../shared/config-flags.ts'
import type { SignetCommand } from '../shared/signet-command.ts'
import { changeSubcommand, type CaFlags } from './change-subcommands.ts'

/** CA statuses to prefer when a name matches several CAs. */
const configurable = ['ACTIVE', 'DISABLED', 'PENDING_CERTIFICATE']

export function revocationSubcommand(group: SignetCommand): void {
  changeSubcommand(group, 'revocation', {
    preferred: configurable,
    next: ({ arn }) => [`signet ca show ${arn}`],
    async change(client, { arn }, flags: CaFlags & RevocationChange) {
      const { CertificateAuthority: authority } = await client.describeCertificateAuthority({
        CertificateAuthorityArn: arn,
      })
      await client.updateCertificateAuthority({
        CertificateAuthorityArn: arn,
        RevocationConfiguration: changedRevocation(authority?.RevocationConfiguration, flags),
      })
    },
  })
    .description(
      'Change the CRL and OCSP settings of a CA. Issued certificates keep their URLs; options that are not specified keep their values',
    )
    .option('--crl-bucket <name>', 'publish CRLs in this bucket (see signet bucket create)')
    .option(
      '--crl-days <number>',
      'validity period of a CRL in days, 1 to 5000 (default: the current value, or 7)',
      crlDays,
    )
    .addOption(
      new Option('--crl-type <type>', 'whether CRLs are partitioned').choices([
        'COMPLETE',
        'PARTITIONED',
      ]),
    )
    .option('--crl-cname <host>', 'host in the CRL URLs; an empty string restores the default')
    .option('--no-crl', 'stop publishing CRLs')
    .option('--ocsp', 'serve OCSP for certificates of the CA')
    .option('--no-ocsp', 'stop serving OCSP')
    .option('--ocsp-cname <host>', 'host in the OCSP URLs; an empty string restores the default')
    .examples(
      "signet ca revocation 'Example Issuing CA' --crl-bucket my-crls --ocsp",
      "signet ca revocation 'Example Issuing CA' --no-crl",
    )
}

function crlDays(text: string): number {
  const days = wholeNumber(text)
  if (days >= 1 && days <= 5000) return days
  throw new ConfigurationError(`--crl-days must be 1 to 5000, not ${days}`)
}
