/**
 * The revocation status that relying parties currently see: the certificate's entry in the published CRL, and its OCSP status.
 */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { RevocationCheck } from '../../api/types.ts'
import type { Loaded } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Time } from '../../widgets/values.tsx'
import { crlResult, ocspResult, type CheckResult } from './check-results.ts'

export function RevocationStatus({
  check,
}: {
  readonly check: Loaded<RevocationCheck>
}): ReactNode {
  const { value, error, isLoading, reload } = check
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="The status of this certificate in the published CRL and in the OCSP response."
          actions={
            <Button loading={isLoading} onClick={reload}>
              Check again
            </Button>
          }
        >
          Revocation status
        </Header>
      }
    >
      <ApiAlert error={error} action="Check the revocation status" />
      {error === undefined && (
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'CRL', value: <Result of={value} read={crlResult} /> },
            { label: 'CRL published', value: <Time seconds={value?.Crl?.ThisUpdate} relative /> },
            { label: 'Next CRL', value: <Time seconds={value?.Crl?.NextUpdate} relative /> },
            { label: 'OCSP', value: <Result of={value} read={ocspResult} /> },
            { label: 'OCSP response', value: <Time seconds={value?.Ocsp?.ProducedAt} relative /> },
            {
              label: 'OCSP valid until',
              value: <Time seconds={value?.Ocsp?.NextUpdate} relative />,
            },
          ]}
        />
      )}
    </Container>
  )
}

interface ResultProps {
  readonly of: RevocationCheck | undefined
  readonly read: (check: RevocationCheck) => CheckResult
}

function Result({ of: check, read }: ResultProps): ReactNode {
  if (check === undefined) return <StatusIndicator type="loading">Loading</StatusIndicator>
  const { type, text } = read(check)
  return <StatusIndicator type={type}>{text}</StatusIndicator>
}
