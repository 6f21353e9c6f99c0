/**
 * The page of the server: version and health, configuration, jobs and backups. Only principals in the account that operates the
 * server may read this data.
 */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Tabs from '@cloudscape-design/components/tabs'
import type { ReactNode } from 'react'
import type { Server } from '../api/types.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { Copyable, ForeignText, Time } from '../widgets/values.tsx'
import { Backups } from './system/backups.tsx'
import { Configuration } from './system/configuration.tsx'
import { Jobs } from './system/jobs.tsx'
import { sizeText } from './system/size-text.ts'

export function Page(): ReactNode {
  const { query } = useLocation()
  const loaded = useCall('server', async (client, signal) => {
    const { Server: server } = await client.call('DescribeServer', {}, { signal })
    return server
  })
  const described = (content: (value: Server) => ReactNode): ReactNode => (
    <LoadedView loaded={loaded} what="the server's state">
      {content}
    </LoadedView>
  )
  const tab = query.get('tab') ?? 'health'
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description="Only the account that operates the server can read this page."
        actions={<Button iconName="refresh" ariaLabel="Load again" onClick={loaded.reload} />}
      >
        System
      </Header>
      <Tabs
        ariaLabel="Parts of the system"
        activeTabId={tab}
        onChange={({ detail }) =>
          navigate(hrefOf('system', { tab: detail.activeTabId }), { replace: true })
        }
        tabs={[
          {
            id: 'health',
            label: 'Version and health',
            content: described((value) => <Health server={value} />),
          },
          {
            id: 'configuration',
            label: 'Configuration',
            content: described(({ Settings }) => <Configuration settings={Settings} />),
          },
          // Each tab loads its data when the tab is opened.
          { id: 'jobs', label: 'Jobs', content: tab === 'jobs' && <Jobs /> },
          { id: 'backups', label: 'Backups', content: tab === 'backups' && <Backups /> },
        ]}
      />
    </SpaceBetween>
  )
}

function Health({ server }: { readonly server: Server }): ReactNode {
  const { Health: health, Database: database, KeyStores: stores } = server
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Server</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            {
              label: 'Health',
              value:
                health.Status === 'OK' ? (
                  <StatusIndicator type="success">Healthy</StatusIndicator>
                ) : (
                  <StatusIndicator type="error">{health.Reason ?? 'Unavailable'}</StatusIndicator>
                ),
            },
            { label: 'Version', value: server.Version },
            { label: 'Node.js', value: server.NodeVersion },
            { label: 'Started', value: <Time seconds={secondsOf(server.StartedAt)} relative /> },
            { label: 'Host', value: <ForeignText text={server.Host} /> },
            { label: 'Processes that handle requests', value: server.Workers },
            {
              label: 'Clock of the server',
              value: <Time seconds={secondsOf(server.CurrentTime)} />,
            },
            {
              label: 'Public URL',
              value: <Copyable text={server.PublicUrl} label="public URL" />,
            },
          ]}
        />
      </Container>
      <Container header={<Header variant="h2">Storage</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Database', value: database.Engine },
            { label: 'Schema version', value: database.SchemaVersion },
            { label: 'Size', value: sizeText(database.SizeBytes) },
            {
              label: 'Keys of new CAs',
              value: (
                <ul className="names">
                  {stores.map(({ Store, Standard }) => (
                    <li key={Standard ?? ''}>
                      {storeNames[Store] ?? Store}
                      {Standard !== undefined && ` (${Standard})`}
                    </li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      </Container>
    </SpaceBetween>
  )
}

const storeNames: Readonly<Record<string, string>> = {
  local: 'Database, encrypted with the master key',
  pkcs11: 'PKCS #11 token',
  kms: 'AWS KMS',
}

/** The JSON form of a time. */
function secondsOf(time: unknown): number {
  return time as number
}
