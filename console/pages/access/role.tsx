/** The page of a role, with its trust policy and policies. */
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { PageProps } from '../../app/pages.ts'
import { useCall } from '../../app/use-call.ts'
import { Breadcrumbs } from '../../widgets/breadcrumbs.tsx'
import { durationText } from '../../widgets/format.ts'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { Copyable, Time } from '../../widgets/values.tsx'
import { Policies, PolicyDocumentText, TagList } from './principal-values.tsx'

export function Page({ parameter: name }: PageProps): ReactNode {
  const loaded = useCall(`role ${name}`, async (client, signal) => {
    const { Role: found } = await client.call('GetRole', { RoleName: name }, { signal })
    return found
  })
  return (
    <SpaceBetween size="l">
      <Breadcrumbs items={[{ text: 'Roles', path: 'access/roles' }]} current={name} />
      <Header variant="h1">{name}</Header>
      <LoadedView loaded={loaded} what="the role">
        {(value) => (
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">Overview</Header>}>
              <KeyValuePairs
                columns={2}
                items={[
                  { label: 'Maximum session', value: durationText(value.MaxSessionDuration) },
                  { label: 'Created', value: <Time seconds={value.CreateDate} relative /> },
                  { label: 'Tags', value: <TagList tags={value.Tags} /> },
                  { label: 'Role ID', value: <Copyable text={value.RoleId} label="role ID" /> },
                  { label: 'ARN', value: <Copyable text={value.Arn} label="ARN" /> },
                ]}
              />
            </Container>
            <Container
              header={
                <Header
                  variant="h2"
                  description="The trust policy specifies who may assume the role. The server does not store sessions, so this page cannot list them."
                >
                  Trust policy
                </Header>
              }
            >
              <PolicyDocumentText document={value.AssumeRolePolicyDocument} />
            </Container>
            <Policies
              policies={value.Policies}
              count={value.PolicyCount}
              description={`The role's sessions can do what these policies allow. Command to add a policy: signet policy put --role ${value.RoleName}`}
            />
          </SpaceBetween>
        )}
      </LoadedView>
    </SpaceBetween>
  )
}
