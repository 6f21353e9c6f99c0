/** A CA's certificate and chain. For a CA without a certificate, its CSR and the form for importing a certificate. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { useNotify } from '../../app/notifications.ts'
import { useAction, useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { CertificateDetails, ChainList } from '../../widgets/certificate-details.tsx'
import { download, fileName } from '../../widgets/download.ts'
import { DownloadButton } from '../../widgets/download-button.tsx'
import { subjectText } from '../../widgets/format.ts'
import { PemInput } from '../../widgets/pem-input.tsx'
import { describeCertificates } from '../../x509/describe.ts'
import { toBase64 } from '../../api/base64.ts'

interface CertificateTabProps {
  readonly authority: Authority
  readonly onChanged: () => void
}

export function CertificateTab({ authority, onChanged }: CertificateTabProps): ReactNode {
  if (authority.Status === 'PENDING_CERTIFICATE')
    return <PendingCertificate authority={authority} onChanged={onChanged} />
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
  const { value, error, reload } = useCall(
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
  if (error !== undefined)
    return <ApiAlert error={error} action="Read the CA certificate" onRetry={reload} />
  if (value === undefined)
    return <StatusIndicator type="loading">Loading the certificate</StatusIndicator>
  const { certificate, chain } = value
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <DownloadButton
                name={fileName(subjectText(authority.CertificateAuthorityConfiguration.Subject))}
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
  )
}

function PendingCertificate({ authority, onChanged }: CertificateTabProps): ReactNode {
  const { Arn: arn, CertificateAuthorityConfiguration: configuration } = authority
  const notify = useNotify()
  const [certificate, setCertificate] = useState('')
  const [chain, setChain] = useState('')
  const csr = useCall(`csr ${arn}`, async (client, signal) => {
    const input = { CertificateAuthorityArn: arn }
    return (await client.call('GetCertificateAuthorityCsr', input, { signal })).Csr
  })
  const name = subjectText(configuration.Subject)
  const { run, isRunning, error } = useAction(async (client) => {
    await client.call('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: toBase64(certificate),
      ...(chain.trim() !== '' && { CertificateChain: toBase64(chain) }),
    })
  })
  const install = async (): Promise<void> => {
    if (!(await run())) return
    notify({ type: 'success', header: 'The CA certificate is installed.', text: name })
    onChanged()
  }
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
            description="From the issuer to the root. Leave it empty for a self-signed certificate."
          />
          <ApiAlert error={error} action="Import the certificate" />
          <Button
            variant="primary"
            loading={isRunning}
            disabled={certificate.trim() === ''}
            onClick={() => {
              install().catch(() => undefined)
            }}
          >
            Import certificate
          </Button>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  )
}
