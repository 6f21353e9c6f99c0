/** The page of the account's roles. */
import type { ReactNode } from 'react'
import { hrefOf } from '../../app/router.ts'
import { ListPage } from '../../lists/list-page.tsx'
import { durationText } from '../../widgets/format.ts'
import { ForeignText, PageLink, Time } from '../../widgets/values.tsx'
import { TagList } from './principal-values.tsx'

export function Page(): ReactNode {
  return (
    <ListPage
      path="access/roles"
      title="Roles"
      description="A principal that assumes a role receives temporary credentials."
      noun="roles"
      empty={{ command: 'signet role create NAME --trust-policy trust.json' }}
      operation="ListRoles"
      itemsOf={({ Roles }) => Roles}
      trackBy={({ RoleId }) => RoleId}
      textOf={({ RoleName, Tags }) =>
        [RoleName, ...Tags.map(({ Key, Value }) => `${Key}=${Value}`)].join(' ')
      }
      filters={[]}
      sortKeys={{
        name: ({ RoleName }) => RoleName,
        policies: ({ PolicyCount }) => PolicyCount,
        session: ({ MaxSessionDuration }) => MaxSessionDuration,
        created: ({ CreateDate }) => CreateDate,
      }}
      columns={[
        {
          id: 'name',
          header: 'Role',
          isRowHeader: true,
          minWidth: 160,
          cell: ({ RoleName }) => (
            <PageLink href={hrefOf(`access/roles/${RoleName}`)}>
              <ForeignText text={RoleName} />
            </PageLink>
          ),
        },
        { id: 'policies', header: 'Policies', cell: ({ PolicyCount }) => PolicyCount },
        {
          id: 'session',
          header: 'Maximum session',
          cell: ({ MaxSessionDuration }) => durationText(MaxSessionDuration),
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
