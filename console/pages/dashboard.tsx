/** The dashboard, which shows the state of a Region's CAs and certificates, and the CAs that need attention. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { followLink, hrefOf } from '../app/router.ts'
import { useSession } from '../app/session.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { Empty } from '../widgets/values.tsx'
import { AttentionTable } from './dashboard/attention-table.tsx'
import { Charts } from './dashboard/charts.tsx'
import { Overview } from './dashboard/overview.tsx'
import { RevocationTable } from './dashboard/revocation-table.tsx'

export function Page(): ReactNode {
  const { region } = useSession()
  const authorities = useAuthorities()
  const statistics = useCall('statistics', (client, signal) =>
    client.call('GetStatistics', {}, { signal }),
  )
  const all = authorities.value
  // Parts with a fixed height come first, so that the layout does not move when other parts are loaded.
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={`CAs and certificates in ${region}`}>
        Dashboard
      </Header>
      <ApiAlert error={authorities.error} action="List CAs" onRetry={authorities.reload} />
      <Overview authorities={all} statistics={statistics.value} />
      {all?.length === 0 ? <NoAuthorities region={region} /> : <Charts statistics={statistics} />}
      {all !== undefined && all.length > 0 && (
        <SpaceBetween size="l">
          <AttentionTable authorities={all} />
          <RevocationTable authorities={all} />
        </SpaceBetween>
      )}
    </SpaceBetween>
  )
}

function NoAuthorities({ region }: { readonly region: string }): ReactNode {
  return (
    <Container>
      <Empty
        title={`No CAs in ${region}`}
        action={
          <Button variant="primary" href={hrefOf('authorities/create')} onFollow={followLink}>
            Create CA
          </Button>
        }
      >
        Create a root CA first, and then a subordinate CA that issues certificates. Other Regions
        have their own CAs.
      </Empty>
    </Container>
  )
}
