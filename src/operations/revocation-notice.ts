import type { RevocationConfiguration } from '../authority/revocation-configuration.ts'
import type { Log } from '../log.ts'

/** Tells the operator that a CA is configured for what this server does not do. */
export function noteRevocation(
  log: Log,
  arn: string,
  configuration: RevocationConfiguration,
): void {
  const { CrlConfiguration, OcspConfiguration } = configuration
  if (CrlConfiguration.Enabled || OcspConfiguration.Enabled)
    log.warn(
      { authority: arn, crl: CrlConfiguration.Enabled, ocsp: OcspConfiguration.Enabled },
      'a CA is configured for revocation, which this version neither publishes nor writes into certificates',
    )
}
