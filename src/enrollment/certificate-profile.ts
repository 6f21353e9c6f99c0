/** Profiles of an ACME endpoint (draft-ietf-acme-profiles), and the validity of their certificates. */
import type { AcmeConfiguration, CertificateProfile } from './endpoint.ts'

/**
 * Returns the profile with the given name, or the endpoint's own profile if no name is given. Returns undefined for an unknown
 * profile.
 */
export function certificateProfile(
  configuration: AcmeConfiguration,
  profile: string | undefined,
): CertificateProfile | undefined {
  if (profile === undefined) return configuration
  return Object.hasOwn(configuration.profiles, profile)
    ? configuration.profiles[profile]
    : undefined
}

/** Returns a certificate's expiry in whole seconds: `latest`, or the expiry of the CA's certificate if that is earlier. */
export function certificateEnd(
  latest: Date,
  issuer: { readonly notAfter: Date } | undefined,
): Date {
  const milliseconds = Math.min(latest.getTime(), (issuer?.notAfter ?? latest).getTime())
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
