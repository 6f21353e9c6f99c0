/** The tab with the server's background jobs. */
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { ServerJob } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Empty, ForeignText, Time } from '../../widgets/values.tsx'

export function Jobs(): ReactNode {
  const loaded = useCall('jobs', async (client, signal) => {
    const { Jobs: jobs } = await client.call('ListJobs', {}, { signal })
    return jobs
  })
  return (
    <SpaceBetween size="m">
      <ApiAlert error={loaded.error} action="List jobs" onRetry={loaded.reload} />
      {loaded.error === undefined && (
        <Table
          variant="container"
          wrapLines
          enableKeyboardNavigation
          trackBy="Name"
          items={[...(loaded.value ?? [])]}
          loading={loaded.isLoading && loaded.value === undefined}
          loadingText="Loading jobs"
          ariaLabels={{ tableLabel: 'Jobs' }}
          columnDefinitions={columns}
          header={
            <Header
              variant="h2"
              description="The times include runs on this server that found no work."
              actions={
                <Button iconName="refresh" ariaLabel="Load jobs again" onClick={loaded.reload} />
              }
            >
              Jobs
            </Header>
          }
          empty={
            <Empty title="No jobs">
              The server has not started its jobs yet. Reload the page in a moment.
            </Empty>
          }
        />
      )}
    </SpaceBetween>
  )
}

function JobState({ job }: { readonly job: ServerJob }): ReactNode {
  const { LastError: error, Running: running = 0, LastSucceededAt: succeeded } = job
  if (error !== undefined)
    return (
      <>
        <StatusIndicator type="error">Failed</StatusIndicator>
        <div>
          <ForeignText text={error} />
        </div>
      </>
    )
  if (running > 0) return <StatusIndicator type="in-progress">Working</StatusIndicator>
  return succeeded === undefined ? (
    <StatusIndicator type="pending">Not finished yet</StatusIndicator>
  ) : (
    <StatusIndicator type="success">Succeeded</StatusIndicator>
  )
}

function workText({
  LastWorkDone: done = 0,
  LastWorkFailed: failed = 0,
  ...job
}: ServerJob): string {
  const failures = failed === 0 ? '' : `, ${failed} failed`
  const seconds = (job.LastWorkMilliseconds ?? 0) / 1000
  return `${done} done${failures}, in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
}

const columns = [
  {
    id: 'name',
    header: 'Job',
    isRowHeader: true,
    minWidth: 170,
    cell: ({ Name }: ServerJob) => Name,
  },
  {
    id: 'state',
    header: 'Last result',
    minWidth: 180,
    cell: (job: ServerJob) => <JobState job={job} />,
  },
  {
    id: 'started',
    header: 'Last start',
    minWidth: 160,
    cell: ({ LastStartedAt }: ServerJob) => <Time seconds={LastStartedAt} />,
  },
  {
    id: 'succeeded',
    header: 'Last success',
    minWidth: 160,
    cell: ({ LastSucceededAt }: ServerJob) => <Time seconds={LastSucceededAt} />,
  },
  {
    id: 'next',
    header: 'Next run',
    minWidth: 160,
    cell: ({ NextRunAt }: ServerJob) => <Time seconds={NextRunAt} />,
  },
  {
    id: 'due',
    header: 'Due items',
    minWidth: 110,
    cell: ({ Due, Failing = 0 }: ServerJob) =>
      Due === undefined ? '–' : `${Due}${Failing === 0 ? '' : ` (${Failing} failed before)`}`,
  },
  {
    id: 'work',
    header: 'Last work',
    minWidth: 190,
    cell: (job: ServerJob) =>
      job.LastWorkAt === undefined ? (
        '–'
      ) : (
        <>
          <Time seconds={job.LastWorkAt} />
          <div>{workText(job)}</div>
        </>
      ),
  },
]
