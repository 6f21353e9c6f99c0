import type { Authority } from '../../authority/authority.ts'
import { pastCnames } from '../../authority/custom-cname.ts'
import { maySignCrls } from '../../chain/ca-certificate.ts'
import {
  requireRevocation,
  type RevocationConfiguration,
  revocationConfiguration,
} from '../../authority/revocation-configuration.ts'
import { invalidArgs } from '../../errors.ts'
import { updateAuthority } from '../../store/authority-changes.ts'
import { markAllCrlsDue } from '../../store/crls.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireBucket } from '../shared/require-bucket.ts'
import { arn, certificateAuthorityStatus } from '../shared/shapes.ts'

/** Changes the revocation configuration or the status of a CA (AWS Private CA API, UpdateCertificateAuthority). */
export const updateCertificateAuthority = authorityOperation({
  name: 'UpdateCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
    RevocationConfiguration: revocationConfiguration,
    Status: certificateAuthorityStatus,
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArgsException',
    'InvalidArnException',
    'InvalidStateException',
    'ConcurrentModificationException',
    'InvalidPolicyException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'update',
  async run(services, input, { authority, now, caller }) {
    const status = requestedStatus(input.Status)
    const revocation = requireRevocation(input.RevocationConfiguration, authority.revocation)
    const isNewStatus = status !== undefined && status !== authority.status
    if (!isNewStatus && input.RevocationConfiguration === undefined) return
    const isNewCrl = input.RevocationConfiguration?.CrlConfiguration !== undefined
    if (isNewCrl) requireCrlSign(authority, revocation)
    if (isNewCrl) await requireBucket(services, revocation, authority.accountId)
    const change = {
      revocation,
      pastCrlCnames: pastCnames(
        authority.pastCrlCnames,
        crlCname(authority.revocation),
        crlCname(revocation),
      ),
      ...(isNewStatus && { status }),
    }
    await changeAuthority(
      services,
      [
        updateAuthority(authority, change, now),
        ...(isNewCrl ? [markAllCrlsDue(authority, now)] : []),
      ],
      { time: now, actor: { principal: caller.arn }, authority: authority.number },
    )
    services.wake('publish-crls')
  },
})

/** Throws if the CA certificate lacks cRLSign, because validators would reject the CA's CRLs (RFC 5280 §6.3.3 f). */
function requireCrlSign(
  { certificate }: Authority,
  { CrlConfiguration }: RevocationConfiguration,
): void {
  if (!CrlConfiguration.Enabled || certificate === undefined) return
  if (maySignCrls(parseCertificate(certificate.certificateDer))) return
  throw invalidArgs(
    'CrlConfiguration cannot be enabled: the certificate of the certificate authority has a key usage without cRLSign, so ' +
      'validators would reject every CRL (RFC 5280 section 6.3.3 f). Import a certificate with cRLSign, or use OCSP.',
  )
}

function crlCname({ CrlConfiguration }: RevocationConfiguration): string | undefined {
  return CrlConfiguration.Enabled ? CrlConfiguration.CustomCname : undefined
}

function requestedStatus(status: string | undefined): 'ACTIVE' | 'DISABLED' | undefined {
  if (status === undefined || status === 'ACTIVE' || status === 'DISABLED') return status
  throw invalidArgs(`Status can be set to ACTIVE or DISABLED, not to ${status}.`)
}
