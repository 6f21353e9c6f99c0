import { ServiceError } from '../../errors.ts'
import { currentCrl, openCurrentCrl } from '../../crl/current-crl.ts'
import { publishCrlsNow } from '../../store/crls.ts'
import { appendEvent } from '../../store/leaves.ts'
import { integer, required, structure, timestamp } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn } from '../shared/shapes.ts'

/**
 * Publishes a CA's CRLs immediately instead of when they are due. The operation returns before the CRLs are published.
 * DescribeRevocation shows their state. AWS has no equivalent operation (decision 0048).
 */
export const publishCrl = authorityOperation({
  name: 'PublishCrl',
  actionPrefix: 'signet',
  input: structure({ CertificateAuthorityArn: required(arn) }),
  output: structure({ RequestedAt: timestamp(), Crls: integer() }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidStateException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'publish-crl',
  async run(services, _input, view) {
    const { authority, now, caller } = view
    if (!authority.revocation.CrlConfiguration.Enabled)
      throw new ServiceError(
        'InvalidStateException',
        `The certificate authority ${view.arn} publishes no CRLs. Enable its CrlConfiguration with UpdateCertificateAuthority.`,
      )
    if (currentCrl(view) === 'missing') await openCurrentCrl(services, view, caller.arn)
    const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
    const [due = []] = await services.db.transaction([
      publishCrlsNow(authority.number, now),
      appendEvent(context, { event: 'crl-publication-request' }),
    ])
    services.wake('publish-crls')
    return { RequestedAt: now, Crls: due.length }
  },
})
