/** The page that shows the Region's CAs as a tree. */
import Button from '@cloudscape-design/components/button'
import type { TableProps } from '@cloudscape-design/components/table'
import { useMemo, useState, type ReactNode } from 'react'
import type { Authority } from '../api/types.ts'
import { followLink, hrefOf } from '../app/router.ts'
import { useSession } from '../app/session.ts'
import { ListFilters } from '../lists/list-filters.tsx'
import { ListTable } from '../lists/list-table.tsx'
import { pagesInAddress, useList } from '../lists/use-list.ts'
import { listCertifiedAuthorities, type CertifiedAuthority } from '../widgets/authorities.ts'
import { authorityId, enumText, subjectText } from '../widgets/format.ts'
import { AuthorityState, Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { pageOfTree, sizeOfTree, treeOf, type TreeNode } from '../x509/tree.ts'

type Node = TreeNode<CertifiedAuthority>

/** Number of CAs on each page. Issuers that are repeated to show a tree are not counted. */
const pageSize = 30

const stateFilter = {
  name: 'state',
  label: 'State',
  options: [
    { value: '', label: 'All states' },
    ...['ACTIVE', 'PENDING_CERTIFICATE', 'DISABLED', 'EXPIRED', 'DELETED', 'FAILED'].map(
      (value) => ({ value, label: enumText(value) }),
    ),
  ],
}

export function Page(): ReactNode {
  const { region } = useSession()
  const list = useList('authorities', {
    filters: '',
    load: async (client, { signal }) => ({ items: await listCertifiedAuthorities(client, signal) }),
  })
  const text = list.query.get('find') ?? ''
  const state = list.query.get('state') ?? ''
  const nodes = useNodes(list.value?.items, text, state)
  const pagesCount = Math.max(1, Math.ceil(sizeOfTree(nodes) / pageSize))
  const page = Math.min(Math.max(1, Number(list.query.get('page')) || 1), pagesCount)
  const shown = pageOfTree(nodes, { first: (page - 1) * pageSize, count: pageSize })
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const create = (
    <Button variant="primary" href={hrefOf('authorities/create')} onFollow={followLink}>
      Create CA
    </Button>
  )
  return (
    <ListTable
      list={list}
      title="Certificate authorities"
      noun="CAs"
      counter={list.value === undefined ? '' : `(${list.value.items.length})`}
      actions={create}
      filter={<ListFilters list={list} noun="CAs" filters={[stateFilter]} />}
      pages={pagesInAddress({ page, pagesCount }, list)}
      items={shown}
      trackBy={idOf}
      columnDefinitions={columns}
      expandableRows={{
        getItemChildren: ({ children }) => [...children],
        isItemExpandable: ({ children }) => children.length > 0,
        expandedItems: expandable(shown).filter((node) => !collapsed.has(idOf(node))),
        onExpandableItemToggle: ({ detail }) => {
          const changed = new Set(collapsed)
          if (detail.expanded) changed.delete(idOf(detail.item))
          else changed.add(idOf(detail.item))
          setCollapsed(changed)
        },
      }}
      empty={
        text === '' && state === '' ? (
          <Empty title={`No CAs in ${region}`} action={create}>
            Create a root CA first, and then a subordinate CA that issues certificates. To see the
            CAs in another Region, select the Region at the top.
          </Empty>
        ) : (
          <Empty
            title="No CA matches the filter"
            action={<Button onClick={list.clear}>Clear the filter</Button>}
          >
            Change the name or the state.
          </Empty>
        )
      }
    />
  )
}

const columns: TableProps.ColumnDefinition<Node>[] = [
  {
    id: 'name',
    header: 'Name',
    isRowHeader: true,
    minWidth: 240,
    cell: ({ item: { authority } }) => (
      <PageLink href={hrefOf(`authorities/${authority.Arn}`)}>
        <ForeignText text={nameOf(authority)} />
      </PageLink>
    ),
  },
  {
    id: 'state',
    header: 'State',
    minWidth: 150,
    cell: ({ item: { authority } }) => <AuthorityState status={authority.Status} />,
  },
  { id: 'type', header: 'Type', cell: ({ item: { authority } }) => enumText(authority.Type) },
  {
    id: 'expires',
    header: 'Expires',
    minWidth: 170,
    cell: ({ item: { authority } }) => <Time seconds={authority.NotAfter} relative />,
  },
  {
    id: 'revocation',
    header: 'Revocation',
    cell: ({ item: { authority } }) => revocationText(authority),
  },
  {
    id: 'key',
    header: 'Key',
    cell: ({ item: { authority } }) => authority.CertificateAuthorityConfiguration.KeyAlgorithm,
  },
  {
    id: 'id',
    header: 'ID',
    minWidth: 120,
    cell: ({ item: { authority } }) => (
      <span title={authorityId(authority.Arn)}>{authorityId(authority.Arn).slice(0, 8)}…</span>
    ),
  },
]

function nameOf({ CertificateAuthorityConfiguration: { Subject } }: Authority): string {
  return subjectText(Subject)
}

function revocationText({ RevocationConfiguration: configuration }: Authority): string {
  const enabled = [
    configuration?.CrlConfiguration?.Enabled === true ? 'CRL' : '',
    configuration?.OcspConfiguration?.Enabled === true ? 'OCSP' : '',
  ].filter(Boolean)
  return enabled.join(', ') || 'none'
}

function idOf({ item }: Node): string {
  return item.authority.Arn
}

function expandable(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) =>
    node.children.length === 0 ? [] : [node, ...expandable(node.children)],
  )
}

/** Returns the tree of CAs. If a filter is set, the matching CAs are shown as a flat list. */
function useNodes(
  certified: readonly CertifiedAuthority[] | undefined,
  name: string,
  state: string,
): readonly Node[] {
  return useMemo(() => {
    const all = certified ?? []
    if (name === '' && state === '') {
      const byArn = new Map(all.map((one) => [one.authority.Arn, one]))
      return treeOf(all, ({ issuerArn }) => byArn.get(issuerArn ?? ''))
    }
    const text = name.toLowerCase()
    return all
      .filter(({ authority }) => state === '' || authority.Status === state)
      .filter(({ authority }) =>
        `${nameOf(authority)} ${authority.Arn}`.toLowerCase().includes(text),
      )
      .map((item) => ({ item, children: [] }))
  }, [certified, name, state])
}
