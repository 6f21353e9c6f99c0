/** A bar chart of counts, with a table of the same numbers. */
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { lazy, Suspense, type ReactNode } from 'react'
import type { ApiError } from '../../api/errors.ts'
import type { Bucket } from './counts.ts'

const BarChart = lazy(() => import('@cloudscape-design/components/bar-chart'))

interface CountChartProps {
  readonly title: string
  readonly label: string
  readonly buckets: readonly Bucket[]
  readonly isLoading: boolean
  /** Whether all rows were counted. */
  readonly isComplete: boolean
  readonly error: ApiError | undefined
}

const height = 180

export function CountChart(props: CountChartProps): ReactNode {
  const { title, label, buckets, isLoading, isComplete, error } = props
  const highest = Math.max(1, ...buckets.map(({ count }) => count))
  return (
    <Container fitHeight header={<Header variant="h2">{title}</Header>}>
      <SpaceBetween size="s">
        <Suspense fallback={<Placeholder />}>
          <BarChart
            height={height}
            hideFilter
            hideLegend
            ariaLabel={title}
            xScaleType="categorical"
            yTitle={label}
            yDomain={[0, highest]}
            yTickFormatter={(count) => (Number.isInteger(count) ? count.toLocaleString() : '')}
            statusType={error ? 'error' : isLoading ? 'loading' : 'finished'}
            errorText="The certificates could not be read."
            loadingText="Loading"
            series={[
              {
                title: label,
                type: 'bar',
                data: buckets.map(({ start, count }) => ({ x: dayText(start), y: count })),
              },
            ]}
            i18nStrings={{
              chartAriaRoleDescription: 'bar chart',
              xAxisAriaRoleDescription: 'x axis',
              yAxisAriaRoleDescription: 'y axis',
            }}
          />
        </Suspense>
        {!isComplete && (
          <Box color="text-status-warning">Only some of the certificates are counted.</Box>
        )}
        <ExpandableSection headerText="Numbers">
          <Table
            variant="embedded"
            ariaLabels={{ tableLabel: title }}
            items={buckets.filter(({ count }) => count > 0)}
            empty="No certificates in this period."
            columnDefinitions={[
              {
                id: 'start',
                header: 'From',
                isRowHeader: true,
                cell: ({ start }) => start.toLocaleDateString(),
              },
              { id: 'count', header: label, cell: ({ count }) => count.toLocaleString() },
            ]}
          />
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  )
}

function Placeholder(): ReactNode {
  return (
    <div style={{ height }}>
      <StatusIndicator type="loading">Loading the chart</StatusIndicator>
    </div>
  )
}

function dayText(day: Date): string {
  return day.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}
