/** Profiles of an ACME endpoint (draft-ietf-acme-profiles), and the validity of their certificates. */
import type { AcmeConfiguration, CertificateProfile } from './endpoint.ts'

/** Returns a profile by its name, or the endpoint's own profile without a name. Undefined for an unknown profile. */
export function certificateProfile(
  configuration: AcmeConfiguration,
  profile: string | undefined,
): CertificateProfile | undefined {
  if (profile === undefined) return configuration
  return Object.hasOwn(configuration.profiles, profile)
    ? configuration.profiles[profile]
    : undefined
}

/** Returns the end of a certificate, in whole seconds: `latest`, or the end of the certificate of its CA if that is earlier. */
export function certificateEnd(
  latest: Date,
  issuer: { readonly notAfter: Date } | undefined,
): Date {
  const milliseconds = Math.min(latest.getTime(), (issuer?.notAfter ?? latest).getTime())
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
