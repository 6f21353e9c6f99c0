/**
 * The tab with a CA's certificate and chain. A CA without a certificate shows its CSR and the form for importing a certificate.
 */
import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { CertificateDetails, ChainList } from '../../widgets/certificate-details.tsx'
import { fileName } from '../../widgets/download.ts'
import { DownloadButton } from '../../widgets/download-button.tsx'
import { subjectText } from '../../widgets/format.ts'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { describeCertificates } from '../../x509/describe.ts'
import { ExternalIssuer } from './external-issuer.tsx'

interface CertificateTabProps {
  readonly authority: Authority
  readonly onChanged: () => void
}

export function CertificateTab({ authority, onChanged }: CertificateTabProps): ReactNode {
  if (authority.Status === 'PENDING_CERTIFICATE')
    return <ExternalIssuer authority={authority} onChanged={onChanged} />
  if (!['ACTIVE', 'DISABLED', 'EXPIRED'].includes(authority.Status))
    return (
      <Alert type="info">
        The API does not return the certificate of a CA in the state {authority.Status}.
      </Alert>
    )
  return <InstalledCertificate authority={authority} />
}

function InstalledCertificate({ authority }: { readonly authority: Authority }): ReactNode {
  const { Arn: arn } = authority
  const loaded = useCall(
    `authority-certificate ${arn} ${authority.LastStateChangeAt ?? ''}`,
    async (client, signal) => {
      const input = { CertificateAuthorityArn: arn }
      const output = await client.call('GetCertificateAuthorityCertificate', input, { signal })
      const [certificate] = describeCertificates(output.Certificate)
      return (
        certificate && { certificate, chain: describeCertificates(output.CertificateChain ?? '') }
      )
    },
  )
  return (
    <LoadedView loaded={loaded} what="the CA certificate">
      {({ certificate, chain }) => (
        <SpaceBetween size="l">
          <Container
            header={
              <Header
                variant="h2"
                actions={
                  <DownloadButton
                    name={fileName(
                      subjectText(authority.CertificateAuthorityConfiguration.Subject),
                    )}
                    certificate={certificate}
                    chain={chain}
                  />
                }
              >
                CA certificate
              </Header>
            }
          >
            <CertificateDetails certificate={certificate} />
          </Container>
          <ChainList chain={chain} />
        </SpaceBetween>
      )}
    </LoadedView>
  )
}
