/** The state of the CAs and certificates in a Region, and what needs attention. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Grid from '@cloudscape-design/components/grid'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { type ReactNode } from 'react'
import { listAll, type Client } from '../api/client.ts'
import type { Authority, CertificateSummary } from '../api/types.ts'
import { apiEndpoint, followLink, hrefOf } from '../app/router.ts'
import { useSession } from '../app/session.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { Empty } from '../widgets/values.tsx'
import { AttentionTable } from './dashboard/attention-table.tsx'
import { CountChart } from './dashboard/count-chart.tsx'
import { countPerPeriod, startOfDay } from './dashboard/counts.ts'

/** Maximum number of certificates that the dashboard reads for each chart. */
const rowsMax = 5000
const daySeconds = 86_400
const issuedDays = 30
const expiryWeeks = 13

export function Page(): ReactNode {
  const { region } = useSession()
  const authorities = useAuthorities()
  const health = useCall('health', readHealth)
  const all = authorities.value
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={`CAs and certificates in ${region}`}>
        Dashboard
      </Header>
      <ApiAlert error={authorities.error} action="List CAs" onRetry={authorities.reload} />
      <Container header={<Header variant="h2">Certificate authorities</Header>}>
        <KeyValuePairs
          columns={4}
          items={[
            {
              label: 'Server',
              value:
                health.value === undefined ? (
                  <StatusIndicator type="loading">Loading</StatusIndicator>
                ) : health.value ? (
                  <StatusIndicator type="success">Healthy</StatusIndicator>
                ) : (
                  <StatusIndicator type="error">Not healthy; see its log</StatusIndicator>
                ),
            },
            { label: 'Active', value: <CountLink authorities={all} state="ACTIVE" /> },
            {
              label: 'Waiting for a certificate',
              value: <CountLink authorities={all} state="PENDING_CERTIFICATE" />,
            },
            { label: 'Disabled', value: <CountLink authorities={all} state="DISABLED" /> },
          ]}
        />
      </Container>
      {all?.length === 0 && (
        <Container>
          <Empty
            title={`No CAs in ${region}`}
            action={
              <Button variant="primary" href={hrefOf('authorities/create')} onFollow={followLink}>
                Create CA
              </Button>
            }
          >
            Create a root CA first, and then a subordinate CA that issues certificates. Other
            Regions have their own CAs.
          </Empty>
        </Container>
      )}
      {all !== undefined && all.length > 0 && <AttentionTable authorities={all} />}
      <Charts />
    </SpaceBetween>
  )
}

interface CountLinkProps {
  readonly authorities: readonly Authority[] | undefined
  readonly state: Authority['Status']
}

function CountLink({ authorities, state }: CountLinkProps): ReactNode {
  const count = authorities?.filter(({ Status }) => Status === state).length
  return (
    <Link
      variant="awsui-value-large"
      href={hrefOf('authorities', { state })}
      onFollow={followLink}
      ariaLabel={`${count ?? '–'} CAs in the state ${state}`}
    >
      {count ?? '–'}
    </Link>
  )
}

function Charts(): ReactNode {
  const issued = useCall('issued', (client, signal) => {
    const from = startOfDay(new Date(), 1 - issuedDays).getTime() / 1000
    return readCertificates(client, { IssuedAfter: from }, signal)
  })
  const expiring = useCall('expiring', (client, signal) => {
    const now = Math.floor(Date.now() / 1000)
    const input = { ExpiresAfter: now, ExpiresBefore: now + expiryWeeks * 7 * daySeconds }
    return readCertificates(client, input, signal)
  })
  const today = new Date()
  const times = (expiring.value?.items ?? [])
    .filter(({ Status }) => Status === 'VALID')
    .map(({ NotAfter }) => NotAfter)
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Valid certificates that expire soon</Header>}>
        <ApiAlert error={expiring.error} action="Search certificates" onRetry={expiring.reload} />
        <KeyValuePairs
          columns={3}
          items={[7, 30, 90].map((days) => {
            const count = expiring.value === undefined ? '–' : String(countWithin(times, days))
            const text = expiring.value?.isComplete === false ? `${count} or more` : count
            return {
              label: `Within ${days} days`,
              value: (
                <Link
                  variant="awsui-value-large"
                  href={hrefOf('certificates', { status: 'VALID', expiring: String(days) })}
                  onFollow={followLink}
                  ariaLabel={`${text} certificates expire within ${days} days`}
                >
                  {text}
                </Link>
              ),
            }
          })}
        />
      </Container>
      <Grid gridDefinition={[half, half]}>
        <CountChart
          title="Issued per day"
          label="Certificates"
          isLoading={issued.isLoading}
          isComplete={issued.value?.isComplete ?? true}
          error={issued.error}
          buckets={countPerPeriod(issued.value?.items.map(({ IssuedAt }) => IssuedAt) ?? [], {
            first: startOfDay(today, 1 - issuedDays),
            days: 1,
            periods: issuedDays,
          })}
        />
        <CountChart
          title="Expiries per week"
          label="Certificates"
          isLoading={expiring.isLoading}
          isComplete={expiring.value?.isComplete ?? true}
          error={expiring.error}
          buckets={countPerPeriod(times, { first: today, days: 7, periods: expiryWeeks })}
        />
      </Grid>
    </SpaceBetween>
  )
}

const half = { colspan: { default: 12, s: 6 } }

function countWithin(times: readonly number[], days: number): number {
  const end = Date.now() / 1000 + days * daySeconds
  return times.filter((time) => time < end).length
}

function readCertificates(
  client: Client,
  input: object,
  signal: AbortSignal,
): Promise<{ readonly items: readonly CertificateSummary[]; readonly isComplete: boolean }> {
  return listAll(client, 'ListCertificates', {
    input,
    signal,
    limit: rowsMax,
    items: ({ Certificates }) => Certificates,
  })
}

async function readHealth(_client: Client, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(new URL('healthz', apiEndpoint), { signal, cache: 'no-store' })
  return response.ok
}
