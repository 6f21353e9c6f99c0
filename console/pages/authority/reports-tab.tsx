/**
 * The tab for audit reports, which list issued and revoked certificates and are stored in a bucket. The API cannot list reports,
 * so the page's address contains the last report's ID.
 */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useEffect, useState, type ReactNode } from 'react'
import { hrefOf, navigate, useLocation } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Copyable, Time } from '../../widgets/values.tsx'

const pollMilliseconds = 1500

export function ReportsTab({ arn }: { readonly arn: string }): ReactNode {
  const { query } = useLocation()
  const report = query.get('report') ?? undefined
  const [bucket, setBucket] = useState('')
  const [format, setFormat] = useState('CSV')
  const { submit, isRunning, error } = useSubmit(async (client) => {
    const { AuditReportId } = await client.call('CreateCertificateAuthorityAuditReport', {
      CertificateAuthorityArn: arn,
      S3BucketName: bucket,
      AuditReportResponseFormat: format,
    })
    const href = hrefOf(`authorities/${arn}`, { tab: 'reports', report: AuditReportId })
    navigate(href, { replace: true })
  })
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description="An audit report lists every certificate that the CA has issued or revoked. The server writes audit reports to a bucket."
          >
            Create audit report
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label="Bucket" description="To create a bucket, run signet bucket create.">
            <Input
              value={bucket}
              spellcheck={false}
              onChange={({ detail }) => setBucket(detail.value.trim())}
            />
          </FormField>
          <FormField label="Format">
            <RadioGroup
              value={format}
              items={[
                { value: 'CSV', label: 'CSV' },
                { value: 'JSON', label: 'JSON' },
              ]}
              onChange={({ detail }) => setFormat(detail.value)}
            />
          </FormField>
          <ApiAlert error={error} action="Create the report" />
          <Button
            variant="primary"
            loading={isRunning}
            disabled={bucket.length < 3}
            onClick={submit}
          >
            Create report
          </Button>
        </SpaceBetween>
      </Container>
      {report !== undefined && <ReportView arn={arn} id={report} />}
    </SpaceBetween>
  )
}

function ReportView({ arn, id }: { readonly arn: string; readonly id: string }): ReactNode {
  const { value, error, reload } = useCall(`report ${arn} ${id}`, (client, signal) =>
    client.call(
      'DescribeCertificateAuthorityAuditReport',
      { CertificateAuthorityArn: arn, AuditReportId: id },
      { signal },
    ),
  )
  useEffect(() => {
    if (value?.AuditReportStatus !== 'CREATING') return undefined
    const timer = setTimeout(reload, pollMilliseconds)
    return () => clearTimeout(timer)
  }, [value, reload])
  return (
    <Container header={<Header variant="h2">Report {id.slice(0, 8)}…</Header>}>
      <ApiAlert error={error} action="Read the report" onRetry={reload} />
      {value !== undefined && (
        <KeyValuePairs
          columns={2}
          items={[
            {
              label: 'State',
              value: {
                CREATING: <StatusIndicator type="in-progress">Being written</StatusIndicator>,
                SUCCESS: <StatusIndicator type="success">Written</StatusIndicator>,
                FAILED: <StatusIndicator type="error">Failed; see the server log</StatusIndicator>,
              }[value.AuditReportStatus],
            },
            { label: 'Created', value: <Time seconds={value.CreatedAt} /> },
            { label: 'Bucket', value: value.S3BucketName },
            { label: 'Object', value: <Copyable text={value.S3Key} label="object key" /> },
          ]}
        />
      )}
    </Container>
  )
}
