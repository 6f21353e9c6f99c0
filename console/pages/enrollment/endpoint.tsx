/** The page of an enrollment endpoint: its configuration, and the accounts and orders of an ACME endpoint. */
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import type { ReactNode } from 'react'
import type { EndpointDetails } from '../../api/types.ts'
import type { PageProps } from '../../app/pages.ts'
import { hrefOf, navigate, useLocation } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { Breadcrumbs } from '../../widgets/breadcrumbs.tsx'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { Accounts } from './accounts.tsx'
import { Configuration } from './configuration.tsx'
import { Orders } from './orders.tsx'
import { SecretTable } from './secret-table.tsx'

export function Page({ parameter }: PageProps): ReactNode {
  const [protocol = '', name = ''] = parameter.split('/')
  const loaded = useCall(`endpoint ${parameter}`, async (client, signal) => {
    const input = { Protocol: protocol.toUpperCase(), Name: name }
    const { Endpoint } = await client.call('GetEnrollmentEndpoint', input, { signal })
    return Endpoint
  })
  return (
    <SpaceBetween size="l">
      <Breadcrumbs items={[{ text: 'Enrollment', path: 'enrollment' }]} current={name} />
      <Header variant="h1">{`${protocol.toUpperCase()} endpoint ${name}`}</Header>
      <LoadedView loaded={loaded} what="the endpoint">
        {(endpoint) => <EndpointTabs endpoint={endpoint} path={`enrollment/${parameter}`} />}
      </LoadedView>
    </SpaceBetween>
  )
}

interface EndpointTabsProps {
  readonly endpoint: EndpointDetails
  readonly path: string
}

function EndpointTabs({ endpoint, path }: EndpointTabsProps): ReactNode {
  const { query } = useLocation()
  const { Name: name, ExternalAccountKeys: keys = [], Passwords: passwords = [] } = endpoint
  const configuration = {
    id: 'configuration',
    label: 'Configuration',
    content: <Configuration endpoint={endpoint} />,
  }
  const tab = query.get('tab') ?? configuration.id
  const tabs =
    endpoint.Protocol === 'EST'
      ? [
          configuration,
          {
            id: 'passwords',
            label: 'Passwords',
            content: (
              <SecretTable
                title="One-time passwords"
                idHeader="User name"
                secrets={passwords.map(({ UserName, ...secret }) => ({ id: UserName, ...secret }))}
                command={`signet est password create ${name}`}
              />
            ),
          },
        ]
      : [
          configuration,
          // Each tab loads its list when the tab is opened.
          {
            id: 'accounts',
            label: `Accounts (${endpoint.AccountCount ?? 0})`,
            content: tab === 'accounts' && <Accounts name={name} path={path} />,
          },
          {
            id: 'orders',
            label: 'Orders',
            content: tab === 'orders' && <Orders name={name} path={path} />,
          },
          {
            id: 'keys',
            label: 'EAB keys',
            content: (
              <SecretTable
                title="Keys for external account binding"
                idHeader="Key ID"
                secrets={keys.map(({ KeyId, ...secret }) => ({ id: KeyId, ...secret }))}
                command={`signet acme eab create ${name}`}
              />
            ),
          },
        ]
  return (
    <Tabs
      ariaLabel="Details of the endpoint"
      activeTabId={tabs.some(({ id }) => id === tab) ? tab : configuration.id}
      onChange={({ detail }) =>
        navigate(hrefOf(path, { tab: detail.activeTabId }), { replace: true })
      }
      tabs={tabs}
    />
  )
}
