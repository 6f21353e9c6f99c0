/** The result of an issuance with a key that the browser generated: downloads of the key and the certificate. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useEffect, type ReactNode } from 'react'
import { hrefOf, navigate } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { CertificateDetails } from '../../widgets/certificate-details.tsx'
import { download, fileName } from '../../widgets/download.ts'
import { describeCertificates } from '../../x509/describe.ts'

export interface IssuedCertificate {
  readonly arn: string
  /** Private key, PKCS #8 in PEM. */
  readonly keyPem: string
}

export function IssuedKey({ issued }: { readonly issued: IssuedCertificate }): ReactNode {
  const { arn, keyPem } = issued
  const { value, error, reload } = useCall(`issued ${arn}`, async (client, signal) => {
    const CertificateAuthorityArn = arn.split('/certificate/')[0]
    const input = { CertificateAuthorityArn, CertificateArn: arn }
    const output = await client.call('GetCertificate', input, { signal })
    const chain = output.CertificateChain ?? ''
    return {
      certificate: describeCertificates(output.Certificate)[0],
      pem: [output.Certificate, chain].map((part) => part.trim()).join('\n'),
    }
  })
  useEffect(() => {
    // The key exists only on this page.
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [])
  const name = fileName(value?.certificate?.names[0]?.replace(/^[A-Za-z]+:/, '') ?? 'certificate')
  return (
    <SpaceBetween size="l">
      <Alert type="warning" header="Download the private key now">
        It exists only in this browser. When you leave this page, it is lost, and you have to issue
        another certificate.
      </Alert>
      <SpaceBetween direction="horizontal" size="xs">
        <Button
          variant="primary"
          iconName="download"
          onClick={() => download(`${name}.key`, keyPem, 'application/x-pem-file')}
        >
          Private key
        </Button>
        <Button
          iconName="download"
          disabled={value === undefined}
          onClick={() => download(`${name}-fullchain.pem`, value?.pem ?? '')}
        >
          Certificate and chain
        </Button>
        <Button onClick={() => navigate(hrefOf(`certificates/${arn}`))}>
          Open the certificate
        </Button>
      </SpaceBetween>
      <ApiAlert error={error} action="Read the certificate" onRetry={reload} />
      <Container header={<Header variant="h2">Certificate</Header>}>
        {value?.certificate === undefined ? (
          <StatusIndicator type="loading">Loading the certificate</StatusIndicator>
        ) : (
          <CertificateDetails certificate={value.certificate} />
        )}
      </Container>
    </SpaceBetween>
  )
}
