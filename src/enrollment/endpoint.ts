/** Endpoints for enrollment and their configuration. */

export type EnrollmentProtocol = 'acme' | 'est'

/** Challenge types (RFC 8555 §8, RFC 8737), in the order in which they are offered. */
export const challengeTypes = ['http-01', 'dns-01', 'tls-alpn-01'] as const
export type ChallengeType = (typeof challengeTypes)[number]

/** Contents of the certificates from an endpoint or a profile. */
export interface CertificateProfile {
  /** Name of the template, such as `EndEntityServerAuthCertificate/V1`. */
  readonly template: string
  readonly validitySeconds: number
}

export interface AcmeConfiguration extends CertificateProfile {
  /** Patterns of the names that the endpoint permits (permitted-names.ts); empty for all names. */
  readonly names: readonly string[]
  /** Challenges that accounts can choose from; empty if names need no proof of control. */
  readonly challenges: readonly ChallengeType[]
  /** Whether a new account needs an external account binding (RFC 8555 §7.3.4). */
  readonly eab: 'required' | 'optional' | 'off'
  /** Additional profiles, by name (draft-ietf-acme-profiles). */
  readonly profiles: Readonly<Record<string, CertificateProfile & { readonly description: string }>>
}

/** Credentials that an EST client must send: a client certificate, a one-time password, either of them, or both. */
export const estAuthentications = ['either', 'certificate', 'password', 'both'] as const
export type EstAuthentication = (typeof estAuthentications)[number]

export interface EstConfiguration extends CertificateProfile {
  readonly names: readonly string[]
  readonly authentication: EstAuthentication
  /** ARN of the CA whose client certificates authenticate enrollment, in addition to the endpoint's own CA. */
  readonly clientAuthorityArn: string | undefined
  /** Whether the server generates keys (RFC 7030 §4.4). */
  readonly serverKeyGeneration: boolean
}

interface EndpointOf<Protocol extends EnrollmentProtocol, Configuration> {
  readonly protocol: Protocol
  /** 1 to 64 lower-case letters, digits and hyphens. Unique among the endpoints of the protocol. */
  readonly name: string
  /** Account of the CA: twelve digits. */
  readonly accountId: string
  /** Number of the CA. */
  readonly authorityNumber: number
  readonly configuration: Configuration
  readonly createdAt: Date
}

export type AcmeEndpoint = EndpointOf<'acme', AcmeConfiguration>
export type EstEndpoint = EndpointOf<'est', EstConfiguration>
export type EnrollmentEndpoint = AcmeEndpoint | EstEndpoint

/** Matches the name of an endpoint, which is part of URLs. */
export const endpointNameForm = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/
