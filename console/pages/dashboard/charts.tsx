/** Charts of issued, revoked and expiring certificates. Days and weeks in the charts are in UTC. */
import Grid from '@cloudscape-design/components/grid'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Outputs } from '../../api/types.ts'
import type { Loaded } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { CountChart } from './count-chart.tsx'

type Statistics = Outputs['GetStatistics']

const whole = { colspan: 12 }
const half = { colspan: { default: 12, s: 6 } }

export function Charts({ statistics }: { readonly statistics: Loaded<Statistics> }): ReactNode {
  const { value, error, isLoading, reload } = statistics
  const state = { isLoading, error }
  return (
    <SpaceBetween size="l">
      <ApiAlert error={error} action="Count certificates" onRetry={reload} />
      <Grid gridDefinition={[half, half, whole]}>
        <CountChart {...state} title="Issued per day" counts={value?.IssuedPerDay} />
        <CountChart {...state} title="Revoked per day" counts={value?.RevokedPerDay} />
        <CountChart {...state} title="Expiries per week" counts={value?.ExpiriesPerWeek} />
      </Grid>
    </SpaceBetween>
  )
}
