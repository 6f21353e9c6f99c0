/** Profiles of an ACME endpoint (draft-ietf-acme-profiles). */
import type { AcmeConfiguration, CertificateProfile } from './endpoint.ts'

/** Returns what certificates of a profile contain, or of the endpoint itself without a profile. Undefined for an unknown profile. */
export function certificateProfile(
  configuration: AcmeConfiguration,
  profile: string | undefined,
): CertificateProfile | undefined {
  if (profile === undefined) return configuration
  return Object.hasOwn(configuration.profiles, profile)
    ? configuration.profiles[profile]
    : undefined
}
