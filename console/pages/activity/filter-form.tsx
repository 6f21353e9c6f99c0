/** The form with the filters of the activity page. */
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Grid from '@cloudscape-design/components/grid'
import Input from '@cloudscape-design/components/input'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { hrefOf, navigate } from '../../app/router.ts'
import { authorityId, subjectText, visibleText } from '../../widgets/format.ts'
import { kindNames } from './entry-text.ts'
import { filterNames, isFiltered, type FilterName } from './filters.ts'

interface FilterFormProps {
  readonly filters: URLSearchParams
  readonly authorities: readonly Authority[]
}

type Values = Partial<Record<FilterName, string>>

const half = { colspan: { default: 12, xs: 6 } }
const quarter = { colspan: { default: 12, xs: 6, s: 3 } }

const kinds: readonly SelectProps.Option[] = [
  { value: '', label: 'All kinds' },
  ...Object.entries(kindNames).map(([value, label]) => ({ value, label })),
]

export function FilterForm({ filters, authorities }: FilterFormProps): ReactNode {
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(filterNames.map((name) => [name, filters.get(name) ?? ''])),
  )
  const search = (changed: Values = {}): void => {
    const all = { ...values, ...changed }
    const trimmed = Object.entries(all).map(([name, value]) => [name, value?.trim()])
    navigate(hrefOf('activity', Object.fromEntries(trimmed) as Values))
  }
  const text = (name: FilterName, label: string, placeholder: string): ReactNode => (
    <FormField label={label}>
      <Input
        value={values[name] ?? ''}
        placeholder={placeholder}
        spellcheck={false}
        onChange={({ detail }) => setValues((old) => ({ ...old, [name]: detail.value }))}
      />
    </FormField>
  )
  const choice = (name: FilterName, label: string, options: readonly SelectProps.Option[]) => (
    <FormField label={label}>
      <Select
        options={options}
        filteringType={options.length > 10 ? 'auto' : 'none'}
        selectedOption={options.find(({ value }) => value === (values[name] ?? '')) ?? null}
        onChange={({ detail }) => {
          const value = detail.selectedOption.value ?? ''
          setValues((old) => ({ ...old, [name]: value }))
          search({ [name]: value })
        }}
      />
    </FormField>
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        search()
      }}
    >
      <SpaceBetween size="s">
        <Grid gridDefinition={[half, quarter, quarter]}>
          {text('principal', 'Principal or user', 'user/alice, job: or root')}
          {choice('kind', 'Kind', kinds)}
          {choice('ca', 'CA', authorityOptions(authorities))}
        </Grid>
        <Grid gridDefinition={[half, quarter, quarter]}>
          {text('serial', 'Serial number', '0a:1b:… or 0a1b…')}
          {text('from', 'From', '2026-01-31')}
          {text('to', 'To', '2026-01-31')}
        </Grid>
        <SpaceBetween direction="horizontal" size="xs">
          <Button formAction="submit">Search</Button>
          <Button
            variant="link"
            formAction="none"
            disabled={!isFiltered(filters)}
            onClick={() => navigate(hrefOf('activity'))}
          >
            Clear the filters
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </form>
  )
}

function authorityOptions(authorities: readonly Authority[]): SelectProps.Option[] {
  return [
    { value: '', label: 'All CAs' },
    ...authorities.map(({ Arn, CertificateAuthorityConfiguration: { Subject } }) => ({
      value: Arn,
      label: visibleText(subjectText(Subject)),
      description: authorityId(Arn),
    })),
  ]
}
