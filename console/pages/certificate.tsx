/** The page of a certificate: status, fields, extensions, chain, downloads and revocation. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Client } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/errors.ts'
import type { CertificateSummary } from '../api/types.ts'
import type { PageProps } from '../app/pages.ts'
import { hrefOf } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { CertificateDetails, ChainList } from '../widgets/certificate-details.tsx'
import { DownloadButton } from '../widgets/download-button.tsx'
import { fileName } from '../widgets/download.ts'
import { enumText, templateName, visibleText } from '../widgets/format.ts'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { PrincipalName } from '../widgets/principal-name.tsx'
import { CertificateState, Copyable, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { describeCertificates, type CertificateDescription } from '../x509/describe.ts'
import { keyOf } from '../x509/session-keys.ts'
import { KeyPanel } from './certificates/key-panel.tsx'
import { RevocationStatus } from './certificates/revocation-status.tsx'
import { RevokeDialog } from './certificates/revoke-dialog.tsx'

interface CertificateFacts {
  readonly certificate: CertificateDescription
  readonly chain: readonly CertificateDescription[]
  /** The certificate's row from the search; absent if the row could not be read. */
  readonly summary: CertificateSummary | undefined
  readonly summaryError: ApiError | undefined
}

export function Page({ parameter: arn }: PageProps): ReactNode {
  const [caArn = '', serial = ''] = arn.split('/certificate/')
  const loaded = useCall(`certificate ${arn}`, (client, signal) =>
    readFacts(client, { arn, caArn, serial, signal }),
  )
  const { value } = loaded
  const title = value === undefined ? 'Certificate' : titleOf(value.certificate)
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[{ text: 'Certificates', path: 'certificates' }]}
        current={visibleText(title)}
      />
      <LoadedView loaded={loaded} what="the certificate">
        {(facts) => (
          <CertificateView
            facts={facts}
            arn={arn}
            caArn={caArn}
            title={visibleText(title)}
            onChanged={loaded.reload}
          />
        )}
      </LoadedView>
    </SpaceBetween>
  )
}

interface CertificateViewProps {
  readonly facts: CertificateFacts
  readonly arn: string
  readonly caArn: string
  readonly title: string
  readonly onChanged: () => void
}

function CertificateView(props: CertificateViewProps): ReactNode {
  const { facts, arn, caArn, title, onChanged } = props
  const { certificate, chain, summary, summaryError } = facts
  const [isRevoking, setRevoking] = useState(false)
  const check = useCall(`check ${arn}`, (client, signal) => {
    const input = { CertificateAuthorityArn: caArn, SerialNumber: certificate.serialNumber }
    return client.call('CheckRevocation', input, { signal })
  })
  const keyPem = keyOf(arn)
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Reload the certificate" onClick={onChanged} />
            <Button disabled={summary?.Status === 'REVOKED'} onClick={() => setRevoking(true)}>
              Revoke
            </Button>
            <DownloadButton name={fileName(title)} certificate={certificate} chain={chain} />
          </SpaceBetween>
        }
      >
        {title}
      </Header>
      {keyPem !== undefined && (
        <KeyPanel
          arn={arn}
          keyPem={keyPem}
          name={fileName(title)}
          certificate={certificate}
          chain={chain}
        />
      )}
      <ApiAlert error={summaryError} action="Read the status" onRetry={onChanged} />
      {summary?.Status === 'REVOKED' && (
        <Alert type="error" header="Revoked">
          <Time seconds={summary.RevokedAt} relative />. Reason:{' '}
          {enumText(summary.RevocationReason ?? 'UNSPECIFIED')}.
        </Alert>
      )}
      <Container header={<Header variant="h2">Issuance</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            ...(summary === undefined
              ? []
              : [
                  { label: 'Status', value: <CertificateState status={summary.Status} /> },
                  {
                    label: 'Requester',
                    value: <PrincipalName arn={summary.Requester} />,
                  },
                  { label: 'Issued', value: <Time seconds={summary.IssuedAt} relative /> },
                  { label: 'Template', value: templateName(summary.TemplateArn) },
                ]),
            {
              label: 'CA',
              value: (
                <PageLink href={hrefOf(`authorities/${caArn}`)}>
                  <ForeignText text={certificate.issuer} />
                </PageLink>
              ),
            },
            { label: 'ARN', value: <Copyable text={arn} label="ARN" /> },
          ]}
        />
      </Container>
      <RevocationStatus check={check} />
      <Container header={<Header variant="h2">Certificate</Header>}>
        <CertificateDetails certificate={certificate} />
      </Container>
      <ChainList chain={chain} />
      {isRevoking && (
        <RevokeDialog
          certificates={[
            {
              CertificateAuthorityArn: caArn,
              SerialNumber: certificate.serialNumber,
              Subject: certificate.subject,
            },
          ]}
          onClose={() => setRevoking(false)}
          onChanged={() => {
            onChanged()
            check.reload()
          }}
        />
      )}
    </SpaceBetween>
  )
}

/** Returns a short title for a certificate: the CommonName or the first alternative name. */
function titleOf({ subject, names, serialNumber }: CertificateDescription): string {
  const [, commonName] = /(?:^|, )CN=((?:\\.|[^\\,])+)/.exec(subject) ?? []
  const title = commonName ?? names[0]?.replace(/^[A-Za-z]+:/, '') ?? serialNumber
  return title.length > 100 ? `${title.slice(0, 100)}…` : title
}

interface FactsRequest {
  readonly arn: string
  readonly caArn: string
  readonly serial: string
  readonly signal: AbortSignal
}

const retriesMax = 20
const retryMilliseconds = 500

async function readFacts(client: Client, request: FactsRequest): Promise<CertificateFacts> {
  const { arn, caArn, serial, signal } = request
  const status = readSummary(client, request)
  for (let attempt = 0; ; attempt += 1)
    try {
      const input = { CertificateAuthorityArn: caArn, CertificateArn: arn }
      const output = await client.call('GetCertificate', input, { signal })
      const [certificate] = describeCertificates(output.Certificate)
      if (certificate === undefined)
        throw new Error(`The API returned no certificate for ${serial}.`)
      return {
        certificate,
        chain: describeCertificates(output.CertificateChain ?? ''),
        ...(await status),
      }
    } catch (failure) {
      const isPending = toApiError(failure).code === 'RequestInProgressException'
      if (!isPending || attempt === retriesMax) throw failure
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds))
    }
}

/** Reads the certificate's status. A principal may be allowed to read certificates but not to search for certificates. */
async function readSummary(
  client: Client,
  { caArn, serial, signal }: FactsRequest,
): Promise<Pick<CertificateFacts, 'summary' | 'summaryError'>> {
  try {
    const input = { CertificateAuthorityArn: caArn, SerialNumber: serial }
    const output = await client.call('ListCertificates', input, { signal })
    return { summary: output.Certificates[0], summaryError: undefined }
  } catch (failure) {
    return { summary: undefined, summaryError: toApiError(failure) }
  }
}
