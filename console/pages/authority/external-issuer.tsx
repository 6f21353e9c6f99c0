/** A CA's CSR for an external issuer, and the form for importing the issued certificate. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { toBase64 } from '../../api/client.ts'
import type { Authority } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { download, fileName } from '../../widgets/download.ts'
import { subjectText } from '../../widgets/format.ts'
import { PemInput } from '../../widgets/pem-input.tsx'

interface ExternalIssuerProps {
  readonly authority: Authority
  readonly onChanged: () => void
}

export function ExternalIssuer({ authority, onChanged }: ExternalIssuerProps): ReactNode {
  const { Arn: arn, CertificateAuthorityConfiguration: configuration } = authority
  const [certificate, setCertificate] = useState('')
  const [chain, setChain] = useState('')
  const csr = useCall(`csr ${arn}`, async (client, signal) => {
    const input = { CertificateAuthorityArn: arn }
    return (await client.call('GetCertificateAuthorityCsr', input, { signal })).Csr
  })
  const name = subjectText(configuration.Subject)
  const { submit, isRunning, error } = useSubmit(
    async (client) => {
      await client.call('ImportCertificateAuthorityCertificate', {
        CertificateAuthorityArn: arn,
        Certificate: toBase64(certificate),
        ...(chain.trim() !== '' && { CertificateChain: toBase64(chain) }),
      })
    },
    { done: 'The CA certificate is installed.', onDone: onChanged },
  )
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description="Have an issuer sign this CSR with a CA template, then import the certificate below."
            actions={
              <Button
                iconName="download"
                disabled={csr.value === undefined}
                onClick={() => download(`${fileName(name)}.csr`, csr.value ?? '')}
              >
                Download CSR
              </Button>
            }
          >
            1. Certificate signing request
          </Header>
        }
      >
        <ApiAlert error={csr.error} action="Read the CSR" onRetry={csr.reload} />
        {csr.value !== undefined && <pre className="pem">{csr.value}</pre>}
      </Container>
      <Container header={<Header variant="h2">2. Import the certificate</Header>}>
        <SpaceBetween size="m">
          <PemInput value={certificate} onChange={setCertificate} label="Certificate" />
          <PemInput
            value={chain}
            onChange={setChain}
            label="Certificate chain"
            description="The CA certificates from the issuer to the root. Leave this field empty for a self-signed certificate."
          />
          <ApiAlert error={error} action="Import the certificate" />
          <Button
            variant="primary"
            loading={isRunning}
            disabled={certificate.trim() === ''}
            onClick={submit}
          >
            Import certificate
          </Button>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  )
}
