/** The page of the Region's ACME and EST endpoints. */
import Button from '@cloudscape-design/components/button'
import { useState, type ReactNode } from 'react'
import type { Authority, EnrollmentEndpoint } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { ListPage, type ListColumn } from '../../lists/list-page.tsx'
import type { SelectFilter } from '../../lists/list-view.ts'
import { useAuthorities } from '../../widgets/authorities.ts'
import { AuthorityLink } from '../../widgets/authority-link.tsx'
import { durationText, templateName } from '../../widgets/format.ts'
import { Copyable, ForeignText, PageLink } from '../../widgets/values.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { endpointPath } from './endpoint-url.ts'
import { authenticationText, NameList } from './endpoint-values.tsx'
import { ListenerOff, useEnrollListener } from './enroll-listener.tsx'

const protocolFilter: SelectFilter<EnrollmentEndpoint> = {
  name: 'protocol',
  label: 'Protocol',
  options: [
    { value: '', label: 'All protocols' },
    { value: 'ACME', label: 'ACME' },
    { value: 'EST', label: 'EST' },
  ],
  matches: ({ Protocol }, value) => Protocol === value,
}

export function Page(): ReactNode {
  const [isCreating, setCreating] = useState(false)
  const { value: authorities = [] } = useAuthorities()
  const { origin, isOff } = useEnrollListener()
  return (
    <>
      <ListPage
        path="enrollment"
        title="Enrollment"
        description="Endpoints at which clients request certificates with ACME or EST. Policies, quotas and the record apply as for requests to the API."
        noun="endpoints"
        empty={{ command: 'signet acme create NAME --ca ARN' }}
        actions={<Button onClick={() => setCreating(true)}>Create endpoint</Button>}
        notice={isOff && <ListenerOff />}
        operation="ListEnrollmentEndpoints"
        itemsOf={({ Endpoints }) => Endpoints}
        trackBy={({ Arn }) => Arn}
        textOf={({ Name, Names, TemplateArn }) => [Name, ...Names, TemplateArn].join(' ')}
        filters={[protocolFilter]}
        sortKeys={{
          name: ({ Name }) => Name,
          protocol: ({ Protocol }) => Protocol,
          validity: ({ ValiditySeconds }) => ValiditySeconds,
        }}
        columns={columnsFor(origin, authorities)}
      />
      {isCreating && <CreateDialog authorities={authorities} onClose={() => setCreating(false)} />}
    </>
  )
}

function columnsFor(
  origin: string,
  authorities: readonly Authority[],
): ListColumn<EnrollmentEndpoint>[] {
  return [
    {
      id: 'name',
      header: 'Name and URL',
      isRowHeader: true,
      minWidth: 250,
      cell: (endpoint) => (
        <>
          <PageLink href={hrefOf(`enrollment/${endpoint.Protocol.toLowerCase()}/${endpoint.Name}`)}>
            {endpoint.Name}
          </PageLink>
          <div>
            <Copyable text={`${origin}${endpointPath(endpoint)}`} label="URL" />
          </div>
        </>
      ),
    },
    { id: 'protocol', header: 'Protocol', minWidth: 115, cell: ({ Protocol }) => Protocol },
    {
      id: 'ca',
      header: 'CA',
      minWidth: 140,
      cell: ({ CertificateAuthorityArn: arn }) => (
        <AuthorityLink arn={arn} authorities={authorities} />
      ),
    },
    {
      id: 'names',
      header: 'Names',
      minWidth: 170,
      cell: ({ Names }) => <NameList names={Names} empty="All names" />,
    },
    { id: 'authentication', header: 'Authentication', minWidth: 190, cell: authenticationText },
    {
      id: 'validity',
      header: 'Template and validity',
      minWidth: 230,
      cell: ({ TemplateArn, ValiditySeconds }) => (
        <>
          <ForeignText text={templateName(TemplateArn)} />
          <div>{durationText(ValiditySeconds)}</div>
        </>
      ),
    },
  ]
}
