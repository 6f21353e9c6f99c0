/** The numbers of CAs by status, and the server's state. */
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { Authority, Outputs } from '../../api/types.ts'
import { apiEndpoint, followLink, hrefOf } from '../../app/router.ts'
import { useCall, type Loaded } from '../../app/use-call.ts'
import { relativeTime, utcTime } from '../../widgets/format.ts'

const shownStates = [
  ['ACTIVE', 'Active CAs'],
  ['PENDING_CERTIFICATE', 'Waiting for a certificate'],
  ['DISABLED', 'Disabled CAs'],
] as const

const expiringDays = [7, 30, 90]

interface OverviewProps {
  readonly authorities: readonly Authority[] | undefined
  readonly statistics: Outputs['GetStatistics'] | undefined
}

export function Overview({ authorities, statistics }: OverviewProps): ReactNode {
  const health = useCall('health', readHealth)
  const jobs = useCall('jobs', async (client, signal) => {
    const { Jobs } = await client.call('ListJobs', {}, { signal })
    return Jobs.filter(({ LastError }) => LastError !== undefined).map(({ Name }) => Name)
  })
  const backup = useCall('backup', async (client, signal) => {
    const { LastBackup } = await client.call('ListBackups', {}, { signal })
    return { createdAt: LastBackup?.CreatedAt }
  })
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            statistics?.Complete === false
              ? 'The server is still counting certificates from before an upgrade or a restore.'
              : 'Revoked certificates are not counted as expiring. Days are in UTC.'
          }
        >
          Overview
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          ...shownStates.map(([state, label]) => ({
            label,
            value: <CountLink authorities={authorities} state={state} />,
          })),
          ...expiringDays.map((days) => ({
            label: `Expire within ${days} days`,
            value: <ExpiringLink statistics={statistics} days={days} />,
          })),
          {
            label: 'Server',
            value: (
              <State of={health}>
                {(isHealthy) =>
                  isHealthy ? ['success', 'Healthy'] : ['error', 'Not healthy; see the server log']
                }
              </State>
            ),
          },
          {
            label: 'Failed jobs',
            value: (
              <State of={jobs}>
                {(failed) =>
                  failed.length === 0 ? ['success', 'None'] : ['error', failed.join(', ')]
                }
              </State>
            ),
          },
          { label: 'Last backup', value: <State of={backup}>{backupState}</State> },
        ]}
      />
    </Container>
  )
}

type StateText = readonly [type: 'success' | 'warning' | 'error', text: string, title?: string]

/** Age of the last backup, in seconds, above which a warning is shown. */
const backupAgeMax = 8 * 86_400

function backupState({ createdAt }: { readonly createdAt: number | undefined }): StateText {
  if (createdAt === undefined) return ['warning', 'Never']
  const isOld = Date.now() / 1000 - createdAt > backupAgeMax
  return [isOld ? 'warning' : 'success', relativeTime(createdAt, Date.now()), utcTime(createdAt)]
}

interface StateProps<Value> {
  readonly of: Loaded<Value>
  readonly children: (value: Value) => StateText
}

/**
 * Displays a value of the server's state, or why the value could not be read. Most principals are not
 * permitted to read every part of the server's state.
 */
function State<Value>({ of: { value, error }, children }: StateProps<Value>): ReactNode {
  if (error !== undefined)
    return (
      <span title={`${error.code}: ${error.message} ${error.requestId ?? ''}`}>
        <StatusIndicator type={error.isDenied ? 'stopped' : 'error'}>
          {error.isDenied ? 'No permission' : 'Could not be read'}
        </StatusIndicator>
      </span>
    )
  if (value === undefined) return <StatusIndicator type="loading">Loading</StatusIndicator>
  const [type, text, title] = children(value)
  return (
    <span title={title}>
      <StatusIndicator type={type}>{text}</StatusIndicator>
    </span>
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
      {count?.toLocaleString() ?? '–'}
    </Link>
  )
}

function ExpiringLink({
  statistics,
  days,
}: {
  readonly statistics: OverviewProps['statistics']
  readonly days: number
}): ReactNode {
  const count = statistics?.Expiring.find(({ Days }) => Days === days)?.Count
  return (
    <Link
      variant="awsui-value-large"
      href={hrefOf('certificates', { status: 'VALID', expiring: String(days) })}
      onFollow={followLink}
      ariaLabel={`${count ?? '–'} certificates expire within ${days} days`}
    >
      {count?.toLocaleString() ?? '–'}
    </Link>
  )
}

async function readHealth(_client: unknown, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(new URL('healthz', apiEndpoint), { signal, cache: 'no-store' })
  return response.ok
}
