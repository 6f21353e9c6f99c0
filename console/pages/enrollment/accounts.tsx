/** The tab with the accounts of an ACME endpoint. */
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { listAll } from '../../api/client.ts'
import type { AcmeAccount } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { ListTable } from '../../lists/list-table.tsx'
import { useList } from '../../lists/use-list.ts'
import { Copyable, Empty, PageLink, Time } from '../../widgets/values.tsx'
import { AccountState, NameList } from './endpoint-values.tsx'

interface AccountsProps {
  readonly name: string
  readonly path: string
}

const pageSize = 50

export function Accounts({ name, path }: AccountsProps): ReactNode {
  const list = useList(path, {
    filters: 'accounts',
    load: (client, page) =>
      listAll(client, 'ListAcmeAccounts', {
        ...page,
        input: { EndpointName: name },
        limit: pageSize,
        items: ({ Accounts: accounts }) => accounts,
      }),
  })
  return (
    <ListTable
      variant="container"
      list={list}
      title="Accounts"
      noun="accounts"
      description={`Oldest first. Command to deactivate an account: signet acme account deactivate ${name} ACCOUNT`}
      trackBy="AcmeAccountId"
      items={list.value?.items ?? []}
      pages={list.pages}
      columnDefinitions={columnsFor(path)}
      empty={
        <Empty title="No accounts">
          An ACME client creates its account when it first connects.
        </Empty>
      }
    />
  )
}

function columnsFor(path: string): TableProps.ColumnDefinition<AcmeAccount>[] {
  return [
    {
      id: 'id',
      header: 'Account',
      isRowHeader: true,
      minWidth: 230,
      cell: ({ AcmeAccountId }) => <Copyable text={AcmeAccountId} label="account ID" />,
    },
    {
      id: 'status',
      header: 'Status',
      minWidth: 150,
      cell: ({ Status }) => <AccountState status={Status} />,
    },
    {
      id: 'contacts',
      header: 'Contacts',
      minWidth: 180,
      cell: ({ Contacts }) => <NameList names={Contacts} empty="–" />,
    },
    {
      id: 'binding',
      header: 'EAB key',
      minWidth: 160,
      cell: ({ KeyId }) => (KeyId === undefined ? '–' : <Copyable text={KeyId} label="key ID" />),
    },
    {
      id: 'created',
      header: 'Created',
      minWidth: 150,
      cell: ({ CreatedAt }) => <Time seconds={CreatedAt} />,
    },
    {
      id: 'orders',
      header: 'Orders',
      minWidth: 110,
      cell: ({ AcmeAccountId }) => (
        <PageLink href={hrefOf(path, { tab: 'orders', account: AcmeAccountId })}>
          Show orders
        </PageLink>
      ),
    },
  ]
}
