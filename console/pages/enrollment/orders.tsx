/** The tab with the orders of an ACME endpoint, including the reasons why orders and challenges failed. */
import Button from '@cloudscape-design/components/button'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { listAll } from '../../api/client.ts'
import type { AcmeOrder } from '../../api/types.ts'
import { hrefOf, useLocation } from '../../app/router.ts'
import { ListTable } from '../../lists/list-table.tsx'
import { hasAny } from '../../lists/search-input.ts'
import { useList } from '../../lists/use-list.ts'
import { enumText } from '../../widgets/format.ts'
import { Empty, ForeignText, PageLink, Time } from '../../widgets/values.tsx'
import { NameList, OrderState, orderStatuses } from './endpoint-values.tsx'

interface OrdersProps {
  readonly name: string
  readonly path: string
}

const pageSize = 30
/**
 * Maximum number of API calls for one page. Each call searches a limited number of orders, so a call can return few or no orders.
 */
const callsMax = 20

const statuses = [
  { value: '', label: 'Any status' },
  ...orderStatuses.map((value) => ({ value, label: enumText(value) })),
]

export function Orders({ name, path }: OrdersProps): ReactNode {
  const { query } = useLocation()
  const status = query.get('status') ?? ''
  const account = query.get('account') ?? ''
  const list = useList(path, {
    filters: `orders ${account} ${status}`,
    load: (client, page) =>
      listAll(client, 'ListAcmeOrders', {
        ...page,
        input: {
          EndpointName: name,
          ...(account && { AcmeAccountId: account }),
          ...(status && { Status: status }),
        },
        limit: pageSize,
        callsMax,
        items: ({ Orders: orders }) => orders,
      }),
  })
  const isFiltered = hasAny(query, ['status', 'account'])
  const showAll = (
    <Button disabled={!isFiltered} onClick={() => list.change({ status: '', account: '' })}>
      Clear the filters
    </Button>
  )
  return (
    <ListTable
      variant="container"
      list={list}
      title="Orders"
      noun="orders"
      description="Newest first. The server deletes orders some time after they expire."
      trackBy="OrderId"
      items={list.value?.items ?? []}
      pages={list.pages}
      columnDefinitions={columns}
      filter={
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Select
            ariaLabel="Status"
            options={statuses}
            selectedOption={statuses.find(({ value }) => value === status) ?? null}
            onChange={({ detail }) => list.change({ status: detail.selectedOption.value ?? '' })}
          />
          {account !== '' && <ForeignText text={`Account ${account}`} />}
          {showAll}
        </SpaceBetween>
      }
      empty={
        <Empty title={isFiltered ? 'No orders match the filters' : 'No orders'}>
          {isFiltered
            ? 'Change or clear the filters.'
            : 'An order appears here when an ACME client requests a certificate.'}
        </Empty>
      }
    />
  )
}

const columns: TableProps.ColumnDefinition<AcmeOrder>[] = [
  {
    id: 'identifiers',
    header: 'Names',
    isRowHeader: true,
    minWidth: 200,
    cell: ({ Identifiers }) => <NameList names={Identifiers.map(({ Value }) => Value)} empty="–" />,
  },
  {
    id: 'status',
    header: 'Status',
    minWidth: 130,
    cell: ({ Status }) => <OrderState status={Status} />,
  },
  { id: 'result', header: 'Result', minWidth: 280, cell: (order) => <Result order={order} /> },
  {
    id: 'account',
    header: 'Account',
    minWidth: 200,
    cell: ({ AcmeAccountId }) => <ForeignText text={AcmeAccountId} />,
  },
  {
    id: 'profile',
    header: 'Profile',
    minWidth: 110,
    cell: ({ Profile = '–' }) => <ForeignText text={Profile} />,
  },
  {
    id: 'created',
    header: 'Created',
    minWidth: 150,
    cell: ({ CreatedAt }) => <Time seconds={CreatedAt} />,
  },
  {
    id: 'expires',
    header: 'Expires',
    minWidth: 150,
    cell: ({ ExpiresAt }) => <Time seconds={ExpiresAt} />,
  },
]

/** The certificate of an order, or the reasons why the order failed. */
function Result({ order }: { readonly order: AcmeOrder }): ReactNode {
  const { CertificateArn: arn, Error: error, FailedChallenges: failures } = order
  if (arn !== undefined)
    return (
      <PageLink href={hrefOf(`certificates/${arn}`)}>
        Certificate {arn.slice(arn.lastIndexOf('/') + 1).slice(0, 12)}…
      </PageLink>
    )
  if (error === undefined && failures.length === 0) return '–'
  const isChallengeError = failures.some(({ Error: { Detail } }) => Detail === error?.Detail)
  return (
    <ul className="names">
      {failures.map(({ Identifier, Type, Error: problem }) => (
        <li key={`${Type} ${Identifier.Value}`}>
          <ForeignText text={`${Type} for ${Identifier.Value}: ${problemText(problem)}`} />
        </li>
      ))}
      {error !== undefined && !isChallengeError && (
        <li>
          <ForeignText text={problemText(error)} />
        </li>
      )}
    </ul>
  )
}

/** Formats a problem document (RFC 8555 §6.7), such as "dns: no records". */
function problemText({ Type, Detail }: NonNullable<AcmeOrder['Error']>): string {
  return `${Type.replace('urn:ietf:params:acme:error:', '')}: ${Detail}`
}
