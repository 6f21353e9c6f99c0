import type { Authority } from '../../authority/authority.ts'
import { lastStateChangeAt, type AuthorityView } from '../../authority/status.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import type { certificateAuthority } from './shapes.ts'

/** Converts a CA to its form in the output of Describe and List (AWS Private CA API, CertificateAuthority). */
export function describeAuthority(
  authority: Authority,
  { arn, status, now }: Omit<AuthorityView, 'authority'>,
): Encodable<typeof certificateAuthority> {
  const { certificate, deletion, failureReason } = authority
  return {
    Arn: arn,
    OwnerAccount: authority.accountId,
    CreatedAt: authority.createdAt,
    LastStateChangeAt: lastStateChangeAt(authority, now),
    Type: authority.type,
    ...(certificate && {
      Serial: BigInt(`0x${certificate.serialNumberHex}`).toString(),
      NotBefore: certificate.notBefore,
      NotAfter: certificate.notAfter,
    }),
    Status: status,
    ...(failureReason && { FailureReason: failureReason }),
    CertificateAuthorityConfiguration: authority.configuration,
    RevocationConfiguration: authority.revocation,
    ...(deletion && { RestorableUntil: deletion.restorableUntil }),
    KeyStorageSecurityStandard: authority.keyStorageSecurityStandard,
    UsageMode: authority.usageMode,
  }
}
