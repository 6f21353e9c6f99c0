/** The host names of the enrollment listener. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ConfigurationError } from '../../errors.ts'
import type { EnrollmentConfig } from '../../settings/enrollment-config.ts'
import { formatIpAddress, parseIpAddress } from '../../text/ip-address.ts'

/**
 * Returns the configured host names, or the host names in the certificate from `--tls-cert`. Throws ConfigurationError if there
 * are no host names. `cert` is in PEM.
 */
export function enrollNames(
  { names }: Pick<EnrollmentConfig, 'names'>,
  cert: string,
): readonly string[] {
  const found = names ?? namesIn(new X509Certificate(cert))
  if (found.length > 0) return found
  throw new ConfigurationError(
    '--enroll-names is required, because the certificate of --tls-cert has no host names or addresses (SAN)',
  )
}

/** Returns the configured host names that are missing from a certificate. Clients cannot use these names. */
export function uncoveredNames(
  { names = [] }: Pick<EnrollmentConfig, 'names'>,
  cert: string,
): readonly string[] {
  const certificate = new X509Certificate(cert)
  const inCertificate = namesIn(certificate)
  return names.filter((name) => {
    if (name.startsWith('*.')) return !inCertificate.includes(name)
    const options = { subject: 'never', partialWildcards: false } as const
    const match =
      isIP(name) === 0 ? certificate.checkHost(name, options) : certificate.checkIP(name)
    return match === undefined
  })
}

const hostForm = /^(?:\*\.)?[\w.-]+$/

function namesIn({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names = subjectAltName.split(', ').map((entry) => {
    const [, text = ''] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? []
    const bytes = parseIpAddress(text)
    return bytes === undefined ? text.toLowerCase() : formatIpAddress(bytes)
  })
  return [...new Set(names.filter((name) => isIP(name) !== 0 || hostForm.test(name)))]
}
