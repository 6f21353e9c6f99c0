/** The page of the account's users. */
import type { ReactNode } from 'react'
import type { User } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { ListPage } from '../../lists/list-page.tsx'
import { ForeignText, PageLink, Time } from '../../widgets/values.tsx'
import { LastUse, TagList } from './principal-values.tsx'

export function Page(): ReactNode {
  return (
    <ListPage
      path="access/users"
      title="Users"
      description="Users sign requests with access keys. A user can do what its policies allow."
      noun="users"
      empty={{ command: 'signet user create NAME' }}
      operation="ListUsers"
      itemsOf={({ Users }) => Users}
      trackBy={({ UserId }) => UserId}
      textOf={({ UserName, Tags }) => [UserName, ...Tags.map(tagText)].join(' ')}
      filters={[]}
      sortKeys={{
        name: ({ UserName }) => UserName,
        policies: ({ PolicyCount }) => PolicyCount,
        keys: ({ AccessKeyCount }) => AccessKeyCount,
        used: ({ LastUsedDate }) => LastUsedDate,
        created: ({ CreateDate }) => CreateDate,
      }}
      columns={[
        {
          id: 'name',
          header: 'User',
          isRowHeader: true,
          minWidth: 160,
          cell: ({ UserName }) => (
            <PageLink href={hrefOf(`access/users/${UserName}`)}>
              <ForeignText text={UserName} />
            </PageLink>
          ),
        },
        { id: 'policies', header: 'Policies', cell: ({ PolicyCount }) => PolicyCount },
        { id: 'keys', header: 'Access keys', cell: ({ AccessKeyCount }) => AccessKeyCount },
        {
          id: 'used',
          header: 'Last use',
          minWidth: 170,
          cell: ({ LastUsedDate }) => <LastUse seconds={LastUsedDate} />,
        },
        {
          id: 'created',
          header: 'Created',
          minWidth: 150,
          cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
        },
        { id: 'tags', header: 'Tags', minWidth: 140, cell: ({ Tags }) => <TagList tags={Tags} /> },
      ]}
    />
  )
}

function tagText({ Key, Value }: User['Tags'][number]): string {
  return `${Key}=${Value}`
}
