/** The filter form on the activity page. */
import Grid from '@cloudscape-design/components/grid'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { half, quarter, SearchForm } from '../../lists/search-form.tsx'
import { kindNames } from './entry-text.ts'
import { filterNames } from './filters.ts'

interface FilterFormProps {
  readonly query: URLSearchParams
  readonly authorities: readonly Authority[]
}

const kinds = [
  { value: '', label: 'All kinds' },
  ...Object.entries(kindNames).map(([value, label]) => ({ value, label })),
]

export function FilterForm(props: FilterFormProps): ReactNode {
  return (
    <SearchForm path="activity" names={filterNames} {...props}>
      {({ text, choice, authority }) => (
        <>
          <Grid gridDefinition={[half, quarter, quarter]}>
            {text('principal', 'Principal or user', 'user/alice, job: or root')}
            {choice('kind', 'Kind', kinds)}
            {authority('ca')}
          </Grid>
          <Grid gridDefinition={[half, quarter, quarter]}>
            {text('serial', 'Serial number', '0a:1b:… or 0a1b…')}
            {text('from', 'From', '2026-01-31')}
            {text('to', 'To', '2026-01-31')}
          </Grid>
        </>
      )}
    </SearchForm>
  )
}
