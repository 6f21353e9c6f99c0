/** The form with the filters of a certificate search. */
import Button from '@cloudscape-design/components/button'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Grid from '@cloudscape-design/components/grid'
import Input from '@cloudscape-design/components/input'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { hrefOf, navigate } from '../../app/router.ts'
import { AuthoritySelect } from '../../widgets/authority-select.tsx'
import { filterNames, isFiltered, type FilterName } from './filters.ts'

interface FilterFormProps {
  readonly filters: URLSearchParams
  readonly authorities: readonly Authority[]
}

type Values = Partial<Record<FilterName, string>>

const statuses: readonly SelectProps.Option[] = [
  { value: '', label: 'Any status' },
  { value: 'VALID', label: 'Valid' },
  { value: 'EXPIRED', label: 'Expired' },
  { value: 'REVOKED', label: 'Revoked' },
]

const expiries: readonly SelectProps.Option[] = [
  { value: '', label: 'Any time' },
  ...['7', '30', '90'].map((days) => ({ value: days, label: `Within ${days} days` })),
]

const half = { colspan: { default: 12, xs: 6 } }
const quarter = { colspan: { default: 12, xs: 6, s: 3 } }

export function FilterForm({ filters, authorities }: FilterFormProps): ReactNode {
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(filterNames.map((name) => [name, filters.get(name) ?? ''])),
  )
  const set = (name: FilterName) => (value: string) =>
    setValues((old) => ({ ...old, [name]: value }))
  const search = (changed: Values = {}): void => {
    const trimmed = Object.entries({ ...values, ...changed }).map(([name, value]) => [
      name,
      value?.trim(),
    ])
    navigate(hrefOf('certificates', Object.fromEntries(trimmed) as Values))
  }
  const select = (name: FilterName) => (value: string) => {
    set(name)(value)
    search({ [name]: value })
  }
  const text = (name: FilterName, label: string, placeholder = ''): ReactNode => (
    <FormField label={label}>
      <Input
        value={values[name] ?? ''}
        placeholder={placeholder}
        spellcheck={false}
        onChange={({ detail }) => set(name)(detail.value)}
      />
    </FormField>
  )
  const choice = (name: FilterName, label: string, options: readonly SelectProps.Option[]) => (
    <FormField label={label}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === (values[name] ?? '')) ?? null}
        onChange={({ detail }) => select(name)(detail.selectedOption.value ?? '')}
      />
    </FormField>
  )
  const rare = ['serial', 'requester', 'template', 'issuedFrom', 'issuedTo'] as const
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        search()
      }}
    >
      <SpaceBetween size="s">
        <Grid gridDefinition={[half, half]}>
          {text('san', 'Alternative name', 'host.example.com or .example.com')}
          {text('subject', 'Common name', 'web*')}
        </Grid>
        <Grid gridDefinition={[half, quarter, quarter]}>
          <FormField label="CA">
            <AuthoritySelect
              authorities={authorities}
              selected={values.ca ?? ''}
              all="All CAs"
              onSelect={select('ca')}
            />
          </FormField>
          {choice('status', 'Status', statuses)}
          {choice('expiring', 'Expires', expiries)}
        </Grid>
        <ExpandableSection
          headerText="More filters"
          defaultExpanded={rare.some((name) => Boolean(filters.get(name)))}
        >
          <Grid gridDefinition={[half, half, half, quarter, quarter]}>
            {text('serial', 'Serial number', '0a:1b:… or 0a1b…')}
            {text('requester', 'Requester', 'arn:aws:iam::123456789012:user/alice')}
            {text('template', 'Template', 'EndEntityCertificate')}
            {text('issuedFrom', 'Issued from', '2026-01-31')}
            {text('issuedTo', 'Issued until', '2026-01-31')}
          </Grid>
        </ExpandableSection>
        <SpaceBetween direction="horizontal" size="xs">
          <Button formAction="submit">Search</Button>
          <Button
            variant="link"
            formAction="none"
            disabled={!isFiltered(filters)}
            onClick={() => navigate(hrefOf('certificates'))}
          >
            Clear the filters
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </form>
  )
}
