/** The state of a CA's CRLs and OCSP responses, with a button that publishes the CRLs. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useEffect, useState, type ReactNode } from 'react'
import { listAll } from '../../api/client.ts'
import type { RevocationState } from '../../api/types.ts'
import { useAction, useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { byteText } from '../../widgets/format.ts'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { Copyable, Empty, Time } from '../../widgets/values.tsx'

type Crl = RevocationState['Crls'][number]

const requestedPollMilliseconds = 1000
const pollMilliseconds = 5000
/** Maximum number of CRLs to list. */
const listedMax = 1000

export function RevocationStateView({
  arn,
  version,
}: {
  readonly arn: string
  readonly version: string
}): ReactNode {
  const loaded = useCall(`revocation ${arn} ${version}`, async (client, signal) => {
    const { items, last } = await listAll(client, 'DescribeRevocation', {
      input: { CertificateAuthorityArn: arn },
      items: ({ Crls: crls }) => crls,
      limit: listedMax,
      signal,
    })
    return { ...last, Crls: items }
  })
  return (
    <LoadedView loaded={loaded} what="the state of CRLs and OCSP">
      {(state) => (
        <SpaceBetween size="l">
          {state.Crl.Enabled && <Crls arn={arn} state={state} onReload={loaded.reload} />}
          {state.Ocsp.Enabled && <Ocsp state={state} />}
        </SpaceBetween>
      )}
    </LoadedView>
  )
}

interface CrlsProps {
  readonly arn: string
  readonly state: RevocationState
  readonly onReload: () => void
}

function Crls({ arn, state: { Crl: totals, Crls: crls }, onReload }: CrlsProps): ReactNode {
  const [isRequested, setRequested] = useState(false)
  const { run, isRunning, error } = useAction(async (client) => {
    await client.call('PublishCrl', { CertificateAuthorityArn: arn })
    setRequested(true)
    onReload()
  })
  // A CRL is shown as pending until the new CRL's number is known.
  const isWaiting = totals.Pending > 0
  useEffect(() => {
    if (!isWaiting) return undefined
    const timer = setTimeout(onReload, isRequested ? requestedPollMilliseconds : pollMilliseconds)
    return () => clearTimeout(timer)
  })
  const isPartitioned = totals.CrlType === 'PARTITIONED'
  return (
    <SpaceBetween size="m">
      <Table
        header={
          <Header
            variant="h2"
            description={`${countText(totals.Crls, 'CRL', 'CRLs')}, ${countText(totals.Entries, 'entry', 'entries')}, ${byteText(totals.Size)}. Relying parties download the CRL from its URL.`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button iconName="refresh" ariaLabel="Reload the CRLs" onClick={onReload} />
                <Button
                  loading={isRunning || (isRequested && totals.Pending > 0)}
                  loadingText="Publishing"
                  onClick={() => {
                    run().catch(() => undefined)
                  }}
                >
                  Publish now
                </Button>
              </SpaceBetween>
            }
          >
            CRLs
          </Header>
        }
        ariaLabels={{ tableLabel: 'CRLs' }}
        wrapLines
        items={[...crls]}
        empty={
          <Empty title="No CRL yet">
            The server publishes the first CRL when the CA issues or revokes a certificate, or when
            you choose Publish now.
          </Empty>
        }
        columnDefinitions={[
          { id: 'status', header: 'State', cell: (crl) => <CrlStatus crl={crl} />, minWidth: 130 },
          {
            id: 'number',
            header: 'Number',
            isRowHeader: true,
            cell: ({ CrlNumber }) => CrlNumber ?? '–',
            minWidth: 150,
          },
          {
            id: 'this',
            header: 'This update',
            cell: ({ ThisUpdate }) => <Time seconds={ThisUpdate} />,
            minWidth: 150,
          },
          {
            id: 'next',
            header: 'Next update',
            cell: ({ NextUpdate }) => <Time seconds={NextUpdate} relative />,
            minWidth: 170,
          },
          { id: 'entries', header: 'Entries', cell: ({ Entries }) => Entries ?? '–' },
          {
            id: 'size',
            header: 'Size',
            cell: ({ Size }) => (Size === undefined ? '–' : byteText(Size)),
            minWidth: 90,
          },
          ...(isPartitioned
            ? [
                {
                  id: 'certificates',
                  header: 'Certificates',
                  cell: ({ Certificates = 0, IsCurrent }: Crl) =>
                    `${Certificates}${IsCurrent ? ' (current partition)' : ''}`,
                },
              ]
            : []),
          {
            id: 'url',
            header: 'URL',
            cell: ({ Url }) => (Url === undefined ? '–' : <Copyable text={Url} label="CRL URL" />),
            minWidth: 240,
          },
        ]}
      />
      <ApiAlert error={error} action="Publish the CRLs" />
      {totals.Late > 0 && (
        <Alert type="error" header="A CRL is late">
          Relying parties that require a current CRL reject certificates of this CA. The server log
          contains the reason.
        </Alert>
      )}
    </SpaceBetween>
  )
}

const indicators: Readonly<Record<Crl['Status'], readonly [StatusIndicatorProps.Type, string]>> = {
  PUBLISHED: ['success', 'Published'],
  PENDING: ['in-progress', 'Being published'],
  FAILED: ['error', 'Not published'],
  SUSPENDED: ['stopped', 'Suspended'],
}

function CrlStatus({ crl: { Status, IsLate, RetryAt } }: { readonly crl: Crl }): ReactNode {
  const [type, text] = indicators[Status]
  if (IsLate && Status === 'PUBLISHED') return <StatusIndicator type="error">Late</StatusIndicator>
  return (
    <StatusIndicator type={IsLate ? 'error' : type}>
      {text}
      {IsLate && ', late'}
      {Status === 'FAILED' && (
        <>
          ; next attempt <Time seconds={RetryAt} />
        </>
      )}
    </StatusIndicator>
  )
}

function Ocsp({
  state: { Ocsp: ocsp, CaIssuersUrl },
}: {
  readonly state: RevocationState
}): ReactNode {
  const isDelegated = ocsp.Signer === 'DELEGATED'
  return (
    <Container header={<Header variant="h2">OCSP</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          {
            label: 'Responder URL',
            value: ocsp.Url === undefined ? '–' : <Copyable text={ocsp.Url} label="OCSP URL" />,
          },
          {
            label: 'CA certificate URL',
            value:
              CaIssuersUrl === undefined ? (
                'Not in certificates'
              ) : (
                <Copyable text={CaIssuersUrl} label="URL of the CA certificate" />
              ),
          },
          {
            label: 'Signed by',
            value:
              ocsp.Signer === undefined
                ? '–'
                : isDelegated
                  ? 'Delegated OCSP key'
                  : 'The key of the CA',
          },
          {
            label: isDelegated ? 'Delegated certificate expires' : 'CA certificate expires',
            value:
              ocsp.SignerNotAfter === undefined ? (
                isDelegated ? (
                  'Issued with the first OCSP request'
                ) : (
                  '–'
                )
              ) : (
                <Time seconds={ocsp.SignerNotAfter} relative />
              ),
          },
          {
            label: 'Validity of a response',
            value: ocsp.ValiditySeconds === undefined ? '–' : spanText(ocsp.ValiditySeconds),
          },
          { label: 'Stored responses', value: String(ocsp.StoredResponses ?? 0) },
        ]}
      />
    </Container>
  )
}

function countText(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`
}

function spanText(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`
}
