/** Components for values of users, roles and access keys. */
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import { visibleJson } from '../../../src/text/visible-text.ts'
import type { AccessKey, IdentityPolicy, Outputs } from '../../api/types.ts'
import type { ListColumn } from '../../lists/list-page.tsx'
import { relativeTime } from '../../widgets/format.ts'
import { Copyable, ForeignText, Time } from '../../widgets/values.tsx'

/** The time since an access key or a principal was last used. */
export function LastUse({ seconds }: { readonly seconds: number | undefined }): ReactNode {
  return seconds === undefined ? 'never' : <Time seconds={seconds} relative />
}

/** The last use of an access key, including the service and Region. */
function KeyUse({ accessKey }: { readonly accessKey: AccessKey }): ReactNode {
  const { LastUsedDate, LastUsedService, LastUsedRegion } = accessKey
  return (
    <>
      <LastUse seconds={LastUsedDate} />
      {LastUsedService !== undefined && (
        <Box variant="small" display="block">
          {LastUsedService} in {LastUsedRegion}
        </Box>
      )}
    </>
  )
}

/** The time since the creation of a user, role or access key, such as "12 days". */
function Age({ seconds }: { readonly seconds: number }): ReactNode {
  return (
    <span title={new Date(seconds * 1000).toISOString()}>
      {relativeTime(seconds, Date.now()).replace(' ago', '')}
    </span>
  )
}

type KeyColumn = ListColumn<AccessKey>

export const keyIdColumn: KeyColumn = {
  id: 'id',
  header: 'Access key ID',
  isRowHeader: true,
  minWidth: 260,
  cell: ({ AccessKeyId }) => <Copyable text={AccessKeyId} label="access key ID" />,
}

/** Columns with the status, age and last use of an access key. */
export const keyStateColumns: readonly KeyColumn[] = [
  {
    id: 'status',
    header: 'Status',
    minWidth: 110,
    cell: ({ Status }) => (
      <StatusIndicator type={Status === 'Active' ? 'success' : 'stopped'}>{Status}</StatusIndicator>
    ),
  },
  {
    id: 'age',
    header: 'Age',
    minWidth: 110,
    cell: ({ CreateDate }) => <Age seconds={CreateDate} />,
  },
  {
    id: 'used',
    header: 'Last use',
    minWidth: 230,
    cell: (key) => <KeyUse accessKey={key} />,
  },
]

type Tags = Outputs['ListUsers']['Users'][number]['Tags']

export function TagList({ tags }: { readonly tags: Tags }): ReactNode {
  if (tags.length === 0) return '–'
  return tags.map(({ Key, Value }) => (
    <div key={Key}>
      <ForeignText text={`${Key} = ${Value}`} />
    </div>
  ))
}

interface PoliciesProps {
  readonly policies: readonly IdentityPolicy[]
  readonly count: number
  /** Explains which requests the policies apply to, and how to add a policy. */
  readonly description: string
}

/** The policies of a user or role. */
export function Policies({ policies, count, description }: PoliciesProps): ReactNode {
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${count})`} description={description}>
          Policies
        </Header>
      }
    >
      {policies.length === 0 ? (
        <Box color="text-body-secondary">No policies.</Box>
      ) : (
        <SpaceBetween size="s">
          {policies.map(({ PolicyName, PolicyDocument }) => (
            <ExpandableSection
              key={PolicyName}
              headerText={PolicyName}
              defaultExpanded={policies.length === 1}
            >
              <PolicyDocumentText document={PolicyDocument} />
            </ExpandableSection>
          ))}
          {count > policies.length && (
            <Box color="text-body-secondary">
              The first {policies.length} of {count} policies are shown.
            </Box>
          )}
        </SpaceBetween>
      )}
    </Container>
  )
}

/** A policy formatted as indented JSON. */
export function PolicyDocumentText({ document }: { readonly document: string }): ReactNode {
  return (
    // The element is focusable, so that it can be scrolled with the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="pem policy" tabIndex={0}>
      {indented(document)}
    </pre>
  )
}

function indented(document: string): string {
  try {
    return visibleJson(JSON.stringify(JSON.parse(document), null, 2))
  } catch {
    return document
  }
}
