/** A bar chart of the number of certificates in each period, with a table of the same numbers. */
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { lazy, Suspense, type ReactNode } from 'react'
import type { ApiError } from '../../api/errors.ts'
import type { PeriodCount } from '../../api/types.ts'

const BarChart = lazy(() => import('@cloudscape-design/components/bar-chart'))

interface CountChartProps {
  readonly title: string
  readonly counts: readonly PeriodCount[] | undefined
  readonly isLoading: boolean
  readonly error: ApiError | undefined
}

const height = 180

export function CountChart({ title, counts = [], isLoading, error }: CountChartProps): ReactNode {
  const total = counts.reduce((sum, { Count }) => sum + Count, 0)
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" counter={counts.length === 0 ? '' : `(${total.toLocaleString()})`}>
          {title}
        </Header>
      }
      footer={
        <ExpandableSection headerText="Numbers">
          <NumbersTable title={title} counts={counts} />
        </ExpandableSection>
      }
    >
      <div className="chart">
        <Suspense fallback={<StatusIndicator type="loading">Loading the chart</StatusIndicator>}>
          <BarChart
            height={height}
            hideFilter
            hideLegend
            ariaLabel={title}
            xScaleType="categorical"
            yTitle="Certificates"
            yDomain={[0, Math.max(1, ...counts.map(({ Count }) => Count))]}
            yTickFormatter={(count) => (Number.isInteger(count) ? count.toLocaleString() : '')}
            statusType={error ? 'error' : isLoading ? 'loading' : 'finished'}
            errorText="The certificates could not be counted."
            loadingText="Loading"
            series={[
              {
                title: 'Certificates',
                type: 'bar',
                data: counts.map(({ Start, Count }) => ({ x: dayText(Start), y: Count })),
              },
            ]}
            i18nStrings={{
              chartAriaRoleDescription: 'bar chart',
              xAxisAriaRoleDescription: 'x axis',
              yAxisAriaRoleDescription: 'y axis',
            }}
          />
        </Suspense>
      </div>
    </Container>
  )
}

function NumbersTable({
  title,
  counts,
}: {
  readonly title: string
  readonly counts: readonly PeriodCount[]
}): ReactNode {
  return (
    <Table
      variant="embedded"
      ariaLabels={{ tableLabel: title }}
      items={counts.filter(({ Count }) => Count > 0)}
      empty="No certificates in this period."
      columnDefinitions={[
        {
          id: 'start',
          header: 'From (UTC)',
          isRowHeader: true,
          cell: ({ Start }) => dayText(Start, 'numeric'),
        },
        { id: 'count', header: 'Certificates', cell: ({ Count }) => Count.toLocaleString() },
      ]}
    />
  )
}

function dayText(seconds: number, year?: 'numeric'): string {
  const day = new Date(seconds * 1000)
  return day.toLocaleDateString(undefined, {
    day: 'numeric',
    month: 'short',
    year,
    timeZone: 'UTC',
  })
}
