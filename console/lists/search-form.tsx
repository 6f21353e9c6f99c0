/** The form with the filters of a search. */
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Authority } from '../api/types.ts'
import { hrefOf, navigate } from '../app/router.ts'
import { AuthoritySelect } from '../widgets/authority-select.tsx'
import { hasAny } from './search-input.ts'

/** Functions that return the fields of a search form. Choosing an option starts the search immediately. */
interface SearchFields<Name extends string> {
  readonly text: (name: Name, label: string, placeholder?: string) => ReactNode
  readonly choice: (name: Name, label: string, options: readonly SelectProps.Option[]) => ReactNode
  readonly authority: (name: Name) => ReactNode
}

interface SearchFormProps<Name extends string> {
  readonly path: string
  readonly names: readonly Name[]
  readonly query: URLSearchParams
  readonly authorities: readonly Authority[]
  readonly children: (fields: SearchFields<Name>) => ReactNode
}

/** Relative widths of the fields in a row. */
export const half = { colspan: { default: 12, xs: 6 } }
export const quarter = { colspan: { default: 12, xs: 6, s: 3 } }

const manyOptions = 10

export function SearchForm<Name extends string>(props: SearchFormProps<Name>): ReactNode {
  const { path, names, query, authorities, children } = props
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])),
  )
  const search = (all: Readonly<Record<string, string>>): void => {
    const trimmed = Object.entries(all).map(([name, value]) => [name, value.trim()])
    navigate(hrefOf(path, Object.fromEntries(trimmed) as Record<string, string>))
  }
  const select = (name: Name, value: string): void => {
    const changed = { ...values, [name]: value }
    setValues(changed)
    search(changed)
  }
  const fields: SearchFields<Name> = {
    text: (name, label, placeholder = '') => (
      <FormField label={label}>
        <Input
          value={values[name] ?? ''}
          placeholder={placeholder}
          spellcheck={false}
          onChange={({ detail }) => setValues((old) => ({ ...old, [name]: detail.value }))}
        />
      </FormField>
    ),
    choice: (name, label, options) => (
      <FormField label={label}>
        <Select
          options={options}
          filteringType={options.length > manyOptions ? 'auto' : 'none'}
          selectedOption={options.find(({ value }) => value === (values[name] ?? '')) ?? null}
          onChange={({ detail }) => select(name, detail.selectedOption.value ?? '')}
        />
      </FormField>
    ),
    authority: (name) => (
      <FormField label="CA">
        <AuthoritySelect
          authorities={authorities}
          selected={values[name] ?? ''}
          all="All CAs"
          onSelect={(arn) => select(name, arn)}
        />
      </FormField>
    ),
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        search(values)
      }}
    >
      <SpaceBetween size="s">
        {children(fields)}
        <SpaceBetween direction="horizontal" size="xs">
          <Button formAction="submit">Search</Button>
          <Button
            variant="link"
            formAction="none"
            disabled={!hasAny(query, names)}
            onClick={() => navigate(hrefOf(path))}
          >
            Clear the filters
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </form>
  )
}
