import type { CertificateNames } from '../../issuance/accept-csr.ts'
import { structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { arn } from '../shared/shapes.ts'
import { issueCertificateInput } from './issue-certificate-input.ts'
import { requestCertificate, type Signature } from './request-certificate.ts'
import type { Alongside } from './store-issuance.ts'
import { defaultTemplateArn } from './template-arn.ts'

/** Issues a certificate for a CSR (AWS Private CA API, IssueCertificate). */
export const issueCertificate = operation({
  name: 'IssueCertificate',
  input: issueCertificateInput,
  output: structure({
    CertificateArn: arn,
  }),
  errors: [
    'LimitExceededException',
    'ResourceNotFoundException',
    'InvalidArgsException',
    'InvalidArnException',
    'InvalidStateException',
    'MalformedCSRException',
    // AWS's API model does not list ConcurrentModificationException for IssueCertificate.
    'ConcurrentModificationException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  conditionKeys: {
    documentation:
      '`acm-pca:TemplateArn`, and the [content of the certificate](../compatibility/policies.md#certificate-content)',
    of: ({ TemplateArn }, { partition }) =>
      new Map([['acm-pca:templatearn', [TemplateArn ?? defaultTemplateArn(partition)]]]),
  },
  issuesCertificate: true,
  run: async (services, input, caller) => ({
    CertificateArn: await requestCertificate(services, input, { caller, signature: 'deferrable' }),
  }),
})

/** Additions that an enrollment protocol makes to a certificate request. */
export interface IssuanceAdditions {
  /** Names that replace the names in the CSR; if absent, the names in the CSR are used. */
  readonly names?: CertificateNames
  /**
   * Creates the CSR in PEM that replaces the CSR in the input. The function generates a key, so it is called after all checks
   * that need no CSR.
   */
  readonly createCsr?: () => Promise<Uint8Array>
  /** Returns SQL statements to commit together with the certificate, or with the intent to sign it later. */
  readonly statements: Alongside
  /** Whether the certificate may be signed later; `deferrable` by default. */
  readonly signature?: Signature
}

/** Runs IssueCertificate with additions. The certificate and the additional statements are committed in the same transaction. */
export function issueCertificateWith({
  statements: alongside,
  signature = 'deferrable',
  ...others
}: IssuanceAdditions): typeof issueCertificate {
  return {
    ...issueCertificate,
    run: async (services, input, caller) => {
      const request = { caller, signature, alongside, ...others }
      return { CertificateArn: await requestCertificate(services, input, request) }
    },
  }
}
