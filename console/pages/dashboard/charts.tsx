/** Charts of the certificates that were issued and revoked, and that will expire. Days and weeks are in UTC. */
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Grid from '@cloudscape-design/components/grid'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { Outputs } from '../../api/types.ts'
import { followLink, hrefOf } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { CountChart } from './count-chart.tsx'

type Statistics = Outputs['GetStatistics']

const half = { colspan: { default: 12, s: 6 } }

export function Charts(): ReactNode {
  const loaded = useCall('statistics', (client, signal) =>
    client.call('GetStatistics', {}, { signal }),
  )
  const { value, error, isLoading } = loaded
  const state = { isLoading, error }
  return (
    <SpaceBetween size="l">
      <ApiAlert error={error} action="Count certificates" onRetry={loaded.reload} />
      <Grid gridDefinition={[half, half, half, half]}>
        <CountChart {...state} title="Issued per day" counts={value?.IssuedPerDay} />
        <CountChart {...state} title="Revoked per day" counts={value?.RevokedPerDay} />
        <CountChart {...state} title="Expiries per week" counts={value?.ExpiriesPerWeek} />
        <Expiring statistics={value} />
      </Grid>
    </SpaceBetween>
  )
}

function Expiring({ statistics }: { readonly statistics: Statistics | undefined }): ReactNode {
  const counts = statistics?.Expiring ?? [7, 30, 90].map((Days) => ({ Days, Count: undefined }))
  return (
    <Container fitHeight header={<Header variant="h2">Certificates that expire soon</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={3}
          items={counts.map(({ Days, Count }) => ({
            label: `Within ${Days} days`,
            value: (
              <Link
                variant="awsui-value-large"
                href={hrefOf('certificates', { status: 'VALID', expiring: String(Days) })}
                onFollow={followLink}
                ariaLabel={`${Count ?? '–'} certificates expire within ${Days} days`}
              >
                {Count?.toLocaleString() ?? '–'}
              </Link>
            ),
          }))}
        />
        <Box color="text-body-secondary">
          Revoked certificates are not counted. Days are in UTC, and counted whole.
        </Box>
        {statistics?.Complete === false && (
          <StatusIndicator type="in-progress">
            The server is still counting certificates from before an upgrade or a restore.
          </StatusIndicator>
        )}
      </SpaceBetween>
    </Container>
  )
}
