/** The form with the filters of a certificate search. */
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Grid from '@cloudscape-design/components/grid'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { half, quarter, SearchForm } from '../../lists/search-form.tsx'
import { filterNames } from './filters.ts'

interface FilterFormProps {
  readonly query: URLSearchParams
  readonly authorities: readonly Authority[]
}

const statuses = [
  { value: '', label: 'Any status' },
  { value: 'VALID', label: 'Valid' },
  { value: 'EXPIRED', label: 'Expired' },
  { value: 'REVOKED', label: 'Revoked' },
]

const expiries = [
  { value: '', label: 'Any time' },
  ...['7', '30', '90'].map((days) => ({ value: days, label: `Within ${days} days` })),
]

const rare = ['serial', 'requester', 'template', 'issuedFrom', 'issuedTo']

export function FilterForm(props: FilterFormProps): ReactNode {
  return (
    <SearchForm path="certificates" names={filterNames} {...props}>
      {({ text, choice, authority }) => (
        <>
          <Grid gridDefinition={[half, half]}>
            {text('san', 'Alternative name', 'host.example.com or .example.com')}
            {text('subject', 'Common name', 'web*')}
          </Grid>
          <Grid gridDefinition={[half, quarter, quarter]}>
            {authority('ca')}
            {choice('status', 'Status', statuses)}
            {choice('expiring', 'Expires', expiries)}
          </Grid>
          <ExpandableSection
            headerText="More filters"
            defaultExpanded={rare.some((name) => Boolean(props.query.get(name)))}
          >
            <Grid gridDefinition={[half, half, half, quarter, quarter]}>
              {text('serial', 'Serial number', '0a:1b:… or 0a1b…')}
              {text('requester', 'Requester', 'arn:aws:iam::123456789012:user/alice')}
              {text('template', 'Template', 'EndEntityCertificate')}
              {text('issuedFrom', 'Issued from', '2026-01-31')}
              {text('issuedTo', 'Issued until', '2026-01-31')}
            </Grid>
          </ExpandableSection>
        </>
      )}
    </SearchForm>
  )
}
