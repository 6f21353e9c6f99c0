/** The wizard's last step, which previews the CA and its certificate. */
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { signingAlgorithms, templateOf } from '../../api/create-authority.ts'
import type { Authority } from '../../api/types.ts'
import { useSession } from '../../app/session.ts'
import { fullSubjectText } from '../../widgets/format.ts'
import { ForeignText } from '../../widgets/values.tsx'
import { issuerOf, requestOf, subjectOf, type AuthorityDraft } from './draft.ts'

interface ReviewStepProps {
  readonly draft: AuthorityDraft
  readonly issuers: readonly Authority[]
}

export function ReviewStep({ draft, issuers }: ReviewStepProps): ReactNode {
  const { region, identity } = useSession()
  const request = requestOf(draft, issuers)
  const subject = <ForeignText text={fullSubjectText(subjectOf(draft))} />
  const issuer = issuerOf(draft, issuers)
  const { ocsp, crl, bucket, days } = draft.revocation
  const isElsewhere = draft.kind === 'signed-elsewhere'
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">CA</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Account', value: identity.account },
            { label: 'Region', value: region },
            {
              label: 'Kind',
              value: {
                root: 'Root CA',
                'signed-here': 'Subordinate CA',
                'signed-elsewhere': 'Subordinate CA',
              }[draft.kind],
            },
            {
              label: 'Key and signature',
              value: `${draft.keyAlgorithm}, ${signingAlgorithms[draft.keyAlgorithm]}`,
            },
            {
              label: 'Certificates',
              value: draft.isShortLived ? 'Short-lived (at most 7 days)' : 'General purpose',
            },
            { label: 'OCSP', value: ocsp ? 'On' : 'Off' },
            {
              label: 'CRL',
              value: crl ? `In the bucket ${bucket}, valid for ${days} days` : 'Off',
            },
          ]}
        />
      </Container>
      <Container
        header={
          <Header
            variant="h2"
            description={
              isElsewhere
                ? 'The issuer determines the other fields of the certificate. The next page shows the CSR.'
                : undefined
            }
          >
            CA certificate
          </Header>
        }
      >
        <KeyValuePairs
          columns={2}
          items={[
            { label: 'Subject', value: subject },
            ...(isElsewhere
              ? []
              : [
                  {
                    label: 'Issuer',
                    value:
                      issuer === undefined ? (
                        subject
                      ) : (
                        <ForeignText
                          text={fullSubjectText(issuer.CertificateAuthorityConfiguration.Subject)}
                        />
                      ),
                  },
                  { label: 'Validity', value: `${request.years} years from now` },
                  {
                    label: 'Basic constraints',
                    value:
                      draft.kind === 'root'
                        ? 'A CA'
                        : `A CA with at most ${request.pathLength} levels of CAs below it`,
                  },
                  { label: 'Key usage', value: 'digitalSignature, keyCertSign, cRLSign' },
                  { label: 'Template', value: templateOf(request) },
                ]),
          ]}
        />
      </Container>
    </SpaceBetween>
  )
}
