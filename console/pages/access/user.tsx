/** The page of a user, with its policies and access keys. */
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { UserDetails } from '../../api/types.ts'
import type { PageProps } from '../../app/pages.ts'
import { hrefOf } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { Breadcrumbs } from '../../widgets/breadcrumbs.tsx'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { Copyable, Empty, PageLink, Time } from '../../widgets/values.tsx'
import {
  keyIdColumn,
  keyStateColumns,
  LastUse,
  Policies,
  PolicyDocumentText,
  TagList,
} from './principal-values.tsx'

export function Page({ parameter: name }: PageProps): ReactNode {
  const loaded = useCall(`user ${name}`, async (client, signal) => {
    const { User: found } = await client.call('GetUser', { UserName: name }, { signal })
    return found
  })
  return (
    <SpaceBetween size="l">
      <Breadcrumbs items={[{ text: 'Users', path: 'access/users' }]} current={name} />
      <Header variant="h1">{name}</Header>
      <LoadedView loaded={loaded} what="the user">
        {(value) => (
          <SpaceBetween size="l">
            <Overview user={value} />
            <AccessKeys user={value} />
            <Policies
              policies={value.Policies}
              count={value.PolicyCount}
              description={`The user can do what its policies allow. Command to add a policy: signet policy put --user ${value.UserName}`}
            />
          </SpaceBetween>
        )}
      </LoadedView>
    </SpaceBetween>
  )
}

function Overview({ user }: { readonly user: UserDetails }): ReactNode {
  return (
    <Container header={<Header variant="h2">Overview</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: 'Last use', value: <LastUse seconds={user.LastUsedDate} /> },
          { label: 'Created', value: <Time seconds={user.CreateDate} relative /> },
          { label: 'Tags', value: <TagList tags={user.Tags} /> },
          { label: 'User ID', value: <Copyable text={user.UserId} label="user ID" /> },
          { label: 'ARN', value: <Copyable text={user.Arn} label="ARN" /> },
        ]}
      />
    </Container>
  )
}

function AccessKeys({ user }: { readonly user: UserDetails }): ReactNode {
  const { UserName, AccessKeys: keys, AccessKeyCount } = user
  const withPolicy = keys.filter(({ PolicyDocument }) => PolicyDocument !== undefined)
  return (
    <Table
      header={
        <Header
          variant="h2"
          counter={`(${AccessKeyCount})`}
          description="The server records the last use of each key once a minute."
        >
          Access keys
        </Header>
      }
      ariaLabels={{ tableLabel: `Access keys of ${UserName}` }}
      wrapLines
      trackBy="AccessKeyId"
      items={[...keys]}
      empty={
        <Empty title="No access keys">
          The user cannot sign requests. Command to create an access key: signet access-key create
          --user {UserName}
        </Empty>
      }
      footer={
        <SpaceBetween size="s">
          {withPolicy.map(({ AccessKeyId, PolicyDocument = '' }) => (
            <ExpandableSection key={AccessKeyId} headerText={`Additional policy of ${AccessKeyId}`}>
              <PolicyDocumentText document={PolicyDocument} />
            </ExpandableSection>
          ))}
          {AccessKeyCount > keys.length && (
            <PageLink href={hrefOf('access/keys', { find: UserName })}>
              Show all {AccessKeyCount} access keys
            </PageLink>
          )}
        </SpaceBetween>
      }
      columnDefinitions={[keyIdColumn, ...keyStateColumns]}
    />
  )
}
