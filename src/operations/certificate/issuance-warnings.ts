/** Logs warnings about issued certificates that clients may reject. The API cannot return warnings. */
import type { AcceptedCsr } from '../../issuance/accept-csr.ts'
import type { Passthrough } from '../../issuance/passthrough.ts'
import type { Template } from '../../issuance/templates.ts'
import type { Services } from '../../services.ts'
import { lacksAlternativeName } from '../../x509/certification-request.ts'
import { parseExtendedKeyUsage } from '../../x509/extensions/extended-key-usage.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import { oids } from '../../x509/der/oid.ts'

/** Logs and counts server certificates with a CommonName and no SAN, which TLS clients reject (RFC 9525 §2). */
export function warnOfMissingNames(
  { log, metrics }: Pick<Services, 'log' | 'metrics'>,
  issued: {
    readonly csr: AcceptedCsr
    readonly template: Template
    readonly passthrough: Passthrough
    readonly certificateArn: string
    readonly requesterArn: string
  },
): void {
  const { csr, template, passthrough, certificateArn, requesterArn } = issued
  if (!lacksAlternativeName(csr.request) || !isForServers(template)) return
  if (findExtension(passthrough.extensions, oids.subjectAltName) !== undefined) return
  metrics.certificateWithoutSan()
  log.info(
    { certificate: certificateArn, requester: requesterArn },
    'the CSR has a common name but no subject alternative name: TLS clients refuse the certificate for a host',
  )
}

/**
 * Returns whether TLS servers can use certificates from a template. TLS servers can also use certificates from a template
 * without extKeyUsage.
 */
function isForServers({ kind, usage }: Template): boolean {
  if (kind !== 'end-entity') return false
  const extension = findExtension(usage, oids.extendedKeyUsage)
  return extension === undefined || parseExtendedKeyUsage(extension.value).includes(oids.serverAuth)
}
