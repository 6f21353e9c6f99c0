/** The page of a CA, with a tab for each topic. The selected tab is part of the page's address. */
import Button from '@cloudscape-design/components/button'
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../api/types.ts'
import type { PageProps } from '../app/pages.ts'
import { followLink, hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { enumText, fullSubjectText, subjectText, visibleText } from '../widgets/format.ts'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { AuthorityState, Copyable, ForeignText, Time } from '../widgets/values.tsx'
import { ActionDialog, actionsOf, type AuthorityAction } from './authority/action-dialog.tsx'
import { CertificateTab } from './authority/certificate-tab.tsx'
import { PermissionsTab } from './authority/permissions-tab.tsx'
import { PolicyTab } from './authority/policy-tab.tsx'
import { ReportsTab } from './authority/reports-tab.tsx'
import { RevocationTab } from './authority/revocation-tab.tsx'
import { TagsTab } from './authority/tags-tab.tsx'

export function Page({ parameter: arn }: PageProps): ReactNode {
  const loaded = useCall(`authority ${arn}`, async (client, signal) => {
    const input = { CertificateAuthorityArn: arn }
    const output = await client.call('DescribeCertificateAuthority', input, { signal })
    return output.CertificateAuthority
  })
  const { value: authority, reload } = loaded
  const name =
    authority && visibleText(subjectText(authority.CertificateAuthorityConfiguration.Subject))
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[{ text: 'Certificate authorities', path: 'authorities' }]}
        current={name ?? 'CA'}
      />
      <LoadedView loaded={loaded} what="the CA">
        {(shown) => <AuthorityView authority={shown} name={name ?? ''} onChanged={reload} />}
      </LoadedView>
    </SpaceBetween>
  )
}

interface AuthorityViewProps {
  readonly authority: Authority
  readonly name: string
  readonly onChanged: () => void
}

function AuthorityView({ authority, name, onChanged }: AuthorityViewProps): ReactNode {
  const [action, setAction] = useState<AuthorityAction>()
  const issueHref = hrefOf('certificates/issue', { ca: authority.Arn })
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Reload the CA" onClick={onChanged} />
            <ButtonDropdown
              items={actionsOf(authority)}
              onItemClick={({ detail }) => {
                if (detail.id === 'renew') navigate(hrefOf(`authorities/${authority.Arn}/renew`))
                else setAction(detail.id as AuthorityAction)
              }}
            >
              Actions
            </ButtonDropdown>
            <Button
              variant="primary"
              href={issueHref}
              disabled={authority.Status !== 'ACTIVE'}
              onFollow={followLink}
            >
              Issue certificate
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      <Overview authority={authority} />
      <AuthorityTabs authority={authority} onChanged={onChanged} />
      {action !== undefined && (
        <ActionDialog
          action={action}
          authority={authority}
          name={name}
          onClose={() => setAction(undefined)}
          onDone={() => {
            setAction(undefined)
            onChanged()
          }}
        />
      )}
    </SpaceBetween>
  )
}

function Overview({ authority }: { readonly authority: Authority }): ReactNode {
  const { CertificateAuthorityConfiguration: configuration } = authority
  return (
    <Container header={<Header variant="h2">Overview</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'State', value: <AuthorityState status={authority.Status} /> },
          { label: 'Type', value: enumText(authority.Type) },
          { label: 'Valid until', value: <Time seconds={authority.NotAfter} relative /> },
          {
            label: 'Subject',
            value: <ForeignText text={fullSubjectText(configuration.Subject)} />,
          },
          {
            label: 'Key and signature',
            value: `${configuration.KeyAlgorithm}, ${configuration.SigningAlgorithm}`,
          },
          {
            label: 'Certificates',
            value:
              authority.UsageMode === 'SHORT_LIVED_CERTIFICATE'
                ? 'Short-lived (at most 7 days)'
                : 'General purpose',
          },
          { label: 'Created', value: <Time seconds={authority.CreatedAt} /> },
          { label: 'Owner', value: authority.OwnerAccount },
          ...(authority.RestorableUntil === undefined
            ? []
            : [
                {
                  label: 'Can be restored until',
                  value: <Time seconds={authority.RestorableUntil} relative />,
                },
              ]),
          { label: 'ARN', value: <Copyable text={authority.Arn} label="ARN" /> },
        ]}
      />
    </Container>
  )
}

function AuthorityTabs({ authority, onChanged }: Omit<AuthorityViewProps, 'name'>): ReactNode {
  const { query } = useLocation()
  const { Arn: arn } = authority
  const hrefOfTab = (tab: string): string => hrefOf(`authorities/${arn}`, { tab })
  const tabs = [
    {
      id: 'certificate',
      label: 'Certificate',
      content: <CertificateTab authority={authority} onChanged={onChanged} />,
    },
    {
      id: 'revocation',
      label: 'Revocation',
      content: <RevocationTab authority={authority} onChanged={onChanged} />,
    },
    { id: 'policy', label: 'Policy', content: <PolicyTab arn={arn} /> },
    { id: 'permissions', label: 'Permissions', content: <PermissionsTab arn={arn} /> },
    { id: 'tags', label: 'Tags', content: <TagsTab arn={arn} /> },
    { id: 'reports', label: 'Audit reports', content: <ReportsTab arn={arn} /> },
  ]
  const selected = query.get('tab') ?? 'certificate'
  return (
    <Tabs
      activeTabId={tabs.some(({ id }) => id === selected) ? selected : 'certificate'}
      onChange={({ detail }) => navigate(hrefOfTab(detail.activeTabId), { replace: true })}
      tabs={tabs}
      ariaLabel="Details of the CA"
    />
  )
}
