/** The filters for a list that is filtered in the browser. */
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TextFilter from '@cloudscape-design/components/text-filter'
import type { ReactNode } from 'react'
import type { SelectFilter } from './list-view.ts'
import type { List } from './use-list.ts'

interface ListFiltersProps {
  readonly list: Pick<List<unknown>, 'query' | 'change'>
  readonly noun: string
  readonly filters: readonly Omit<SelectFilter<never>, 'matches'>[]
  /** Text that shows the number of matches. */
  readonly countText?: string
}

export function ListFilters(props: ListFiltersProps): ReactNode {
  const { list, noun, filters, countText } = props
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <TextFilter
        filteringText={list.query.get('find') ?? ''}
        filteringPlaceholder={`Find ${noun}`}
        filteringAriaLabel={`Find ${noun}`}
        countText={countText ?? ''}
        onChange={({ detail }) => list.change({ find: detail.filteringText })}
      />
      {filters.map(({ name, label, options }) => (
        <Select
          key={name}
          ariaLabel={label}
          options={options}
          selectedOption={
            options.find(({ value }) => value === (list.query.get(name) ?? '')) ??
            options[0] ??
            null
          }
          onChange={({ detail }) => list.change({ [name]: detail.selectedOption.value ?? '' })}
        />
      ))}
    </SpaceBetween>
  )
}
