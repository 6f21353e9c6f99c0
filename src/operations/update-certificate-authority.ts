import { requireRevocation } from '../authority/revocation-configuration.ts'
import { ServiceError } from '../errors.ts'
import { updateAuthority } from '../store/authorities.ts'
import { touchAllCrls } from '../store/crls.ts'
import { required, structure } from '../wire/shape.ts'
import { changeAuthority } from './change-authority.ts'
import { revocationConfiguration } from './configuration-shapes.ts'
import { operation } from './operation.ts'
import { requireAuthority } from './require-authority.ts'
import { requireBucket } from './require-bucket.ts'
import { arn, certificateAuthorityStatus } from './shapes.ts'

/**
 * Changes how a CA publishes what it revoked, and whether it is ACTIVE or DISABLED
 * (AWS Private CA API, UpdateCertificateAuthority).
 */
export const updateCertificateAuthority = operation({
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
  async run(services, input, caller) {
    const { authority, now } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'update',
    })
    const status = requestedStatus(input.Status)
    const revocation = requireRevocation(input.RevocationConfiguration, authority.revocation)
    const isNewStatus = status !== undefined && status !== authority.status
    if (!isNewStatus && input.RevocationConfiguration === undefined) return
    const isNewCrl = input.RevocationConfiguration?.CrlConfiguration !== undefined
    if (isNewCrl) await requireBucket(services, revocation, authority.accountId)
    const change = { revocation, ...(isNewStatus && { status }) }
    await changeAuthority(services, [
      updateAuthority(authority, change, now),
      ...(isNewCrl ? [touchAllCrls(authority, now)] : []),
    ])
    services.wake('publish-crls')
  },
})

function requestedStatus(status: string | undefined): 'ACTIVE' | 'DISABLED' | undefined {
  if (status === undefined || status === 'ACTIVE' || status === 'DISABLED') return status
  throw new ServiceError(
    'InvalidArgsException',
    `Status can be set to ACTIVE or DISABLED, not to ${status}.`,
  )
}
