/** A page with a list of users, roles, access keys or identity providers. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import type { ReactNode } from 'react'
import type { Client } from '../../api/client.ts'
import { hrefOf, navigate, useLocation } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { Copyable, Empty } from '../../widgets/values.tsx'
import { viewList, type ListOptions, type SelectFilter } from './list-view.ts'

/** Maximum number of rows that are loaded. */
export const rowsMax = 5000

interface LoadedList<Item> {
  readonly items: readonly Item[]
  readonly isComplete: boolean
}

interface ListPageProps<Item> extends ListOptions<Item> {
  readonly path: string
  readonly title: string
  readonly description: string
  /** Plural noun, such as `users`. */
  readonly noun: string
  readonly load: (client: Client, signal: AbortSignal) => Promise<LoadedList<Item>>
  readonly columns: readonly (TableProps.ColumnDefinition<Item> & { readonly id: string })[]
  readonly trackBy: (item: Item) => string
  /** The command that creates the first row. */
  readonly command: string
}

export function ListPage<Item>(props: ListPageProps<Item>): ReactNode {
  const { path, title, description, noun, load, columns, trackBy, command, ...options } = props
  const { query } = useLocation()
  const loaded = useCall(path, load)
  const change = (changed: Readonly<Record<string, string>>): void =>
    navigate(hrefOf(path, { ...Object.fromEntries(query), page: '', ...changed }), {
      replace: true,
    })
  const { items: all = [], isComplete = true } = loaded.value ?? {}
  const view = viewList(all, query, options)
  const total = loaded.value === undefined ? '' : `(${all.length}${isComplete ? '' : '+'})`
  const header = (
    <Header
      variant="h1"
      counter={total}
      description={description}
      actions={<Button iconName="refresh" ariaLabel="Reload the list" onClick={loaded.reload} />}
    >
      {title}
    </Header>
  )
  if (loaded.error !== undefined)
    return (
      <SpaceBetween size="l">
        {header}
        <ApiAlert error={loaded.error} action={`List ${noun}`} onRetry={loaded.reload} />
      </SpaceBetween>
    )
  return (
    <Table
      variant="full-page"
      header={header}
      filter={
        <Filters noun={noun} query={query} filters={options.filters} onChange={change}>
          {view.isFiltered ? `${view.matching} of ${all.length}` : ''}
        </Filters>
      }
      pagination={
        view.pagesCount > 1 && (
          <Pagination
            currentPageIndex={view.page}
            pagesCount={view.pagesCount}
            onChange={({ detail }) => change({ page: String(detail.currentPageIndex) })}
          />
        )
      }
      items={[...view.items]}
      trackBy={trackBy}
      columnDefinitions={columns.map((column) => ({
        ...column,
        ...(Object.hasOwn(options.sortKeys, column.id) && { sortingField: column.id }),
      }))}
      {...(view.sortedBy !== undefined && { sortingColumn: { sortingField: view.sortedBy } })}
      sortingDescending={view.isDescending}
      onSortingChange={({ detail: { sortingColumn, isDescending } }) =>
        change({ sort: `${isDescending === true ? '-' : ''}${sortingColumn.sortingField ?? ''}` })
      }
      loading={loaded.isLoading && loaded.value === undefined}
      loadingText={`Loading ${noun}`}
      stickyHeader
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: title }}
      footer={
        isComplete ? undefined : (
          <Alert type="info">
            The list contains the first {all.length} {noun}. The filters search only these.
          </Alert>
        )
      }
      empty={
        view.isFiltered ? (
          <Empty
            title={`No ${noun} match the filter`}
            action={<Button onClick={() => navigate(hrefOf(path))}>Clear the filter</Button>}
          >
            Change the filter.
          </Empty>
        ) : (
          <Empty title={`No ${noun}`} action={<Command text={command} />}>
            The console cannot create {noun}. Run this command on the server:
          </Empty>
        )
      }
    />
  )
}

function Command({ text }: { readonly text: string }): ReactNode {
  return (
    <Box variant="code">
      <Copyable text={text} label="command" />
    </Box>
  )
}

interface FiltersProps<Item> {
  readonly noun: string
  readonly query: URLSearchParams
  readonly filters: readonly SelectFilter<Item>[]
  readonly onChange: (changed: Readonly<Record<string, string>>) => void
  /** Number of matches. */
  readonly children: string
}

function Filters<Item>({
  noun,
  query,
  filters,
  onChange,
  children,
}: FiltersProps<Item>): ReactNode {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <TextFilter
        filteringText={query.get('find') ?? ''}
        filteringPlaceholder={`Find ${noun}`}
        filteringAriaLabel={`Find ${noun}`}
        countText={children}
        onChange={({ detail }) => onChange({ find: detail.filteringText })}
      />
      {filters.map(({ name, label, options }) => (
        <Select
          key={name}
          ariaLabel={label}
          options={options}
          selectedOption={
            options.find(({ value }) => value === (query.get(name) ?? '')) ?? options[0] ?? null
          }
          onChange={({ detail }) => onChange({ [name]: detail.selectedOption.value ?? '' })}
        />
      ))}
    </SpaceBetween>
  )
}
