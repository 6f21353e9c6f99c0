/** The page of the account's access keys, with their last use. */
import { useMemo, type ReactNode } from 'react'
import type { AccessKey } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { ListPage } from '../../lists/list-page.tsx'
import { ForeignText, PageLink } from '../../widgets/values.tsx'
import { statusFilter, unusedFilter } from './key-filters.ts'
import { keyIdColumn, keyStateColumns } from './principal-values.tsx'

export function Page(): ReactNode {
  const filters = useMemo(() => [statusFilter, unusedFilter(Date.now())], [])
  return (
    <ListPage
      path="access/keys"
      title="Access keys"
      description="Access keys sign requests. The server records the last use of each key once a minute."
      noun="access keys"
      empty={{ command: 'signet access-key create --user NAME' }}
      operation="ListAccessKeys"
      itemsOf={({ AccessKeys }) => AccessKeys}
      trackBy={({ AccessKeyId }) => AccessKeyId}
      textOf={(key) => `${key.AccessKeyId} ${ownerOf(key)} ${key.SourceArn ?? ''}`}
      filters={filters}
      sortKeys={{
        id: ({ AccessKeyId }) => AccessKeyId,
        owner: ownerOf,
        status: ({ Status }) => Status,
        age: ({ CreateDate }) => -CreateDate,
        used: ({ LastUsedDate }) => LastUsedDate,
      }}
      columns={[
        keyIdColumn,
        { id: 'owner', header: 'Owner', minWidth: 160, cell: (key) => <Owner accessKey={key} /> },
        ...keyStateColumns,
        {
          id: 'policy',
          header: 'Own policy',
          minWidth: 110,
          cell: ({ HasPolicy }) => (HasPolicy ? 'yes' : 'no'),
        },
      ]}
    />
  )
}

function ownerOf({ UserName, ServicePrincipal = '' }: AccessKey): string {
  return UserName ?? ServicePrincipal
}

function Owner({ accessKey }: { readonly accessKey: AccessKey }): ReactNode {
  const name = <ForeignText text={ownerOf(accessKey)} />
  return accessKey.UserName === undefined ? (
    name
  ) : (
    <PageLink href={hrefOf(`access/users/${accessKey.UserName}`)}>{name}</PageLink>
  )
}
